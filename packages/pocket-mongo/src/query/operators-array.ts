import { isNumeric, nearest } from '../bson/numbers.js';
import { isInt32, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import {
  argumentsOf,
  binaryOperator,
  bind,
  type Compiler,
  checkNamed,
  type Evaluate,
  listOperator,
  missing,
  type Named,
  type Operators,
  typeName,
  unaryOperator,
} from './operator.js';
import { checkVariableName } from './operators-basic.js';
import { position } from './operators-text.js';
import { sortArray } from './sort-array.js';
import { zip } from './zip.js';

/** A whole number in an int32's range. */
export function int32(value: Value, notNumber: number, notInt: number, what: string): number {
  if (!isNumeric(value)) throw new CommandError(notNumber, `${what} must be numeric, but is ${typeName(value)}`);
  const number = nearest(value);
  // -0 is 0 here.
  if (!isInt32(number + 0))
    throw new CommandError(notInt, `${what} must be representable as a 32-bit integer: ${number}`);
  return number;
}

/** The name that `as` gives to an element. */
function elementName(as: Value): string {
  if (as === undefined) return 'this';
  const name = String(as);
  checkVariableName(name);
  return name;
}

const MAP: Named = { required: { input: 16880, in: 16882 }, optional: ['as'], notObject: 16878, unknown: 16879 };

function map(argument: Value, compiler: Compiler, operator: string): Evaluate {
  const given = checkNamed(argument, MAP, operator);
  const input = compiler.compile(given.input);
  const name = elementName(given.as);
  const body = compiler.within([name]).compile(given.in);
  return (scope) => {
    const elements = input(scope);
    if (missing(elements)) return null;
    if (!Array.isArray(elements))
      throw new CommandError(16883, `input to $map must be an array not ${typeName(elements)}`);
    return elements.map((element) => body(bind(scope, name, element)) ?? null);
  };
}

const FILTER: Named = {
  required: { input: 28648, cond: 28650 },
  optional: ['as', 'limit'],
  notObject: 28646,
  unknown: 28647,
};

function filter(argument: Value, compiler: Compiler, operator: string): Evaluate {
  const given = checkNamed(argument, FILTER, operator);
  const input = compiler.compile(given.input);
  const name = elementName(given.as);
  const body = compiler.within([name]).compile(given.cond);
  const limit = given.limit === undefined ? undefined : compiler.compile(given.limit);
  return (scope) => {
    const elements = input(scope);
    if (missing(elements)) return null;
    if (!Array.isArray(elements))
      throw new CommandError(28651, `input to $filter must be an array not ${typeName(elements)}`);
    const most = filterLimit(limit?.(scope));
    const kept: Value[] = [];
    for (const element of elements) {
      if (kept.length >= most) break;
      if (truthy(body(bind(scope, name, element)))) kept.push(element);
    }
    return kept;
  };
}

function filterLimit(limit: Value): number {
  if (missing(limit)) return Number.POSITIVE_INFINITY;
  const most = int32(limit, 327391, 327391, '$filter: limit');
  if (most < 1) throw new CommandError(327392, `$filter: limit must be greater than 0, found ${most}`);
  return most;
}

const REDUCE: Named = {
  required: { input: 40077, initialValue: 40078, in: 40079 },
  notObject: 40075,
  unknown: 40076,
};

function reduce(argument: Value, compiler: Compiler, operator: string): Evaluate {
  const given = checkNamed(argument, REDUCE, operator);
  const input = compiler.compile(given.input);
  const initial = compiler.compile(given.initialValue);
  const body = compiler.within(['this', 'value']).compile(given.in);
  return (scope) => {
    const elements = input(scope);
    if (missing(elements)) return null;
    if (!Array.isArray(elements))
      throw new CommandError(40080, `$reduce requires that 'input' be an array, found: ${typeName(elements)}`);
    return elements.reduce<Value>(
      (value, element) => body(bind(bind(scope, 'value', value), 'this', element)),
      initial(scope),
    );
  };
}

function elementAt(list: Value, index: Value): Value {
  if (missing(list) || missing(index)) return null;
  if (!Array.isArray(list))
    throw new CommandError(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(list)}`);
  const at = int32(index, 28690, 28691, "$arrayElemAt's second argument");
  return list[at < 0 ? list.length + at : at];
}

function end(last: boolean) {
  return unaryOperator((list, _, name) => {
    if (missing(list)) return null;
    if (!Array.isArray(list))
      throw new CommandError(28689, `${name}'s argument must be an array, but is ${typeName(list)}`);
    return list[last ? list.length - 1 : 0];
  });
}

