import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import type { Store } from './store.js';
import { SYSTEM } from './system-tables.js';
import { scan } from './view.js';

/** Records of the catalog's fourth table: beginnings of keys that belong to nothing any more. */
const GARBAGE = SYSTEM.garbage;
/** Keys removed between two flushes. */
const STEP = 500;
const NOTHING = encode({});

/**
 * What is left of dropped collections and indexes. The drop itself is one small write; the keys are removed afterwards
 * little by little, also after a restart, so that dropping a million documents holds nobody up.
 */
export class Garbage {
  private readonly prefixes: string[] = [];
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly store: Store) {
    for (const { key } of scan(store, { from: GARBAGE, to: successor(GARBAGE) }))
      this.prefixes.push(key.slice(GARBAGE.length));
    this.start();
  }

  /** The collection numbers that must not be given away again yet. */
  get collectionIds(): number[] {
    return this.prefixes.map((prefix) => Buffer.from(prefix, 'latin1').readUInt32BE(0));
  }

  /** All keys that begin with `prefix` are to go. */
  add(prefix: string): void {
    this.reserve(prefix);
    this.prefixes.push(prefix);
    this.start();
  }

  /** The keys that begin with `prefix` are to go should the process end before `release`: an index that is being built. */
  reserve(prefix: string): void {
    this.store.put(GARBAGE + prefix, NOTHING);
  }

  release(prefix: string): void {
    this.store.remove(GARBAGE + prefix);
  }

  private start(): void {
    if (this.prefixes.length === 0 || this.closed) return;
    // Whatever goes wrong with the disk, every writer hears it from the store.
    this.running ??= this.run()
      .catch(() => undefined)
      .finally(() => {
        this.running = undefined;
      });
  }

  private async run(): Promise<void> {
    for (let prefix = this.prefixes[0]; prefix !== undefined && !this.closed; prefix = this.prefixes[0]) {
      await this.store.durable();
      const { entries, rest } = this.store.read({ from: prefix, to: successor(prefix) }, false, STEP);
      for (const { key } of entries) this.store.remove(key);
      if (rest) continue;
      this.release(prefix);
      this.prefixes.shift();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }
}
