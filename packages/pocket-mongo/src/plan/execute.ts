import type { Fields } from '../bson/decode.js';
import { successor } from '../bson/keys.js';
import { BINARY } from '../bson/ordering.js';
import type { Document, Value } from '../bson/values.js';
import type { Environment } from '../query/environment.js';
import { compileFilter, type Matcher } from '../query/matcher.js';
import { rootOf, rootsOf, union } from '../query/roots.js';
import { compileSort, type SortKey, type SortOrder } from '../query/sort.js';
import type { Collection } from '../storage/catalog.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { Counted, KeyRange, View } from '../storage/view.js';
import { type Examined, read } from './access.js';
import { Found } from './found.js';
import { memoryLimit } from './memory-limit.js';
import type { Access, Plan } from './plan.js';
import { type Choice, choose } from './planner.js';
import { type Spilling, sortInRuns } from './sorting.js';

export type { Examined } from './access.js';
export { Found };

export interface Query {
  readonly filter: Document;
  readonly sort?: Document | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  /** How many documents are asked for at first: no more are read ahead, to lie in an open cursor. */
  readonly firstBatch?: number | undefined;
  readonly hint?: Value;
  /** The index to be used, hidden or not. */
  readonly index?: IndexDefinition | undefined;
  /** The first key of the hinted index to be read, and the first that is not. */
  readonly min?: Document | undefined;
  readonly max?: Document | undefined;
  readonly environment?: Environment | undefined;
  /** Fields that the caller wants to see, beside those that the filter looks at. */
  readonly needs?: Fields | undefined;
  /** Where a sort may put what it cannot hold in memory; left out: it fails at MongoDB's limit. */
  readonly spillFolder?: string | undefined;
}

const NONE: Fields = new Set();

/** How many documents are looked at between two pauses of a query that finds nothing. */
const PAUSE_EVERY = 500;

/** How many keys are counted at once. */
const COUNT_STEP = 10_000;

/** A query with its plan. */
export interface Prepared {
  readonly choice: Choice;
  readonly order: SortOrder | undefined;
  readonly match: Matcher;
}

/** Checks a query and plans it. @throws CommandError as the filter, the sort and the hint are wrong. */
export function prepare(view: View, collection: Collection, query: Query): Prepared {
  const { filter, environment, index, min, max } = query;
  const { sort, hint } = naturalSort(query);
  const order = sort && Object.keys(sort).length > 0 ? compileSort(sort, environment) : undefined;
  const match = compileFilter(filter, environment);
  const choice = choose(view, collection, {
    filter,
    order,
    ordering: environment?.ordering ?? BINARY,
    hint,
    index,
    min,
    max,
    wanted: wantedOf(query),
  });
  return { choice, order, match };
}

/** A sort by `$natural` is a hint. */
function naturalSort({ sort, hint }: Query): { sort?: Document | undefined; hint?: Value } {
  return sort && '$natural' in sort ? { hint: sort } : { sort, hint };
}

function wantedOf({ skip, limit }: Query): number {
  return (skip ?? 0) + (limit || Number.POSITIVE_INFINITY);
}

/** The documents of a query, in order. Undefined stands for a pause: the caller may let others run. */
export function execute(
  view: View,
  collection: Collection,
  query: Query,
  examined: Examined = { keys: 0, documents: 0 },
): Generator<Found | undefined> {
  return run(view, collection, query, prepare(view, collection, query), examined);
}

/** Runs a query that is prepared. */
export function* run(
  view: View,
  collection: Collection,
  query: Query,
  { choice, order, match }: Prepared,
  examined: Examined = { keys: 0, documents: 0 },
): Generator<Found | undefined> {
  const { access, exact, sorted } = choice.plan;
  countUse(access);
  const wanted = wantedOf(query);
  const inOrder = !order || sorted;
  const looked = [rootsOf(query.filter), query.needs ?? NONE];
  if (order && (!sorted || access.kind === 'union')) looked.push(new Set(order.fields.map(({ path }) => rootOf(path))));
  const firstChunk = inOrder && exact ? Math.min(wanted, query.firstBatch || 256, 256) || 1 : 16;
  const needed = union(looked);
  const candidates = read({ view, collection, needed, firstChunk, order }, access, examined);
  const { version } = view;
  // A document may change between its index entry was read and it was: then the bounds say nothing of it.
  const test = exact
    ? (found: Found) => view.version === version || match(found.fields)
    : (found: Found) => match(found.fields);
  let source = matching(candidates, test, examined);
  if (!inOrder) source = sortFound(source, order, wanted, needed, query.spillFolder);
  yield* slice(source, query.skip ?? 0, query.limit || Number.POSITIVE_INFINITY);
}