function slice([list, first, count]: Value[]): Value {
  if (missing(list) || missing(first) || count === null) return null;
  if (!Array.isArray(list))
    throw new CommandError(28724, `First argument to $slice must be an array, but is of type: ${typeName(list)}`);
  const from = int32(first, 28725, 28726, 'Second argument to $slice');
  if (count === undefined) return from < 0 ? list.slice(from) : list.slice(0, from);
  const size = int32(count, 28727, 28728, 'Third argument to $slice');
  if (size <= 0) throw new CommandError(28729, `Third argument to $slice must be positive: ${size}`);
  const start = from < 0 ? Math.max(list.length + from, 0) : from;
  return list.slice(start, start + size);
}

/** The longest list that `$range` makes: more would be over the memory limit of an operator. */
const MAX_RANGE = 6_000_000;

function range([start, stop, step]: Value[]): Value {
  const from = int32(start, 34443, 34444, "$range's starting value");
  const to = int32(stop, 34445, 34446, "$range's ending value");
  const by = step === undefined ? 1 : int32(step, 34447, 34448, "$range's step value");
  if (by === 0) throw new CommandError(34449, '$range requires a non-zero step value');
  if (Math.ceil((to - from) / by) > MAX_RANGE)
    throw new CommandError(
      146,
      '$range would use too much memory and cannot spill to disk. Memory limit: 104857600 bytes',
    );
  const result: Value[] = [];
  for (let i = from; by > 0 ? i < to : i > to; i += by) result.push(i);
  return result;
}

function concatArrays(lists: Value[]): Value {
  const result: Value[] = [];
  for (const list of lists) {
    if (missing(list)) return null;
    if (!Array.isArray(list))
      throw new CommandError(28664, `$concatArrays only supports arrays, not ${typeName(list)}`);
    for (const element of list) result.push(element);
  }
  return result;
}

/** `$in` with a constant list looks its values up instead of comparing with each. */
function isIn(argument: Value, compiler: Compiler, name: string): Evaluate {
  const general = binaryOperator((value, list, { environment }) => {
    if (!Array.isArray(list))
      throw new CommandError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
    return list.some((element) => environment.ordering.equal(element, value));
  })(argument, compiler, name);
  const [wanted, list] = argumentsOf(argument);
  const plain = Array.isArray(list) && list.length > 16 && list.every((one) => typeof one !== 'object' && !isPath(one));
  if (!plain) return general;
  const { ordering } = compiler.environment;
  const keys = new Set(list.map((one) => ordering.key(one)));
  const evaluate = compiler.compile(wanted);
  return (scope) => {
    const value = evaluate(scope);
    return value !== undefined && keys.has(ordering.key(value));
  };
}

const isPath = (value: Value) => typeof value === 'string' && value.startsWith('$');

/** Arrays. */
export const arrayOperators: Operators = {
  $size: unaryOperator((list) => {
    if (!Array.isArray(list))
      throw new CommandError(17124, `The argument to $size must be an array, but was of type: ${typeName(list)}`);
    return list.length;
  }),
  $in: isIn,
  $arrayElemAt: binaryOperator(elementAt),
  $first: end(false),
  $last: end(true),
  $concatArrays: listOperator(concatArrays),
  $isArray: unaryOperator((value) => Array.isArray(value)),
  $map: map,
  $filter: filter,
  $reduce: reduce,
  $slice: listOperator(slice, 2, 3),
  $range: listOperator(range, 2, 3),
  $reverseArray: unaryOperator((list) => {
    if (missing(list)) return null;
    if (!Array.isArray(list))
      throw new CommandError(
        34435,
        `The argument to $reverseArray must be an array, but was of type: ${typeName(list)}`,
      );
    return [...list].reverse();
  }),
  $sortArray: sortArray,
  $indexOfArray: listOperator(
    ([list, value, from, to], { environment }, name) => {
      if (missing(list)) return null;
      if (!Array.isArray(list))
        throw new CommandError(40090, `$indexOfArray requires an array as a first argument, found: ${typeName(list)}`);
      const start = from === undefined ? 0 : position(from, name, 'starting index');
      const last = to === undefined ? list.length : Math.min(list.length, position(to, name, 'ending index'));
      for (let i = start; i < last; i++) if (environment.ordering.equal(list[i], value)) return i;
      return -1;
    },
    2,
    4,
  ),
  $zip: zip,
};
