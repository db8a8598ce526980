/** A busy day's commands. */
const MOST = 10_000;

/** The keys that a lane has committed, as hashes of a few bytes each. "No" is "not by this lane, or long ago". */
export class UsedKeys {
  readonly #hashes = new Set<number>();

  constructor(keys: readonly string[]) {
    for (const key of keys) this.add(key);
  }

  add(key: string): void {
    this.#hashes.add(hashOf(key));
    const [oldest] = this.#hashes;
    if (this.#hashes.size > MOST && oldest !== undefined) this.#hashes.delete(oldest);
  }

  /** Whether the key was probably used: two keys may have one hash. */
  mayHave(key: string): boolean {
    return this.#hashes.has(hashOf(key));
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
