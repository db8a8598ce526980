import { compare, equal, Rank, rank } from '../bson/compare.js';
import { asNumber, BSONRegExp, type Document, isDocument, MaxKey, MinKey, truthy, type Value } from '../bson/values.js';
import { compileFilter, isOperators } from '../query/matcher.js';

/** A closed or open end of an interval of values; `type` alone stands for the end of a type's values. */
export interface Bound {
  readonly value: Value;
  readonly inclusive: boolean;
  /** An end: of all strings that begin with the value. */
  readonly prefix?: boolean;
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

/** An `$elemMatch`: its conditions hold for one element together. */
export interface ElementGroup {
  /** It looks at the elements themselves, not at fields of theirs. */
  readonly ofValues: boolean;
}

interface Condition {
  readonly operator: string;
  readonly operand: Value;
  readonly options: Value;
  /** The `$elemMatch` that the condition stands in. */
  readonly group: ElementGroup | undefined;
}

const LOGICAL = new Set(['$and', '$or', '$nor', '$expr', '$where', '$comment']);

/** A filter taken apart into conditions by path. */
export class Predicates {
  private readonly byPath = new Map<string, Condition[]>();
  /** All conditions of the filter, also those that no index can use; those within an `$elemMatch` count as one. */
  total = 0;
  readonly groups: ElementGroup[] = [];
  /** The clauses of each `$or` that must hold. */
  readonly alternatives: (readonly Document[])[] = [];

  constructor(readonly filter: Document) {
    this.collect(filter);
  }

  private collect(filter: Document): void {
    for (const [key, condition] of Object.entries(filter)) {
      if (key === '$and' && Array.isArray(condition)) {
        for (const clause of condition) if (isDocument(clause)) this.collect(clause);
      } else if (key === '$or' && Array.isArray(condition) && condition.length === 1 && isDocument(condition[0])) {
        this.collect(condition[0]);
      } else if (key.startsWith('$')) {
        if (key !== '$comment') this.total++;
        if (key === '$or' && Array.isArray(condition) && condition.every(isDocument)) this.alternatives.push(condition);
      } else this.collectField(key, condition, undefined);
    }
  }

  private collectField(path: string, condition: Value, group: ElementGroup | undefined): void {
    if (!isOperators(condition)) {
      this.add(path, condition instanceof BSONRegExp ? '$regex' : '$eq', condition, group);
      return;
    }
    for (const [operator, operand] of Object.entries(condition)) {
      // The options belong to the $regex beside them.
      if (operator !== '$options') this.add(path, operator, operand, group, condition.$options);
      if (operator === '$elemMatch' && isDocument(operand)) this.collectElements(path, operand);
    }
  }

  /** What must hold for one element makes bounds too; the filter is run on what they find in any case. */
  private collectElements(path: string, operand: Document): void {
    const [first = ''] = Object.keys(operand);
    const ofValues = isOperators(operand) && !LOGICAL.has(first);
    const group: ElementGroup = { ofValues };
    this.groups.push(group);
    if (ofValues) {
      this.collectField(path, operand, group);
      return;
    }
    for (const [name, condition] of Object.entries(operand)) {
      // A name that is a number might be a position instead.
      if (!name.startsWith('$') && !/^\d/.test(name)) this.collectField(`${path}.${name}`, condition, group);
    }
  }

  private add(
    path: string,
    operator: string,
    operand: Value,
    group: ElementGroup | undefined,
    options: Value = undefined,
  ): void {
    if (!group) this.total++;
    const condition = { operator, operand, options, group };
    const list = this.byPath.get(path);
    if (list) list.push(condition);
    else this.byPath.set(path, [condition]);
  }

  /** The conditions on a path that hold for the document as a whole. */
  conditions(path: string): readonly Condition[] {
    return this.byPath.get(path)?.filter(({ group }) => !group) ?? [];
  }

  /**
   * The bounds on a field. In an index with several keys per document different elements may meet different conditions,
   * so only one condition can be used there, or those of one `$elemMatch` on values.
   */
  bounds(path: string, multikey: boolean, group?: ElementGroup): FieldBounds | undefined {
    const all = this.byPath.get(path);
    if (!all) return undefined;
    const conditions = multikey ? all.filter((condition) => condition.group === group) : all;
    for (const { operator, operand, group: within } of conditions) {
      const points = pointsOf(operator, operand);
      if (!points) continue;
      const exact = operator !== '$all' && !within && exactPoints(points) ? 1 : 0;
      return { points, low: undefined, high: undefined, type: 0, exact };
    }
    return rangeOf(conditions, multikey && !group?.ofValues);
  }

  /** True when some condition rules out documents that lack the field. */
  requires(path: string): boolean {
    return this.conditions(path).some(({ operator, operand }) => {
      if (operator === '$exists') return truthy(operand);
      if (operator === '$in') return Array.isArray(operand) && !operand.some((value) => value === null);
      // A range from the least key or to the greatest is everything, what is missing too.
      if (RANGES.includes(operator))
        return operand !== null && !(operand instanceof MinKey || operand instanceof MaxKey);
      return ['$eq', '$regex', '$elemMatch', '$size', '$type'].includes(operator) && operand !== null;
    });
  }

