import { Sum } from '../bson/arithmetic.js';
import { isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import type { Ordering } from '../bson/ordering.js';
import { isDocument, isInt32, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import {
  type Compiler,
  type Evaluate,
  listOperator,
  missing,
  type Operator,
  type Operators,
  typeName,
} from './operator.js';
import { Deviation, fractionsOf, percentileSpec, percentiles } from './statistics.js';

/** One argument that is an array stands for its elements. */
function spread(values: readonly Value[]): readonly Value[] {
  return values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
}

function overNumbers(finish: (numbers: readonly Numeric[]) => Value): Operator {
  return listOperator((values) => finish(spread(values).filter(isNumeric)));
}

function sumOf(numbers: readonly Numeric[]): Sum {
  const sum = new Sum();
  for (const number of numbers) sum.add(number);
  return sum;
}

/** The greatest (1) or least (-1) value that is neither null nor missing. */
export function extreme(values: readonly Value[], direction: 1 | -1, ordering: Ordering): Value {
  let best: Value;
  for (const value of values)
    if (!missing(value) && (best === undefined || ordering.compare(value, best) * direction > 0)) best = value;
  return best ?? null;
}

function deviation(sample: boolean): Operator {
  return overNumbers((numbers) => {
    const result = new Deviation();
    for (const number of numbers) result.add(number);
    return result.result(sample);
  });
}

/** The `n` of `$firstN` and its kin: a positive whole number. */
export function wantedCount(value: Value): number {
  const count = isNumeric(value) ? nearest(value) : Number.NaN;
  if (!Number.isInteger(count))
    throw new CommandError(5787902, `Value for 'n' must be of integral type, but found ${typeName(value)}`);
  if (count <= 0) throw new CommandError(5787908, `'n' must be greater than 0, found ${count}`);
  return isInt32(count) ? count : Number.MAX_SAFE_INTEGER;
}

/** The arguments of `$firstN` and its kin. */
export function checkSeveral(argument: Value, name: string, names: readonly string[]): Readonly<Record<string, Value>> {
  if (!isDocument(argument))
    throw new CommandError(5787900, `specification must be an object; found ${name}: ${typeName(argument)}`);
  for (const key of Object.keys(argument))
    if (!names.includes(key)) throw new CommandError(5787901, `Unknown argument to ${name} '${key}'`);
  if (names.includes('n') && argument.n === undefined) throw new CommandError(5787906, `Missing value for 'n'`);
  if (names.includes('input') && argument.input === undefined)
    throw new CommandError(5787907, `Missing value for 'input'`);
  return argument;
}

function several(pick: (list: Value[], count: number, ordering: Ordering) => Value[]): Operator {
  return (argument: Value, compiler: Compiler, name: string): Evaluate => {
    const given = checkSeveral(argument, name, ['n', 'input']);
    const n = compiler.compile(given.n);
    const input = compiler.compile(given.input);
    return (scope) => {
      const count = wantedCount(n(scope));
      const list = input(scope);
      if (missing(list)) return null;
      if (!Array.isArray(list)) throw new CommandError(5788200, 'Input must be an array');
      return pick(list, count, scope.environment.ordering);
    };
  };
}

function ordered(direction: 1 | -1) {
  return (list: Value[], count: number, { compare }: Ordering) =>
    list
      .filter((value) => !missing(value))
      .sort((a, b) => compare(a, b) * direction)
      .slice(0, count);
}

function quantiles(name: '$median' | '$percentile'): Operator {
  return (argument, compiler) => {
    const given = percentileSpec(argument, name);
    const input = compiler.compile(given.input);
    const p = name === '$median' ? undefined : compiler.compile(given.p);
    return (scope) => {
      const value = input(scope);
      const numbers = (Array.isArray(value) ? value : [value]).filter(isNumeric);
      if (!p) return percentiles(numbers, [0.5])[0];
      return percentiles(numbers, fractionsOf(p(scope)));
    };
  };
}

/** The accumulators in their form outside `$group`: over a list of values. */
export const accumulatorOperators: Operators = {
  $sum: overNumbers((numbers) => sumOf(numbers).result()),
  $avg: overNumbers((numbers) => sumOf(numbers).average()),
  $min: listOperator((values, { environment }) => extreme(spread(values), -1, environment.ordering)),
  $max: listOperator((values, { environment }) => extreme(spread(values), 1, environment.ordering)),
  $stdDevPop: deviation(false),
  $stdDevSamp: deviation(true),
  $firstN: several((list, count) => list.slice(0, count)),
  $lastN: several((list, count) => (count >= list.length ? list : list.slice(-count))),
  $minN: several(ordered(1)),
  $maxN: several(ordered(-1)),
  $median: quantiles('$median'),
  $percentile: quantiles('$percentile'),
};
