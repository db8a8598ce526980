import type { BaseContext } from '../kernel/context.js';
import { newId } from '../kernel/ids.js';
import type { CacheRule } from '../kernel/operation.js';
import { type CacheEvent, TaggedCache } from '../platform/cache.js';
import { type Entry, type Head, readHead, readHeads, readTouched } from './journal.js';
import { audienceOf, NotedReads } from './shared-reads.js';

/** What a commit has changed, on its way to the other processes. */
export interface Drop {
  /** The process that committed. */
  from: string;
  restaurantId: string;
  /** `collection/id` of the documents written. */
  touched: string[];
  epoch?: string;
  n?: number;
}

export interface QueryCacheOptions {
  maxBytes: number;
  /** Between two looks at the journals' heads, ms. */
  intervalMs: number;
  onEvent: (name: string, event: CacheEvent, count: number, reads: number) => void;
  /** Tells the other processes; losing it makes them find out by the heads. */
  announce: (drops: readonly Drop[]) => void;
}

/** An answer to share: under which name, for whom, and how it is read. */
export interface Shared<T> {
  name: string;
  rule: CacheRule;
  base: BaseContext;
  input: unknown;
  /** Reads it, with what `withheld` takes away gone from the context it makes. */
  read: (reads: NotedReads) => Promise<T> | T;
}

interface Position {
  epoch: string;
  /** All entries up to this one have dropped what they touched. */
  n: number;
}

/** Beyond so many entries at once a restaurant's answers are dropped without reading them. */
const MOST_ENTRIES = 500;

/**
 * Answers of queries, kept per process and dropped by the commits that change what they rest on: at once by those of this
 * process, before the commit is acknowledged; by those of others when they are announced, or else when the restaurant's
 * head is next looked at. See ADR 15.
 */
export class QueryCache {
  readonly #cache: TaggedCache;
  /** The restaurants of which something may be kept. */
  readonly #known = new Map<string, Position>();
  readonly #self = newId();
  #unsaid: Drop[] = [];
  #freshUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: QueryCacheOptions) {
    this.#cache = new TaggedCache(options);
  }

  async get<T>({ name, rule, base, input, read }: Shared<T>): Promise<T> {
    const { restaurantId, actor } = base;
    const load = async () => {
      const reads = new NotedReads(restaurantId, rule.tags, name);
      const value = await read(reads);
      return { value, tags: reads.tags, reads: reads.reads };
    };
    // Without the heads nobody knows what other processes have committed.
    if (performance.now() > this.#freshUntil) return (await load()).value;
    if (!this.#known.has(restaurantId)) this.#begin(restaurantId, await readHead(restaurantId));
    const key = `${audienceOf(actor)}\n${JSON.stringify(input)}`;
    return this.#cache.get({ group: restaurantId, name, key, ttlMs: rule.ttl * 1000, load });
  }

  /** A commit of this process: drops what rests on it, and says so to the others. */
  committed(restaurantId: string, touched: string[], entry?: Entry): void {
    if (touched.length === 0) return;
    const drop = {
      from: this.#self,
      restaurantId,
      touched,
      ...(entry === undefined ? {} : { epoch: entry.epoch, n: entry.n }),
    };
    this.heard(drop);
    this.#unsaid.push(drop);
    if (this.#unsaid.length === 1) setImmediate(() => this.options.announce(this.#unsaid.splice(0)));
  }

  /** What processes have announced, this one among them. */
  heardAll(drops: readonly Drop[]): void {
    for (const drop of drops) if (drop.from !== this.#self) this.heard(drop);
  }

  /** A commit of another process, or of this one. */
  heard({ restaurantId, touched, epoch, n }: Omit<Drop, 'from'>): void {
    const known = this.#known.get(restaurantId);
    if (known === undefined) return;
    this.#cache.drop(restaurantId, tagsOf(touched));
    if (epoch === known.epoch && n === known.n + 1) known.n = n;
  }

  /** Something was committed, and it is not known what. */
  forget(restaurantId: string): void {
    this.#cache.drop(restaurantId);
  }

  /** Makes what is kept of a restaurant as new as this head, which was read after the question came. */
  async reach(restaurantId: string, head: Head | undefined): Promise<void> {
    const known = this.#known.get(restaurantId);
    if (known === undefined) return this.#begin(restaurantId, head);
    if (head?.epoch !== known.epoch) {
      this.#cache.drop(restaurantId);
      if (head !== undefined) Object.assign(known, { epoch: head.epoch, n: head.n });
    }
    if (head === undefined || head.n <= known.n) return;
    const touched = await readTouched({ _id: restaurantId, n: known.n }, head.n, MOST_ENTRIES);
    this.#cache.drop(restaurantId, touched && tagsOf([...touched]));
    known.n = Math.max(known.n, head.n);
  }

  /** Compares the heads of all restaurants of which something is kept. While it fails nothing kept is given out. */
  async sweep(): Promise<void> {
    const started = performance.now();
    for (const id of this.#known.keys()) if (!this.#cache.has(id)) this.#known.delete(id);
    const ids = [...this.#known.keys()];
    const heads = new Map((ids.length === 0 ? [] : await readHeads(ids)).map((head) => [head._id, head]));
    for (const id of ids) await this.reach(id, heads.get(id));
    this.#freshUntil = started + this.options.intervalMs + GRACE_MS;
  }

  #begin(restaurantId: string, head: Head | undefined): void {
    if (head !== undefined && !this.#known.has(restaurantId))
      this.#known.set(restaurantId, { epoch: head.epoch, n: head.n });
  }
}

/** How late a look at the heads may be, ms. */
const GRACE_MS = 2_000;

/** A document's own tag, and that of its kind. */
function tagsOf(touched: readonly string[]): string[] {
  return [...new Set(touched.flatMap((one) => [one, one.slice(0, one.indexOf('/'))]))];
}