/** The document under a key, if it still is what the query asks for. */
export function refind(view: View, { filter, environment, needs }: Query): (key: string) => Found | undefined {
  const match = compileFilter(filter, environment);
  const needed = union([rootsOf(filter), needs ?? NONE]);
  return (key) => {
    const bytes = view.get(key);
    const found = bytes && new Found(key, bytes, needed);
    return found && match(found.fields) ? found : undefined;
  };
}

/** For `$indexStats`. */
function countUse(access: Access): void {
  if (access.kind === 'union') for (const branch of access.branches) countUse(branch.access);
  else if (access.kind !== 'scan') access.index.uses++;
}

/**
 * When a plan's keys alone tell how many documents match: yields how many more there are. Undefined where the documents
 * must be looked at.
 */
export function countByKeys(
  view: View,
  { prefix }: Collection,
  { access, exact }: Plan,
): Generator<number> | undefined {
  if (!exact) return undefined;
  if (access.kind === 'scan') return countRanges(view, [{ from: prefix, to: successor(prefix) }]);
  if (access.kind !== 'index' || access.index.multikey) return undefined;
  access.index.uses++;
  return countRanges(view, access.ranges);
}

function* countRanges(view: View, ranges: readonly KeyRange[]): Generator<number> {
  for (const range of ranges) {
    let left: KeyRange | undefined = range;
    while (left && left.from < left.to) {
      const { count, rest }: Counted = view.count(left, COUNT_STEP);
      yield count;
      left = rest;
    }
  }
}

function* matching(
  source: Iterable<Found | undefined>,
  test: (found: Found) => boolean,
  examined: Examined,
): Generator<Found | undefined> {
  for (const found of source) {
    if (!found) {
      yield undefined;
      continue;
    }
    if (++examined.documents % PAUSE_EVERY === 0) yield undefined;
    if (test(found)) yield found;
  }
}

interface Keyed {
  readonly found: Found;
  readonly key: SortKey;
}

function* sortFound(
  source: Iterable<Found | undefined>,
  { keyOf, compareKeys }: SortOrder,
  wanted: number,
  needed: Fields,
  folder: string | undefined,
): Generator<Found | undefined> {
  const spilling: Spilling<Keyed> | undefined =
    folder === undefined ? undefined : { folder, ...packing(keyOf, needed) };
  const compare = (a: Keyed, b: Keyed) => compareKeys(a.key, b.key);
  const unlimited = spilling !== undefined || wanted < Number.POSITIVE_INFINITY;
  const items = keyed(source, keyOf, unlimited ? () => undefined : memoryLimit('$sort'));
  for (const one of sortInRuns(items, { compare, limit: wanted, spilling })) yield one?.found;
}

function* keyed(
  source: Iterable<Found | undefined>,
  keyOf: SortOrder['keyOf'],
  hold: (bytes: number) => void,
): Generator<Keyed | undefined> {
  for (const found of source) {
    if (found) hold(found.bytes.length);
    yield found && { found, key: keyOf(found.fields) };
  }
}

/** A found document in a file: the length of its key, its key, its bytes. */
function packing(keyOf: SortOrder['keyOf'], needed: Fields): Omit<Spilling<Keyed>, 'folder'> {
  return {
    sizeOf: ({ found }) => found.bytes.length,
    pack({ found: { key, bytes } }) {
      const packed = Buffer.allocUnsafe(2 + key.length + bytes.length);
      packed.writeUInt16LE(key.length, 0);
      packed.latin1Write(key, 2);
      bytes.copy(packed, 2 + key.length);
      return packed;
    },
    unpack(packed) {
      const start = 2 + packed.readUInt16LE(0);
      const found = new Found(packed.latin1Slice(2, start), packed.subarray(start), needed);
      return { found, key: keyOf(found.fields) };
    },
  };
}

function* slice(source: Iterable<Found | undefined>, skip: number, limit: number): Generator<Found | undefined> {
  let passed = 0;
  for (const found of source) {
    if (!found) {
      yield undefined;
      continue;
    }
    if (++passed > skip) yield found;
    if (passed >= skip + limit) return;
  }
}
