import { equal } from '../bson/compare.js';
import { encodeKey, encodeKeyDescending, MAX_FIELDS_KEY, MAX_ID_KEY, successor } from '../bson/keys.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, notImplemented } from '../errors.js';
import type { SortOrder } from '../query/sort.js';
import type { Collection } from '../storage/catalog.js';
import { idKey } from '../storage/documents.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { KeyRange } from '../storage/view.js';
import { type FieldBounds, Predicates } from './predicates.js';

/** How the documents of a query are found. */
export interface Plan {
  /** Undefined: all documents in the order of `_id`. The index on `_id` is the documents themselves. */
  readonly index: IndexDefinition | undefined;
  readonly ranges: readonly KeyRange[];
  readonly reverse: boolean;
  /** Every document found matches; the filter need not be run. */
  readonly exact: boolean;
  /** The documents come in the wanted order. */
  readonly sorted: boolean;
  /** One `_id`: the keys of the documents themselves. */
  readonly documentKeys: readonly string[] | undefined;
}

/** Keys longer than this may have been cut, so bounds must not be. */
const SAFE_BOUND = Math.min(MAX_FIELDS_KEY, MAX_ID_KEY) - 100;
/** More points than this in one query are read as a range. */
const MAX_RANGES = 2000;

interface Candidate extends Plan {
  readonly score: number;
}

/** Chooses an index by fixed preferences: equalities first, then a range, then a sort that comes for free. */
export function plan(collection: Collection, filter: Document, sort: SortOrder | undefined, hint: Value): Plan {
  const predicates = new Predicates(filter);
  const wanted = hint === undefined ? undefined : hinted(collection, hint);
  if (wanted === 'natural') return wholeCollection(collection, sort, predicates);
  const points = wanted && !wanted.isId ? undefined : predicates.bounds('_id', false)?.points;
  if (points) return byId(collection, points, predicates, sort);
  let best: Candidate | undefined;
  for (const index of wanted ? [wanted] : collection.indexes) {
    const candidate = consider(index, predicates, sort, wanted !== undefined);
    if (candidate && (!best || candidate.score > best.score)) best = candidate;
  }
  return best ?? wholeCollection(collection, sort, predicates);
}

