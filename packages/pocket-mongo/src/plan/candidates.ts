import { Rank } from '../bson/compare.js';
import { BINARY, isCollatable, type Ordering, sameOrdering } from '../bson/ordering.js';
import type { SortOrder } from '../query/sort.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { IndexAccess, Plan } from './plan.js';
import type { ElementGroup, FieldBounds, Predicates } from './predicates.js';
import { rangesOf } from './ranges.js';

/** More points than this in one query are read as a range. */
const MAX_RANGES = 2000;
/** More ranges than this are not merged, but sorted in memory. */
const MAX_MERGED = 100;

export interface Candidate extends Plan {
  readonly access: IndexAccess;
}

/** The best way to use an index; undefined where it does not help, or does not hold all that is asked for. */
export function consider(
  index: IndexDefinition,
  predicates: Predicates,
  sort: SortOrder | undefined,
  ordering: Ordering,
): Candidate | undefined {
  if (index.partial && !(sameOrdering(index.ordering, ordering) && predicates.implies(index.partial))) return undefined;
  if (index.sparse && !index.paths.some((path) => predicates.requires(path))) return undefined;
  const best = bestUse(index, predicates, sort, ordering);
  // A sparse index is worth reading as a whole for those that have the field.
  return best.score > 0 || index.sparse ? best : undefined;
}

/** The best way to find what an index holds, if need be by reading it as a whole. */
export function bestUse(
  index: IndexDefinition,
  predicates: Predicates,
  sort: SortOrder | undefined,
  ordering: Ordering,
): Candidate {
  // With a collation the keys of strings are not in their order.
  const order = ordering === BINARY && index.ordering === BINARY ? sort : undefined;
  const within = (group: ElementGroup | undefined) =>
    withBounds(index, predicates, { sort, order }, usableFields(index, predicates, group, ordering));
  let best = within(undefined);
  if (!index.multikey) return best;
  for (const group of predicates.groups) {
    const other = within(group);
    if (other.score > best.score) best = other;
  }
  return best;
}

/** An index of another collation tells nothing about strings; with a collation its strings are not in order. */
export function usable(index: IndexDefinition, { points, type }: FieldBounds, ordering: Ordering): boolean {
  if (ordering === BINARY && index.ordering === BINARY) return true;
  if (points) return sameOrdering(index.ordering, ordering) || !points.some(isCollatable);
  return type !== Rank.string && type !== Rank.object && type !== Rank.array;
}

/** What is to be sorted by, and what of it the index may give. */
interface Sorting {
  readonly sort: SortOrder | undefined;
  readonly order: SortOrder | undefined;
}

function withBounds(
  index: IndexDefinition,
  predicates: Predicates,
  sorting: Sorting,
  fields: readonly FieldBounds[],
): Candidate {
  const order = sorting.order && indexOrder(index, fields, sorting.order);
  const equalities = fields.filter(({ points }) => points).length;
  const hasRange = fields.length > equalities;
  const { ranges, cut } = rangesOf(index, fields);
  const sorted = order !== undefined && (!order.merge || (!cut && ranges.length <= MAX_MERGED));
  let score = equalities * 10 + (hasRange ? 5 : 0) + (sorted ? 6 : 0);
  if (hasRange && fields.at(-1)?.low && fields.at(-1)?.high) score++;
  if (index.unique && equalities === index.paths.length) score += 1000;
  const covered = fields.reduce((sum, field) => sum + field.exact, 0);
  return {
    access: {
      kind: 'index',
      index,
      ranges,
      reverse: sorted && order.direction === -1,
      fields,
      merge: sorted && order.merge && ranges.length > 1,
    },
    exact: !index.multikey && !cut && covered === predicates.total,
    sorted: !sorting.sort || sorted,
    score,
  };
}

/** The bounds of the index's leading fields: equalities, then at most one range. */
function usableFields(
  index: IndexDefinition,
  predicates: Predicates,
  group: ElementGroup | undefined,
  ordering: Ordering,
): FieldBounds[] {
  const fields: FieldBounds[] = [];
  const roots = new Map<string, ElementGroup | undefined>();
  let combinations = 1;
  for (const path of index.paths) {
    const root = path.split('.')[0] as string;
    let from = group;
    let bounds = predicates.bounds(path, index.multikey, group);
    if (!bounds && group) {
      from = undefined;
      bounds = predicates.bounds(path, index.multikey);
    }
    if (!bounds || !usable(index, bounds, ordering)) break;
    // Conditions on one array may be met by different elements, whose keys are apart, but for those of one $elemMatch.
    if (index.multikey && roots.has(root) && (!from || roots.get(root) !== from)) break;
    roots.set(root, from);
    combinations *= bounds.points?.length ?? 1;
    if (combinations > MAX_RANGES) break;
    fields.push(bounds);
    if (!bounds.points) break;
  }
  return fields;
}

interface IndexOrder {
  /** Which way the index is read. */
  readonly direction: 1 | -1;
  /** The order holds within each range only. */
  readonly merge: boolean;
}

/** How reading the index gives the wanted order; undefined where it does not. */
function indexOrder(index: IndexDefinition, fields: readonly FieldBounds[], sort: SortOrder): IndexOrder | undefined {
  if (index.multikey) return undefined;
  let direction: 1 | -1 | undefined;
  let merge = false;
  let at = 0;
  for (let i = 0; i < index.paths.length && at < sort.fields.length; i++) {
    const wanted = sort.fields[at] as SortOrder['fields'][number];
    const points = fields[i]?.points?.length;
    if (wanted.path === index.paths[i]) {
      const here = wanted.direction === index.directions[i] ? 1 : -1;
      at++;
      if (points === 1) continue;
      // The ranges would be merged by what follows them, which this field does not.
      if (merge && points !== undefined) return undefined;
      if (direction !== undefined && direction !== here) return undefined;
      direction = here;
    } else if (points === undefined) {
      return undefined;
    } else if (points > 1) {
      // Points of a field that comes after one that was sorted by: the order is lost.
      if (direction !== undefined) return undefined;
      merge = true;
    }
  }
  return at === sort.fields.length ? { direction: direction ?? 1, merge } : undefined;
}
