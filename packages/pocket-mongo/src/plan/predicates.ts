import { compare, equal, Rank, rank } from '../bson/compare.js';
import { BSONRegExp, type Document, isDocument, MaxKey, MinKey, type Value } from '../bson/values.js';
import { compileFilter, isOperators } from '../query/matcher.js';

/** A closed or open end of an interval of values; `type` alone stands for the end of a type's values. */
export interface Bound {
  readonly value: Value;
  readonly inclusive: boolean;
}

/** What a filter asks of one field, as far as an index can use it. */
export interface FieldBounds {
  /** Values the field must equal one of, in index order; undefined when it is a range. */
  readonly points: readonly Value[] | undefined;
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
  /** The type that a range is confined to. */
  readonly type: number;
  /** Conditions that the bounds express fully where the field is no array. */
  readonly exact: number;
}

interface Condition {
  readonly operator: string;
  readonly operand: Value;
}

/** A filter taken apart into conditions by path. */
export class Predicates {
  private readonly byPath = new Map<string, Condition[]>();
  /** All conditions, also those that no index can use. */
  total = 0;

  constructor(readonly filter: Document) {
    this.collect(filter);
  }

  private collect(filter: Document): void {
    for (const [key, condition] of Object.entries(filter)) {
      if (key === '$and' && Array.isArray(condition)) {
        for (const clause of condition) if (isDocument(clause)) this.collect(clause);
      } else if (key.startsWith('$')) {
        if (key !== '$comment') this.total++;
      } else if (isOperators(condition)) {
        for (const [operator, operand] of Object.entries(condition)) this.add(key, operator, operand);
      } else {
        this.add(key, condition instanceof BSONRegExp ? '$regex' : '$eq', condition);
      }
    }
  }

  private add(path: string, operator: string, operand: Value): void {
    this.total++;
    const list = this.byPath.get(path);
    if (list) list.push({ operator, operand });
    else this.byPath.set(path, [{ operator, operand }]);
  }

  conditions(path: string): readonly Condition[] {
    return this.byPath.get(path) ?? [];
  }

  /** The bounds on a field. In an index with several keys per document only one condition of a range can be used. */
  bounds(path: string, multikey: boolean): FieldBounds | undefined {
    const conditions = this.conditions(path);
    for (const { operator, operand } of conditions) {
      const points = pointsOf(operator, operand);
      if (points) return { points, low: undefined, high: undefined, type: 0, exact: exactPoints(points) ? 1 : 0 };
    }
    return rangeOf(conditions, multikey);
  }

  /** True when some condition rules out documents that lack the field. */
  requires(path: string): boolean {
    return this.conditions(path).some(({ operator, operand }) => {
      if (operator === '$exists') return operand === true || operand === 1;
      if (operator === '$in') return Array.isArray(operand) && !operand.some((value) => value === null);
      return (
        ['$eq', '$gt', '$gte', '$lt', '$lte', '$regex', '$elemMatch', '$size', '$type'].includes(operator) &&
        operand !== null
      );
    });
  }

  /** True when every document that this filter matches also matches `expression` (of a partial index). */
  implies(expression: Document): boolean {
    const wanted = new Predicates(expression);
    if (wanted.total !== [...wanted.byPath.values()].flat().length) return equal(this.filter, expression);
    return [...wanted.byPath].every(([path, conditions]) =>
      conditions.every((condition) => this.impliesCondition(path, condition)),
    );
  }

  private impliesCondition(path: string, wanted: Condition): boolean {
    if (wanted.operator === '$exists' && (wanted.operand === true || wanted.operand === 1)) return this.requires(path);
    return this.conditions(path).some(({ operator, operand }) => {
      if (operator === wanted.operator && equal(operand, wanted.operand)) return true;
      const points = pointsOf(operator, operand);
      if (points) {
        const match = compileFilter({ value: { [wanted.operator]: wanted.operand } });
        return points.every((value) => match({ value }));
      }
      return impliedRange(operator, operand, wanted);
    });
  }
}

