import type { Fields } from '../bson/decode.js';
import { successor } from '../bson/keys.js';
import { CommandError } from '../errors.js';
import type { SortOrder } from '../query/sort.js';
import { orderRange } from '../storage/capped.js';
import type { Collection } from '../storage/catalog.js';
import { type Entry, scan, type View } from '../storage/view.js';
import { Found } from './found.js';
import type { Access, IndexAccess } from './plan.js';

/** What a query looked at, for `explain`; of a union also what each branch did. */
export interface Examined {
  keys: number;
  documents: number;
  readonly branches?: Examined[];
}

/** What reading the documents of a plan needs to know. */
export interface Reading {
  readonly view: View;
  readonly collection: Collection;
  /** The fields that will be looked at. */
  readonly needed: Fields;
  /** How many records are read at first: as many as are surely wanted. */
  readonly firstChunk: number;
  readonly order: SortOrder | undefined;
}

/** How many keys that lead to nothing new are passed over between two pauses. */
const PAUSE_EVERY = 500;

/** The documents that a plan finds, before the filter. Undefined is a pause. */
export function read(reading: Reading, access: Access, examined: Examined): Generator<Found | undefined> {
  switch (access.kind) {
    case 'scan':
      return readAll(reading, access.reverse);
    case 'ids':
      return readIds(reading, access.points, examined);
    case 'index':
      return access.index.isId ? readDocuments(reading, access) : readIndex(reading, access, examined);
    case 'union':
      return readUnion(reading, access.branches, examined);
  }
}

function* readAll({ view, collection, needed, firstChunk }: Reading, reverse: boolean): Generator<Found> {
  if (collection.capped) {
    yield* readInsertions(view, collection, needed, reverse);
    return;
  }
  const range = { from: collection.prefix, to: successor(collection.prefix) };
  const [id] = collection.indexes;
  for (const { key, value } of scan(view, range, reverse, firstChunk)) {
    if (id?.dropped) break;
    yield new Found(key, value, needed);
  }
  if (id?.dropped) throw planKilled(collection);
}

/** A capped collection, in the order of insertion. */
function* readInsertions(view: View, collection: Collection, needed: Fields, reverse: boolean): Generator<Found> {
  const [id] = collection.indexes;
  for (const { value } of scan(view, orderRange(collection), reverse)) {
    if (id?.dropped) break;
    const key = collection.prefix + value.latin1Slice();
    const bytes = view.get(key);
    if (bytes) yield new Found(key, bytes, needed);
  }
  if (id?.dropped) throw planKilled(collection);
}

/** 175: what was read has been dropped since; to go on would be to say that there is no more. */
export function planKilled({ uuid }: Collection, index?: string): CommandError {
  const what =
    index === undefined ? `collection dropped. UUID ${uuid.toUUID().toString()}` : `index '${index}' dropped`;
  return new CommandError(175, what);
}

function* readIds({ view, needed }: Reading, keys: readonly string[], examined: Examined): Generator<Found> {
  for (const key of keys) {
    examined.keys++;
    const bytes = view.get(key);
    if (bytes) yield new Found(key, bytes, needed);
  }
}

/** The index on `_id`: its entries are the documents. */
function* readDocuments({ view, collection, needed, firstChunk }: Reading, access: IndexAccess): Generator<Found> {
  for (const { key, value } of entries(view, access, firstChunk)) {
    if (access.index.dropped) break;
    yield new Found(key, value, needed);
  }
  if (access.index.dropped) throw planKilled(collection);
}

function* readIndex(reading: Reading, access: IndexAccess, examined: Examined): Generator<Found | undefined> {
  const { view, collection, needed, firstChunk } = reading;
  const seen = access.index.multikey ? new Set<string>() : undefined;
  for (const { value } of entries(view, access, firstChunk)) {
    if (access.index.dropped) break;
    if (++examined.keys % PAUSE_EVERY === 0) yield undefined;
    const key = collection.prefix + value.latin1Slice();
    if (seen?.has(key)) continue;
    seen?.add(key);
    const bytes = view.get(key);
    if (bytes) yield new Found(key, bytes, needed);
  }
  if (access.index.dropped) throw planKilled(collection, access.index.name);
}

/** The entries of an index, range after range or merged. */
export function* entries(view: View, { ranges, reverse, merge }: IndexAccess, firstChunk: number): Generator<Entry> {
  if (merge) {
    const sources = ranges.map((range) => ({
      shared: range.shared,
      rows: scan(view, range, reverse, Math.min(firstChunk, 16)),
    }));
    const rest = ({ key }: Entry, source: number) => key.slice(sources[source]?.shared);
    const merged = mergeSorted<Entry>(
      sources.map(({ rows }) => rows),
      (a, i, b, j) => {
        const [x, y] = [rest(a, i), rest(b, j)];
        return (x < y ? -1 : x > y ? 1 : 0) * (reverse ? -1 : 1);
      },
    );
    for (const entry of merged) if (entry) yield entry;
    return;
  }
  const ordered = reverse ? [...ranges].reverse() : ranges;
  for (const range of ordered) yield* scan(view, range, reverse, firstChunk);
}

function* readUnion(
  reading: Reading,
  branches: readonly { readonly access: Access; readonly sorted: boolean }[],
  examined: Examined,
): Generator<Found | undefined> {
  const { order } = reading;
  const sources = branches.map(({ access }) => {
    const own: Examined = { keys: 0, documents: 0, ...(access.kind === 'union' ? { branches: [] } : {}) };
    examined.branches?.push(own);
    return { own, rows: read(reading, access, own) };
  });
  const rows = sources.map(({ rows }) => rows);
  const merged =
    order && branches.every(({ sorted }) => sorted)
      ? mergeSorted(rows, (a, _, b) => order.compare(a.document, b.document))
      : chained(rows);
  const seen = new Set<string>();
  for (const found of merged) {
    if (!found) yield undefined;
    else if (!seen.has(found.key)) {
      seen.add(found.key);
      yield found;
    } else if (seen.size % PAUSE_EVERY === 0) yield undefined;
  }
  for (const { own } of sources) examined.keys += own.keys;
}

function* chained<T>(sources: readonly Iterable<T>[]): Generator<T> {
  for (const source of sources) yield* source;
}

/** Merges sources that are each in order. A pause in one of them is passed on. */
function* mergeSorted<T>(
  sources: readonly Iterator<T | undefined>[],
  compare: (a: T, source: number, b: T, other: number) => number,
): Generator<T | undefined> {
  const heads: (T | undefined)[] = [];
  const advance = function* (i: number): Generator<undefined> {
    for (;;) {
      const next = sources[i]?.next();
      heads[i] = next === undefined || next.done ? undefined : next.value;
      if (next === undefined || next.done || next.value !== undefined) return;
      yield undefined;
    }
  };
  for (let i = 0; i < sources.length; i++) yield* advance(i);
  for (;;) {
    let least = -1;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i];
      if (head === undefined) continue;
      if (least < 0 || compare(head, i, heads[least] as T, least) < 0) least = i;
    }
    if (least < 0) return;
    yield heads[least] as T;
    yield* advance(least);
  }
}