  /** True when every document that this filter matches also matches `expression` (of a partial index). */
  implies(expression: Document): boolean {
    const wanted = new Predicates(expression);
    const simple = [...wanted.byPath.values()].flat();
    if (wanted.groups.length > 0 || wanted.total !== simple.length) return equal(this.filter, expression);
    return [...wanted.byPath].every(([path, conditions]) =>
      conditions.every((condition) => this.impliesCondition(path, condition)),
    );
  }

  private impliesCondition(path: string, wanted: Condition): boolean {
    if (wanted.operator === '$exists' && truthy(wanted.operand)) return this.requires(path);
    return this.conditions(path).some(({ operator, operand, options }) => {
      if (operator === wanted.operator && equal(operand, wanted.operand) && equal(options, wanted.options)) return true;
      const points = operator === '$all' ? undefined : pointsOf(operator, operand);
      if (points) {
        const match = compileFilter({ value: { [wanted.operator]: wanted.operand } });
        return points.every((value) => match({ value }));
      }
      return impliedRange(operator, operand, wanted);
    });
  }
}

const RANGES: readonly string[] = ['$gt', '$gte', '$lt', '$lte'];

function impliedRange(operator: string, operand: Value, wanted: Condition): boolean {
  if (rank(operand) !== rank(wanted.operand)) return false;
  const order = compare(operand, wanted.operand);
  if (operator.startsWith('$gt') && wanted.operator.startsWith('$gt'))
    return order > 0 || (order === 0 && (wanted.operator === '$gte' || operator === '$gt'));
  if (operator.startsWith('$lt') && wanted.operator.startsWith('$lt'))
    return order < 0 || (order === 0 && (wanted.operator === '$lte' || operator === '$lt'));
  return false;
}

function pointsOf(operator: string, operand: Value): Value[] | undefined {
  if (operator === '$eq') return indexable(operand) ? [operand ?? null] : undefined;
  if (!Array.isArray(operand)) return undefined;
  // Of all the values that must be there, one is looked up.
  if (operator === '$all') {
    const [first] = operand;
    return operand.length > 0 && indexable(first) && !isOperators(first) ? [first ?? null] : undefined;
  }
  if (operator !== '$in' || !operand.every(indexable)) return undefined;
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

function rangeOf(conditions: readonly Condition[], single: boolean): FieldBounds | undefined {
  let low: Bound | undefined;
  let high: Bound | undefined;
  let type: number | undefined;
  let exact = 0;
  for (const condition of conditions) {
    const range = conditionRange(condition);
    if (!range || (type !== undefined && (single || type !== range.type))) continue;
    type = range.type;
    if (range.exact && !condition.group) exact++;
    if (range.low && (!low || tighter(range.low, low, 1))) low = range.low;
    if (range.high && (!high || tighter(range.high, high, -1))) high = range.high;
  }
  if (type === undefined) return undefined;
  return { points: undefined, low, high, type, exact };
}

/** True when `a` leaves less than `b`; of two ends at one value the open one does. */
function tighter(a: Bound, b: Bound, sign: 1 | -1): boolean {
  const order = compare(a.value, b.value) * sign;
  return order > 0 || (order === 0 && b.inclusive && !a.inclusive);
}

interface Range {
  readonly low?: Bound;
  readonly high?: Bound;
  readonly type: number;
  readonly exact: boolean;
}

function conditionRange({ operator, operand, options }: Condition): Range | undefined {
  if (operator === '$regex') return prefixRange(operand, options);
  if (!['$gt', '$gte', '$lt', '$lte'].includes(operator)) return undefined;
  if (
    operand === null ||
    operand === undefined ||
    !indexable(operand) ||
    operand instanceof MinKey ||
    operand instanceof MaxKey ||
    isDocument(operand)
  )
    return undefined;
  const type = rank(operand);
  // NaN is outside every range, but it equals itself.
  if (type === Rank.number && Number.isNaN(asNumber(operand))) return undefined;
  // NaN is stored as the least number but is outside every range.
  const exact = type !== Rank.number || operator.startsWith('$gt');
  const bound = { value: operand, inclusive: operator.endsWith('e') };
  return operator.startsWith('$gt') ? { low: bound, type, exact } : { high: bound, type, exact };
}

/** `/^abc/` without options is a range of strings, but symbols and regular expressions may match too: never exact. */
function prefixRange(operand: Value, options: Value): Range | undefined {
  if (options !== undefined && options !== '') return undefined;
  const pattern =
    typeof operand === 'string'
      ? operand
      : operand instanceof BSONRegExp && operand.options === ''
        ? operand.pattern
        : undefined;
  const prefix = pattern === undefined ? undefined : /^\^([A-Za-z0-9 _:@-]+)(?![*?{|])/.exec(pattern)?.[1];
  if (!prefix || pattern?.includes('|')) return undefined;
  const safe = /^\^[A-Za-z0-9 _:@-]+[*?{]/.test(pattern as string) ? prefix.slice(0, -1) : prefix;
  if (safe === '') return undefined;
  return {
    low: { value: safe, inclusive: true },
    high: { value: safe, inclusive: true, prefix: true },
    type: Rank.string,
    exact: false,
  };
}