function impliedRange(operator: string, operand: Value, wanted: Condition): boolean {
  if (rank(operand) !== rank(wanted.operand)) return false;
  const order = compare(operand, wanted.operand);
  if (operator.startsWith('$gt') && wanted.operator.startsWith('$gt'))
    return order > 0 || (order === 0 && wanted.operator === '$gte');
  if (operator.startsWith('$lt') && wanted.operator.startsWith('$lt'))
    return order < 0 || (order === 0 && wanted.operator === '$lte');
  return false;
}

function pointsOf(operator: string, operand: Value): Value[] | undefined {
  if (operator === '$eq') return indexable(operand) ? [operand ?? null] : undefined;
  if (operator !== '$in' || !Array.isArray(operand) || !operand.every(indexable)) return undefined;
  const sorted = [...operand].sort(compare);
  return sorted.filter((value, i) => i === 0 || compare(value, sorted[i - 1]) !== 0);
}

/** An array is indexed by its elements and a regular expression matches more than itself. */
function indexable(value: Value): boolean {
  return !Array.isArray(value) && !(value instanceof BSONRegExp);
}

/** Null also matches what is missing below an array, which the index does not tell apart. */
function exactPoints(points: readonly Value[]): boolean {
  return points.every((value) => value !== null);
}

function rangeOf(conditions: readonly Condition[], multikey: boolean): FieldBounds | undefined {
  let low: Bound | undefined;
  let high: Bound | undefined;
  let type: number | undefined;
  let exact = 0;
  for (const { operator, operand } of conditions) {
    const range = conditionRange(operator, operand);
    if (!range || (type !== undefined && (multikey || type !== range.type))) continue;
    type = range.type;
    if (range.exact) exact++;
    if (range.low && (!low || tighter(range.low, low) > 0)) low = range.low;
    if (range.high && (!high || tighter(range.high, high) < 0)) high = range.high;
  }
  if (type === undefined) return undefined;
  return { points: undefined, low, high, type, exact };
}

function tighter(a: Bound, b: Bound): number {
  return compare(a.value, b.value) || Number(b.inclusive) - Number(a.inclusive);
}

function conditionRange(
  operator: string,
  operand: Value,
): { low?: Bound; high?: Bound; type: number; exact: boolean } | undefined {
  if (operator === '$regex') return prefixRange(operand);
  if (!['$gt', '$gte', '$lt', '$lte'].includes(operator)) return undefined;
  if (
    operand === null ||
    !indexable(operand) ||
    operand instanceof MinKey ||
    operand instanceof MaxKey ||
    isDocument(operand)
  )
    return undefined;
  const type = rank(operand);
  // NaN is stored as the least number but is outside every range.
  const exact = type !== Rank.number || operator.startsWith('$gt');
  const bound = { value: operand, inclusive: operator.endsWith('e') };
  return operator.startsWith('$gt') ? { low: bound, type, exact } : { high: bound, type, exact };
}

/** `/^abc/` without options is a range of strings, but symbols and regular expressions may match too: never exact. */
function prefixRange(operand: Value): { low: Bound; high: Bound; type: number; exact: boolean } | undefined {
  const pattern = operand instanceof BSONRegExp && operand.options === '' ? operand.pattern : undefined;
  const prefix = pattern === undefined ? undefined : /^\^([A-Za-z0-9 _:@-]+)(?![*?{|])/.exec(pattern)?.[1];
  if (!prefix || pattern?.includes('|')) return undefined;
  const safe = /^\^[A-Za-z0-9 _:@-]+[*?{]/.test(pattern as string) ? prefix.slice(0, -1) : prefix;
  if (safe === '') return undefined;
  return {
    low: { value: safe, inclusive: true },
    high: { value: `${safe}\u{10ffff}`, inclusive: true },
    type: Rank.string,
    exact: false,
  };
}
