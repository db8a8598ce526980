import type { Ordering } from '../bson/ordering.js';
import { truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { binaryOperator, listOperator, missing, type Operators, typeName, unaryOperator } from './operator.js';

/** The values without repetition, the first of each kept. */
export function distinct(values: readonly Value[], ordering: Ordering): Value[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = ordering.key(value);
    return !seen.has(key) && seen.add(key);
  });
}

function list(value: Value, code: number, what: string): Value[] {
  if (!Array.isArray(value))
    throw new CommandError(code, `${what} must be arrays. One argument is of type: ${typeName(value)}`);
  return value;
}

const keysOf = (values: readonly Value[], ordering: Ordering) => new Set(values.map((value) => ordering.key(value)));

function setEquals(lists: Value[], ordering: Ordering): boolean {
  const [first, ...others] = lists.map((one) => keysOf(list(one, 17044, 'All operands of $setEquals'), ordering));
  if (!first || others.length === 0)
    throw new CommandError(17045, `$setEquals needs at least two arguments had: ${lists.length}`);
  return others.every((other) => other.size === first.size && [...other].every((key) => first.has(key)));
}

function elements(code: number, name: string, test: (values: Value[]) => boolean) {
  return unaryOperator((value) => {
    if (!Array.isArray(value))
      throw new CommandError(code, `${name}'s argument must be an array, but is ${typeName(value)}`);
    return test(value);
  });
}

/** Arrays taken as sets. The order of a union or intersection is that of its values. */
export const setOperators: Operators = {
  $setUnion: listOperator((lists, { environment: { ordering } }) => {
    if (lists.some(missing)) return null;
    const all = lists.flatMap((one) => list(one, 17043, 'All operands of $setUnion'));
    return distinct(all, ordering).sort(ordering.compare);
  }),
  $setIntersection: listOperator((lists, { environment: { ordering } }) => {
    if (lists.some(missing)) return null;
    const [first = [], ...others] = lists.map((one) => list(one, 17047, 'All operands of $setIntersection'));
    const keys = others.map((other) => keysOf(other, ordering));
    const common = distinct(first, ordering).filter((value) => keys.every((set) => set.has(ordering.key(value))));
    return common.sort(ordering.compare);
  }),
  $setDifference: binaryOperator((a, b, { environment: { ordering } }) => {
    if (missing(a) || missing(b)) return null;
    const values = list(a, 17048, 'both operands of $setDifference');
    const others = keysOf(list(b, 17049, 'both operands of $setDifference'), ordering);
    return distinct(values, ordering).filter((value) => !others.has(ordering.key(value)));
  }),
  $setIsSubset: binaryOperator((a, b, { environment: { ordering } }) => {
    const values = list(a, 17046, 'both operands of $setIsSubset');
    const others = keysOf(list(b, 17042, 'both operands of $setIsSubset'), ordering);
    return values.every((value) => others.has(ordering.key(value)));
  }),
  $setEquals: listOperator((lists, { environment }) => setEquals(lists, environment.ordering)),
  $anyElementTrue: elements(17041, '$anyElementTrue', (values) => values.some(truthy)),
  $allElementsTrue: elements(17040, '$allElementsTrue', (values) => values.every(truthy)),
};
