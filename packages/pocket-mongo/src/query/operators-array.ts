import { compare, equal } from '../bson/compare.js';
import { encodeKey } from '../bson/keys.js';
import { add, isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import { type Document, isDocument, toDouble, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Evaluate, Operator, Scope } from './operator.js';
import { listOperator, missing, number, typeName } from './operators-basic.js';
import { compileSort } from './sort.js';

function array(value: Value, operator: string): Value[] {
  if (!Array.isArray(value))
    throw new CommandError(28651, `${operator} argument must be an array, but is of type: ${typeName(value)}`);
  return value;
}

function withVariable(scope: Scope, name: string, value: Value): Scope {
  return { ...scope, variables: { ...scope.variables, [name]: value } };
}

/** `$map` and `$filter`: a body run for each element under a name. */
function eachOperator(
  bodyName: string,
  apply: (elements: Value[], run: (element: Value) => Value, limit: Value) => Value,
): Operator {
  return (argument, compile) => {
    if (!isDocument(argument)) throw new CommandError(16878, 'expected an object');
    const input = compile(argument.input);
    const body = compile(argument[bodyName]);
    const limit: Evaluate = 'limit' in argument ? compile(argument.limit) : () => undefined;
    const name = typeof argument.as === 'string' ? argument.as : 'this';
    return (scope) => {
      const elements = input(scope);
      if (missing(elements)) return null;
      return apply(
        array(elements, bodyName === 'in' ? '$map' : '$filter'),
        (element) => body(withVariable(scope, name, element)),
        limit(scope),
      );
    };
  };
}

const reduce: Operator = (argument, compile) => {
  if (!isDocument(argument)) throw new CommandError(40075, '$reduce requires an object as an argument');
  const input = compile(argument.input);
  const initial = compile(argument.initialValue);
  const body = compile(argument.in);
  return (scope) => {
    const elements = input(scope);
    if (missing(elements)) return null;
    return array(elements, '$reduce').reduce<Value>(
      (value, element) => body({ ...scope, variables: { ...scope.variables, value, this: element } }),
      initial(scope),
    );
  };
};

function elementAt(list: readonly Value[], index: number): Value {
  return list[index < 0 ? list.length + index : index];
}

/** Distinct values, as sets have them. */
export function distinct(values: readonly Value[]): Value[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = encodeKey(value);
    return !seen.has(key) && seen.add(key);
  });
}

function slice([list, first, count]: Value[]): Value {
  if (missing(list) || missing(first)) return null;
  const values = array(list, '$slice');
  const from = nearest(number(first, '$slice'));
  if (count === undefined) return from < 0 ? values.slice(from) : values.slice(0, from);
  const start = from < 0 ? Math.max(values.length + from, 0) : from;
  return values.slice(start, start + nearest(number(count, '$slice')));
}

function range([start, end, step]: Value[]): Value {
  const by = step === undefined ? 1 : nearest(number(step, '$range'));
  if (by === 0) throw new CommandError(34449, '$range requires a non-zero step value');
  const to = nearest(number(end, '$range'));
  const result: Value[] = [];
  for (let i = nearest(number(start, '$range')); by > 0 ? i < to : i > to; i += by) result.push(i);
  return result;
}

/** One argument that is an array stands for its elements, as `$sum` and its kin read it outside `$group`. */
function spread(values: Value[]): Value[] {
  return values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
}

export function sum(values: readonly Value[]): Numeric {
  return values.filter(isNumeric).reduce<Numeric>(add, 0);
}

export function average(values: readonly Value[]): Value {
  const numbers = values.filter(isNumeric);
  return numbers.length === 0 ? null : toDouble(nearest(sum(numbers)) / numbers.length);
}

/** The greatest (1) or least (-1) value that is neither null nor missing. */
export function extreme(values: readonly Value[], direction: 1 | -1): Value {
  let best: Value;
  for (const value of values)
    if (!missing(value) && (best === undefined || compare(value, best) * direction > 0)) best = value;
  return best ?? null;
}

function fromPairs(value: Value): Value {
  if (missing(value)) return null;
  const result: Document = {};
  for (const pair of array(value, '$arrayToObject')) {
    const [name, item] = Array.isArray(pair) ? pair : isDocument(pair) ? [pair.k, pair.v] : [];
    if (typeof name !== 'string') throw new CommandError(40394, '$arrayToObject requires an array of key-value pairs');
    result[name] = item;
  }
  return result;
}

const sortArray: Operator = (argument, compile) => {
  if (!isDocument(argument)) throw new CommandError(2942500, '$sortArray requires an object');
  const input = compile(argument.input);
  const order = argument.sortBy;
  const comparator = isDocument(order)
    ? compileSort(order).compare
    : (a: Value, b: Value) => compare(a, b) * nearest(number(order, '$sortArray'));
  return (scope) => {
    const list = input(scope);
    return missing(list) ? null : [...array(list, '$sortArray')].sort(comparator as (a: Value, b: Value) => number);
  };
};

