import { LRUCache } from 'lru-cache';
import type { Doc, Kind, Reads } from '../kernel/documents.js';
import { countsFor } from '../kernel/plan.js';

/** How many documents read by id a lane keeps: a full house's open orders and tickets. */
const RECENT = 500;

/**
 * What a restaurant's lane holds of its documents, as of its position in the journal. Documents are shared with the
 * handlers and never changed in place.
 */
export class Memory {
  readonly #whole = new Map<string, Map<string, Doc>>();
  /** The kinds of which anything was ever held, by collection. */
  readonly #kinds = new Map<string, Kind<Doc>>();
  /** How many there are of kinds with a quota that are not held whole, by collection. */
  readonly #counts = new Map<string, number>();
  readonly #recent = new LRUCache<string, Doc>({ max: RECENT });

  /** `freeze`: a handler that changes a document in place throws; costs a walk over each document. */
  constructor(private readonly freeze: boolean) {}

  /** The documents of a kind held whole, or undefined when they are not loaded yet. */
  all<T extends Doc>(kind: Kind<T>): readonly T[] | undefined {
    const held = this.#whole.get(kind.collection);
    return held === undefined ? undefined : ([...held.values()] as T[]);
  }

  /** Whether a missing document is known to be missing (its kind is held whole). */
  knowsAll(kind: Kind<Doc>): boolean {
    return this.#whole.has(kind.collection);
  }

  get<T extends Doc>(kind: Kind<T>, id: string): T | undefined {
    const held = this.#whole.get(kind.collection);
    return (held === undefined ? this.#recent.get(`${kind.collection}/${id}`) : held.get(id)) as T | undefined;
  }

  putAll(kind: Kind<Doc>, docs: readonly Doc[]): void {
    if (this.freeze) docs.forEach(deepFreeze);
    this.#kinds.set(kind.collection, kind);
    this.#whole.set(kind.collection, new Map(docs.map((doc) => [doc._id, doc])));
  }

  put(kind: Kind<Doc>, doc: Doc): void {
    if (this.freeze) deepFreeze(doc);
    this.#kinds.set(kind.collection, kind);
    if (kind.hold === 'all') this.#whole.get(kind.collection)?.set(doc._id, doc);
    else this.#recent.set(`${kind.collection}/${doc._id}`, doc);
  }

  drop(kind: Kind<Doc>, id: string): void {
    if (kind.hold === 'all') this.#whole.get(kind.collection)?.delete(id);
    else this.#recent.delete(`${kind.collection}/${id}`);
  }

  /** How many documents count for the kind's quota; undefined when it is not known. */
  count({ collection, quota }: Kind<Doc>): number | undefined {
    const held = this.#whole.get(collection);
    if (held === undefined || quota === undefined) return this.#counts.get(collection);
    return [...held.values()].filter((doc) => countsFor(quota, doc)).length;
  }

  putCount({ collection }: Kind<Doc>, count: number): void {
    this.#counts.set(collection, count);
  }

  /** So many more of them count. */
  grow({ collection }: Kind<Doc>, by: number): void {
    const known = this.#counts.get(collection);
    if (known !== undefined) this.#counts.set(collection, known + by);
  }

  /** Reads again what it holds of these documents, given as `collection/id`. */
  async refresh(keys: Iterable<string>, database: Pick<Reads, 'find'>): Promise<void> {
    const stale = new Map<Kind<Doc>, string[]>();
    for (const key of keys) {
      const [collection = '', id = ''] = key.split('/');
      this.#counts.delete(collection);
      const kind = this.#kinds.get(collection);
      if (kind === undefined || !(this.#whole.has(collection) || this.#recent.has(key))) continue;
      stale.set(kind, [...(stale.get(kind) ?? []), id]);
    }
    const read = [...stale].map(async ([kind, ids]) => {
      const found = new Map((await database.find(kind, { _id: { $in: ids } })).map((doc) => [doc._id, doc]));
      for (const id of ids) {
        const doc = found.get(id);
        if (doc === undefined) this.drop(kind, id);
        else this.put(kind, doc);
      }
    });
    await Promise.all(read);
  }

  clear(): void {
    this.#whole.clear();
    this.#recent.clear();
    this.#counts.clear();
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