function hinted(collection: Collection, hint: Value): IndexDefinition | 'natural' {
  if (isDocument(hint) && '$natural' in hint) {
    if (!equal(hint.$natural, 1)) throw notImplemented('hint { $natural: -1 }');
    return 'natural';
  }
  const found =
    typeof hint === 'string' ? collection.index(hint) : collection.indexes.find((index) => equal(index.key, hint));
  if (!found)
    throw badValue(
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  return found;
}

function wholeCollection(collection: Collection, sort: SortOrder | undefined, predicates: Predicates): Plan {
  const ranges = [{ from: collection.prefix, to: successor(collection.prefix) }];
  return {
    index: undefined,
    ranges,
    reverse: false,
    exact: predicates.total === 0,
    sorted: !sort,
    documentKeys: undefined,
  };
}

function byId(
  collection: Collection,
  points: readonly Value[],
  predicates: Predicates,
  sort: SortOrder | undefined,
): Plan {
  const exact = predicates.total === 1;
  const documentKeys = points.map((id) => collection.prefix + idKey(id));
  return {
    index: collection.indexes[0],
    ranges: [],
    reverse: false,
    exact,
    sorted: !sort || points.length === 1,
    documentKeys,
  };
}

function consider(
  index: IndexDefinition,
  predicates: Predicates,
  sort: SortOrder | undefined,
  forced: boolean,
): Candidate | undefined {
  if (index.partial && !predicates.implies(index.partial)) return undefined;
  if (index.sparse && !index.paths.some((path) => predicates.requires(path))) return undefined;
  const fields = usableFields(index, predicates);
  const order = sort ? sortDirection(index, fields, sort) : undefined;
  const equalities = fields.filter(({ points }) => points).length;
  const hasRange = fields.length > equalities;
  if (fields.length === 0 && order === undefined && !forced) return undefined;
  // Scanning a whole index for its order pays only where nothing else helps.
  let score = equalities * 10 + (hasRange ? 5 : 0) + (order === undefined ? 0 : 6);
  if (index.unique && equalities === index.paths.length) score += 1000;
  const { ranges, cut } = buildRanges(index, fields);
  const covered = fields.reduce((sum, field) => sum + field.exact, 0);
  return {
    index,
    ranges,
    reverse: order === -1,
    exact: !index.multikey && !cut && covered === predicates.total,
    sorted: !sort || order !== undefined,
    documentKeys: undefined,
    score,
  };
}

/** The bounds of the index's leading fields: equalities, then at most one range. */
function usableFields(index: IndexDefinition, predicates: Predicates): FieldBounds[] {
  const fields: FieldBounds[] = [];
  const roots = new Set<string>();
  let combinations = 1;
  for (const path of index.paths) {
    const root = path.split('.')[0] as string;
    // Conditions on one array may be met by different elements, whose keys are apart.
    if (index.multikey && roots.has(root)) break;
    roots.add(root);
    const bounds = predicates.bounds(path, index.multikey);
    if (!bounds) break;
    combinations *= bounds.points?.length ?? 1;
    if (combinations > MAX_RANGES) break;
    fields.push(bounds);
    if (!bounds.points) break;
  }
  return fields;
}

/** 1 or -1 when reading the index forwards or backwards gives the wanted order. */
function sortDirection(index: IndexDefinition, fields: readonly FieldBounds[], sort: SortOrder): 1 | -1 | undefined {
  if (index.multikey) return undefined;
  let direction: 1 | -1 | undefined;
  let at = 0;
  for (let i = 0; i < index.paths.length && at < sort.fields.length; i++) {
    const wanted = sort.fields[at] as SortOrder['fields'][number];
    const single = fields[i]?.points?.length === 1;
    if (wanted.path === index.paths[i]) {
      const here = wanted.direction === index.directions[i] ? 1 : -1;
      at++;
      if (single) continue;
      if (direction !== undefined && direction !== here) return undefined;
      direction = here;
    } else if (!single) {
      return undefined;
    }
  }
  return at === sort.fields.length ? (direction ?? 1) : undefined;
}

function buildRanges(index: IndexDefinition, fields: readonly FieldBounds[]): { ranges: KeyRange[]; cut: boolean } {
  let prefixes = [index.prefix];
  for (const [i, { points }] of fields.entries()) {
    if (!points) continue;
    const encode = index.directions[i] === -1 ? encodeKeyDescending : encodeKey;
    const encoded = points.map(encode).sort();
    prefixes = prefixes.flatMap((prefix) => encoded.map((key) => prefix + key));
  }
  const last = fields.at(-1);
  const range = last && !last.points ? encodeRange(last, index.directions[fields.length - 1] === -1) : undefined;
  let cut = false;
  const ranges = prefixes.map((prefix) => {
    const from = range ? prefix + range.from : prefix;
    const to = range ? prefix + range.to : successor(prefix);
    if (from.length <= SAFE_BOUND && to.length <= SAFE_BOUND) return { from, to };
    cut = true;
    return { from: from.slice(0, SAFE_BOUND), to: to.length > SAFE_BOUND ? successor(to.slice(0, SAFE_BOUND)) : to };
  });
  return { ranges: cut ? merged(ranges) : ranges, cut };
}

/** Ranges that were widened may overlap. */
function merged(ranges: readonly KeyRange[]): KeyRange[] {
  const result: { from: string; to: string }[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last && range.from <= last.to) {
      if (range.to > last.to) last.to = range.to;
    } else result.push({ ...range });
  }
  return result;
}

/** The keys of a range of one field. Without a bound it ends where the type's values end. */
function encodeRange({ low, high, type }: FieldBounds, descending: boolean): KeyRange {
  const typeByte = String.fromCharCode(descending ? ~type & 0xff : type);
  const encode = descending ? encodeKeyDescending : encodeKey;
  const [first, last] = descending ? [high, low] : [low, high];
  const start = first ? encode(first.value) : typeByte;
  const end = last ? encode(last.value) : typeByte;
  return {
    from: first && !first.inclusive ? successor(start) : start,
    to: !last || last.inclusive ? successor(end) : end,
  };
}