function merge(values: Value[]): Value {
  const result: Document = {};
  for (const value of values) {
    if (missing(value)) continue;
    if (!isDocument(value))
      throw new CommandError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`);
    Object.assign(result, value);
  }
  return result;
}

const getField: Operator = (argument, compile) => {
  const isPair = isDocument(argument) && 'field' in argument;
  const field = compile(isPair ? argument.field : argument);
  const input: Evaluate = isPair && 'input' in argument ? compile(argument.input) : (scope) => scope.current;
  return (scope) => {
    const value = input(scope);
    const name = field(scope);
    return isDocument(value) && typeof name === 'string' && Object.hasOwn(value, name) ? value[name] : undefined;
  };
};

/** `$setField` and `$unsetField`: fields whose names have dots or dollars. */
function changeField(removing: boolean): Operator {
  return (argument, compile) => {
    if (!isDocument(argument))
      throw new CommandError(4161100, '$setField requires an object with field, input and value');
    const field = compile(argument.field);
    const input = compile(argument.input);
    const value: Evaluate = removing ? () => undefined : compile(argument.value);
    return (scope) => {
      const target = input(scope);
      const name = field(scope);
      if (missing(target)) return null;
      if (!isDocument(target) || typeof name !== 'string')
        throw new CommandError(4161105, '$setField requires an object and a field name');
      const next = value(scope);
      if (next !== undefined) return { ...target, [name]: next };
      return Object.fromEntries(Object.entries(target).filter(([key]) => key !== name));
    };
  };
}

/** Arrays, sets, objects, and the accumulators in their form outside `$group`. */
export const arrayOperators: Readonly<Record<string, Operator>> = {
  $size: listOperator(([value]) => array(value, '$size').length, 1),
  $in: listOperator(([value, list]) => array(list, '$in').some((element) => equal(element, value)), 2),
  $arrayElemAt: listOperator(
    ([list, index]) =>
      missing(list) || missing(index)
        ? null
        : elementAt(array(list, '$arrayElemAt'), nearest(number(index, '$arrayElemAt'))),
    2,
  ),
  $first: listOperator((values) => (missing(values[0]) ? null : elementAt(spread(values), 0))),
  $last: listOperator((values) => (missing(values[0]) ? null : elementAt(spread(values), -1))),
  $concatArrays: listOperator((values) =>
    values.some(missing) ? null : values.flatMap((value) => array(value, '$concatArrays')),
  ),
  $isArray: listOperator(([value]) => Array.isArray(value), 1),
  $map: eachOperator('in', (elements, run) => elements.map((element) => run(element) ?? null)),
  $filter: eachOperator('cond', (elements, run, limit) => {
    const kept = elements.filter((element) => truthy(run(element)));
    return missing(limit) ? kept : kept.slice(0, nearest(number(limit, '$filter')));
  }),
  $reduce: reduce,
  $slice: listOperator(slice),
  $range: listOperator(range),
  $reverseArray: listOperator(([list]) => (missing(list) ? null : [...array(list, '$reverseArray')].reverse()), 1),
  $sortArray: sortArray,
  $indexOfArray: listOperator(([list, value]) =>
    missing(list) ? null : array(list, '$indexOfArray').findIndex((element) => equal(element, value)),
  ),
  $setUnion: listOperator((lists) =>
    lists.some(missing) ? null : distinct(lists.flatMap((list) => array(list, '$setUnion'))),
  ),
  $setIntersection: listOperator((lists) => {
    if (lists.some(missing)) return null;
    const [first = [], ...rest] = lists.map((list) => array(list, '$setIntersection'));
    return distinct(first).filter((value) => rest.every((list) => list.some((other) => equal(other, value))));
  }),
  $setDifference: listOperator(([a, b]) => {
    if (missing(a) || missing(b)) return null;
    const others = array(b, '$setDifference');
    return distinct(array(a, '$setDifference')).filter((value) => !others.some((other) => equal(other, value)));
  }, 2),
  $setIsSubset: listOperator(
    ([a, b]) =>
      array(a, '$setIsSubset').every((value) => array(b, '$setIsSubset').some((other) => equal(other, value))),
    2,
  ),
  $setEquals: listOperator(([a, b]) => {
    const [x, y] = [array(a, '$setEquals'), array(b, '$setEquals')];
    return (
      x.every((value) => y.some((other) => equal(other, value))) &&
      y.every((value) => x.some((other) => equal(other, value)))
    );
  }, 2),
  $anyElementTrue: listOperator(([list]) => array(list, '$anyElementTrue').some(truthy), 1),
  $allElementsTrue: listOperator(([list]) => array(list, '$allElementsTrue').every(truthy), 1),
  $objectToArray: listOperator(
    ([value]) => (isDocument(value) ? Object.entries(value).map(([k, v]) => ({ k, v })) : null),
    1,
  ),
  $arrayToObject: listOperator(([value]) => fromPairs(value), 1),
  $mergeObjects: listOperator(merge),
  $getField: getField,
  $setField: changeField(false),
  $unsetField: changeField(true),
  $sum: listOperator((values) => sum(spread(values))),
  $avg: listOperator((values) => average(spread(values))),
  $min: listOperator((values) => extreme(spread(values), -1)),
  $max: listOperator((values) => extreme(spread(values), 1)),
};
