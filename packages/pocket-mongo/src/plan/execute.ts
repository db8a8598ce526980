import { decode, decodeFields, type Fields } from '../bson/decode.js';
import type { Document, Value } from '../bson/values.js';
import { compileFilter, type Variables } from '../query/matcher.js';
import { rootsOf, union } from '../query/roots.js';
import { compileSort } from '../query/sort.js';
import type { Collection } from '../storage/catalog.js';
import { scan, type View } from '../storage/view.js';
import { type Plan, plan } from './planner.js';

export interface Query {
  readonly filter: Document;
  readonly sort?: Document | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  readonly hint?: Value;
  readonly variables?: Variables | undefined;
  /** Fields that the caller wants to see, beside those that the filter looks at. */
  readonly needs?: Fields | undefined;
}

/** What a query looked at, for `explain`. */
export interface Examined {
  keys: number;
  documents: number;
}

/** A document that was found: its bytes, and decoded as far as someone needs it. */
export class Found {
  private decoded: Document | undefined;
  private some: Document | undefined;

  constructor(
    readonly key: string,
    readonly bytes: Buffer,
    private readonly needed: Fields,
  ) {}

  /** What filter and caller look at; the other fields are not there. */
  get fields(): Document {
    this.some ??= this.decoded ?? decodeFields(this.bytes, this.needed);
    return this.some;
  }

  get document(): Document {
    this.decoded ??= decode(this.bytes);
    return this.decoded;
  }
}

const NONE: Fields = new Set();

/** How many documents are looked at between two pauses of a query that finds nothing. */
const PAUSE_EVERY = 500;

/** The documents of a query, in order. Undefined stands for a pause: the caller may let others run. */
export function* execute(
  view: View,
  collection: Collection,
  query: Query,
  examined: Examined = { keys: 0, documents: 0 },
): Generator<Found | undefined> {
  const order = query.sort && Object.keys(query.sort).length > 0 ? compileSort(query.sort) : undefined;
  const match = compileFilter(query.filter, query.variables);
  const chosen = plan(collection, query.filter, order, query.hint);
  if (chosen.index) chosen.index.uses++;
  const test = chosen.exact ? undefined : match;
  const needed = union([rootsOf(query.filter), query.needs ?? NONE]);
  const wanted = (query.skip ?? 0) + (query.limit || Number.POSITIVE_INFINITY);
  let source = matching(
    candidates(view, collection, chosen, needed, examined, chosen.sorted && chosen.exact ? wanted : undefined),
    test,
    examined,
  );
  if (order && !chosen.sorted) source = sorted(source, order.compare, wanted);
  yield* slice(source, query.skip ?? 0, query.limit || Number.POSITIVE_INFINITY);
}

function* candidates(
  view: View,
  collection: Collection,
  chosen: Plan,
  needed: Fields,
  examined: Examined,
  wanted: number | undefined,
): Generator<Found> {
  if (chosen.documentKeys) {
    for (const key of chosen.documentKeys) {
      examined.keys++;
      const bytes = view.get(key);
      if (bytes) yield new Found(key, bytes, needed);
    }
    return;
  }
  const { index, reverse } = chosen;
  const ranges = reverse ? [...chosen.ranges].reverse() : chosen.ranges;
  const firstChunk = Math.min(wanted ?? 16, 256) || 1;
  if (!index || index.isId) {
    for (const range of ranges)
      for (const { key, value } of scan(view, range, reverse, firstChunk)) yield new Found(key, value, needed);
    return;
  }
  const seen = index.multikey ? new Set<string>() : undefined;
  for (const range of ranges) {
    for (const { value } of scan(view, range, reverse, firstChunk)) {
      examined.keys++;
      const key = collection.prefix + value.latin1Slice();
      if (seen?.has(key)) continue;
      seen?.add(key);
      const bytes = view.get(key);
      if (bytes) yield new Found(key, bytes, needed);
    }
  }
}

function* matching(
  source: Iterable<Found | undefined>,
  test: ((document: Document) => boolean) | undefined,
  examined: Examined,
): Generator<Found | undefined> {
  for (const found of source) {
    if (!found) continue;
    if (++examined.documents % PAUSE_EVERY === 0) yield undefined;
    if (!test || test(found.fields)) yield found;
  }
}

function* sorted(
  source: Iterable<Found | undefined>,
  compare: (a: Document, b: Document) => number,
  wanted: number,
): Generator<Found | undefined> {
  let all: Found[] = [];
  const order = (a: Found, b: Found) => compare(a.document, b.document);
  for (const found of source) {
    if (!found) {
      yield undefined;
      continue;
    }
    all.push(found);
    // With a limit only the best so far are kept.
    if (all.length > 1000 && all.length > wanted * 4) all = all.sort(order).slice(0, wanted);
  }
  yield* all.sort(order);
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
