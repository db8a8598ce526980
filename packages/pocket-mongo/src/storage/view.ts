import type { Change } from './change.js';

/** One stored record. Keys are latin1 strings, see bson/keys.ts. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

export interface KeyRange {
  /** The first key of the range. */
  readonly from: string;
  /** The end of the range, itself outside. */
  readonly to: string;
}

/** A consistent way to read: the latest state, a snapshot, or a transaction's own view. */
export interface View {
  /** Changes whenever something in the view may have changed. */
  readonly version: number;
  get(key: string): Buffer | undefined;
  /** At most about `limit` records of the range in order; `rest` is what is left of it. */
  read(range: KeyRange, reverse: boolean, limit: number): Chunk;
  /** Counts about `limit` records of the range; `rest` is what is left of it. */
  count(range: KeyRange, limit: number): Counted;
}

export interface Counted {
  readonly count: number;
  readonly rest: KeyRange | undefined;
}

export interface Chunk {
  readonly entries: readonly Entry[];
  readonly rest: KeyRange | undefined;
}

/** A view that can be written to. Every record that changes is claimed before the first change of a statement. */
export interface Writer extends View {
  /** What the change log shall be told at the commit; undefined: at once. */
  readonly changes?: Change[] | undefined;
  put(key: string, value: Buffer): void;
  remove(key: string): void;
  /** Makes sure that no other writer works on the key. @throws CommandError 112, or Blocked for a plain write. */
  claim(key: string): void;
  /** The same for all records whose keys begin with `prefix`, those that are not there yet among them. */
  claimAll(prefix: string): void;
}

/** Puts the records of an overlay (null: removed) over a chunk read from below. */
export function overlayChunk(
  below: Chunk,
  reverse: boolean,
  keys: readonly string[],
  recent: (key: string) => Buffer | null | undefined,
): Chunk {
  if (keys.length === 0) return below;
  // What lies beyond the part that was read belongs to the next chunk.
  const rest = below.rest;
  const here = rest === undefined ? keys : keys.filter((key) => (reverse ? key >= rest.to : key < rest.from));
  if (here.length === 0) return below;
  const ordered = reverse ? [...here].reverse() : here;
  const entries: Entry[] = [];
  let at = 0;
  const before = (a: string, b: string) => (reverse ? a > b : a < b);
  const add = (key: string, fallback: Entry | undefined) => {
    const value = recent(key);
    if (value) entries.push({ key, value });
    else if (value === undefined && fallback) entries.push(fallback);
  };
  for (const entry of below.entries) {
    for (let key = ordered[at]; key !== undefined && before(key, entry.key); key = ordered[++at]) add(key, undefined);
    if (ordered[at] === entry.key) {
      add(entry.key, entry);
      at++;
    } else {
      entries.push(entry);
    }
  }
  for (; at < ordered.length; at++) add(ordered[at] as string, undefined);
  return { entries, rest };
}

const CHUNK = 256;

/** All records of a range, read in chunks so that no LMDB cursor stays open between two of them. */
export function* scan(view: View, range: KeyRange, reverse = false, firstChunk = CHUNK): Generator<Entry> {
  let left: KeyRange | undefined = range;
  let size = firstChunk;
  while (left && left.from < left.to) {
    const chunk: Chunk = view.read(left, reverse, size);
    yield* chunk.entries;
    left = chunk.rest;
    size = Math.min(size * 4, CHUNK);
  }
}

/** Counts by reading, for views that have records of their own over LMDB. */
export function countByReading(view: View, range: KeyRange, limit: number): Counted {
  const { entries, rest } = view.read(range, false, Math.min(limit, CHUNK * 4));
  return { count: entries.length, rest };
}
