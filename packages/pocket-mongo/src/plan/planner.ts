import { equal } from '../bson/compare.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { badValue } from '../errors.js';
import type { SortOrder } from '../query/sort.js';
import type { Collection } from '../storage/catalog.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { View } from '../storage/view.js';
import { boundedPlan } from './bounded.js';
import { bestUse, consider, usable } from './candidates.js';
import { cheapest } from './estimate.js';
import type { Plan, Planned } from './plan.js';
import { type FieldBounds, Predicates } from './predicates.js';

export interface Choice {
  readonly plan: Plan;
  readonly rejected: readonly Plan[];
}

/** `$or` within `$or` is followed this deep. */
const MAX_NESTING = 3;
const MAX_BRANCHES = 50;

/**
 * Chooses how to find the documents of a query. `_id` and a unique index fully given need no choice. Of several other
 * ways the keys in their bounds are counted, up to a limit, and the cheapest is taken. Where that does not tell, fixed
 * preferences do: equalities first, then a sort that comes for free, then a range. Nothing is remembered, so no choice
 * outlives the data it was made for.
 */
export function choose(view: View, collection: Collection, query: Planned): Choice {
  const predicates = new Predicates(query.filter);
  const { order, hint } = query;
  const only = query.index ?? (hint === undefined || hint === null ? undefined : hinted(collection, hint));
  if (query.min || query.max) return alone(boundedPlan(only, query, predicates));
  if (only === 'forward' || only === 'backward') return alone(scanAll(predicates, order, only === 'backward'));
  // Of a sparse or partial index that is hinted, what it does not hold is not found.
  if (only) return alone(bestUse(only, predicates, order, query.ordering));
  const byId = predicates.bounds('_id', false);
  if (byId?.points && identifies(collection, byId, query)) return alone(idPlan(collection, byId, predicates, order));
  return (
    best(view, query.wanted, candidates(view, collection, query, predicates, 0)) ??
    alone(scanAll(predicates, order, false))
  );
}

/** Whether values of `_id` are keys of documents; in a time series several documents may have one. */
function identifies({ indexes, timeField }: Collection, bounds: FieldBounds, { ordering }: Planned): boolean {
  return timeField === undefined && usable(indexes[0] as IndexDefinition, bounds, ordering);
}

function alone(plan: Plan): Choice {
  return { plan, rejected: [] };
}

/** All ways but the scan. */
function candidates(view: View, collection: Collection, query: Planned, predicates: Predicates, depth: number): Plan[] {
  const found: Plan[] = [];
  for (const index of collection.indexes) {
    if (index.hidden || index.building) continue;
    const candidate = consider(index, predicates, query.order, query.ordering);
    if (candidate && candidate.score >= 1000) return [candidate];
    if (candidate) found.push(candidate);
  }
  if (depth < MAX_NESTING) {
    for (const clauses of predicates.alternatives) {
      const union = unionPlan(view, collection, query, clauses, depth);
      if (union) found.push(union);
    }
  }
  return found;
}

function best(view: View, wanted: number, plans: readonly Plan[]): Choice | undefined {
  const [first] = plans;
  if (!first) return undefined;
  const plan = plans.length === 1 ? first : cheapest(view, plans, wanted);
  return { plan, rejected: plans.filter((other) => other !== plan) };
}

/** One plan for each clause of an `$or`; undefined when one of them would have to read everything. */
function unionPlan(
  view: View,
  collection: Collection,
  query: Planned,
  clauses: readonly Document[],
  depth: number,
): Plan | undefined {
  if (clauses.length > MAX_BRANCHES) return undefined;
  const { order } = query;
  const branches: Plan[] = [];
  for (const clause of clauses) {
    const branch = clausePlan(view, collection, query, clause, depth);
    if (!branch) return undefined;
    branches.push(branch);
  }
  const sorted = branches.every((branch) => branch.sorted);
  const score = Math.min(...branches.map((branch) => branch.score)) - (order && !sorted ? 6 : 0) - 1;
  return { access: { kind: 'union', branches }, exact: false, sorted: !order || sorted, score };
}

function clausePlan(
  view: View,
  collection: Collection,
  query: Planned,
  clause: Document,
  depth: number,
): Plan | undefined {
  const filter = { $and: [clause, query.filter] };
  // The clause decides; what the filter asks besides may make its bounds narrower.
  const own = new Predicates(clause);
  const ids = own.bounds('_id', false);
  if (ids?.points && identifies(collection, ids, query))
    return idPlan(collection, ids, new Predicates(filter), query.order);
  const helped = { ...query, filter, wanted: Number.POSITIVE_INFINITY };
  const plans = candidates(view, collection, helped, withoutAlternatives(filter, own), depth + 1);
  return best(view, helped.wanted, plans.filter(isBound))?.plan;
}

/** The whole filter's conditions, but only the clause's own `$or`. */
function withoutAlternatives(filter: Document, own: Predicates): Predicates {
  const all = new Predicates(filter);
  all.alternatives.splice(0, all.alternatives.length, ...own.alternatives);
  return all;
}

/** Reading a whole index for its order is no way to find a clause. */
function isBound({ access }: Plan): boolean {
  return access.kind !== 'index' || access.fields.length > 0;
}

/** The index that a hint names, or the direction of a scan. @throws CommandError 2 when there is none. */
export function hinted(collection: Collection, hint: Value): IndexDefinition | 'forward' | 'backward' {
  if (isDocument(hint) && '$natural' in hint) {
    const direction = asNumber(hint.$natural);
    if (direction !== 1 && direction !== -1)
      throw badValue(`$natural hint must be 1 or -1, was ${String(hint.$natural)}`);
    return direction === 1 ? 'forward' : 'backward';
  }
  const found =
    typeof hint === 'string'
      ? collection.index(hint)
      : collection.indexes.find((index) => equal(index.key, hint) && !index.hidden);
  if (!found || found.hidden || found.building)
    throw badValue(
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  return found;
}

function scanAll(predicates: Predicates, order: SortOrder | undefined, reverse: boolean): Plan {
  return { access: { kind: 'scan', reverse }, exact: predicates.total === 0, sorted: !order, score: 0 };
}

function idPlan(
  collection: Collection,
  bounds: FieldBounds,
  predicates: Predicates,
  order: SortOrder | undefined,
): Plan {
  const first = order?.fields[0];
  const { points = [] } = bounds;
  const keys = [...new Set(points.map((id) => collection.documentKey(id)))];
  return {
    access: {
      kind: 'ids',
      index: collection.indexes[0] as IndexDefinition,
      points: first?.path === '_id' && first.direction === -1 ? keys.reverse() : keys,
      fields: [bounds],
    },
    exact: predicates.total === 1,
    sorted: !first || points.length <= 1 || first.path === '_id',
    score: 2000,
  };
}
