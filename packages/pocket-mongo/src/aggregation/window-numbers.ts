import { difference, product, quotient, sumOf } from '../bson/arithmetic.js';
import { decimalOf, isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import { Decimal128, type Document, isDocument, toDouble, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { checkUnit, unitLength } from '../query/date-units.js';
import type { Environment } from '../query/environment.js';
import { compileExpression } from '../query/expression.js';
import { typeName } from '../query/operator.js';
import type { MakeAccumulator } from './accumulator.js';
import { Beat } from './stage.js';
import { compileWindow, distance } from './window-bounds.js';
import type { CompileWindowFunction, Partition, WindowContext, WindowFunction } from './window-function.js';

function failed(why: string): CommandError {
  return new CommandError(9, why);
}

/** `{ input, unit }` of `$derivative` and `$integral`, with the milliseconds of the unit. */
function rateSpec(argument: Value, { name, sortBy }: WindowContext): { input: Value; unit: number | undefined } {
  if (!isDocument(argument)) throw failed(`${name} expects an object, but got a ${typeName(argument)}`);
  for (const key of Object.keys(argument))
    if (key !== 'input' && key !== 'unit') throw failed(`${name} got unexpected argument: ${key}`);
  if (argument.input === undefined) throw failed(`${name} requires an 'input' expression`);
  if (!sortBy || Object.keys(sortBy).length !== 1) throw failed(`${name} requires a sortBy, of exactly one field`);
  if (argument.unit === undefined) return { input: argument.input, unit: undefined };
  if (typeof argument.unit !== 'string') throw failed(`${name} 'unit' must be a string`);
  const length = unitLength(checkUnit(argument.unit));
  if (length === undefined) throw new CommandError(5490704, "unit must be 'week' or smaller");
  return { input: argument.input, unit: length };
}

/** The value a row is sorted by, checked against the unit. */
function timeOf(partition: Partition, i: number, unit: number | undefined, name: string): Value {
  const value = partition.keys[i]?.[0];
  if (unit === undefined ? !isNumeric(value) : !(value instanceof Date))
    throw new CommandError(
      unit === undefined ? 5624902 : 5624901,
      unit === undefined
        ? `${name} (with no 'unit') expects the sortBy field to be numeric`
        : `${name} with 'unit' expects the sortBy field to be a Date`,
    );
  return value;
}

const numberOf = (value: Value): Numeric | null => (isNumeric(value) ? value : null);

const derivative: CompileWindowFunction = (argument, context) => {
  const { input, unit } = rateSpec(argument, context);
  if (context.window === undefined) throw failed('$derivative requires explicit window bounds');
  const { bounds } = compileWindow(context.window, context.sortBy, context.environment);
  const evaluate = compileExpression(input, context.environment);
  return function* run(partition) {
    const result: Value[] = [];
    for (let i = 0; i < partition.rows.length; i++) {
      const [from, to] = bounds(partition, i);
      result.push(to - from < 2 ? null : slope(partition, from, to - 1, evaluate, unit));
      if (i % 256 === 255) yield undefined;
    }
    return result;
  };
};

function slope(
  partition: Partition,
  first: number,
  last: number,
  evaluate: (row: Value) => Value,
  unit: number | undefined,
): Value {
  const [a, b] = [evaluate(partition.rows[first]), evaluate(partition.rows[last])];
  const run = distance(timeOf(partition, first, unit, '$derivative'), timeOf(partition, last, unit, '$derivative'));
  if (a === null || a === undefined || b === null || b === undefined) return null;
  if (!isNumeric(a) || !isNumeric(b)) throw new CommandError(5624903, `$derivative input must be a number`);
  if (nearest(run as number) === 0) return null;
  const rise = quotient(difference(b, a), run as number);
  return unit === undefined ? rise : product(rise, toDouble(unit));
}

const integral: CompileWindowFunction = (argument, context) => {
  const { input, unit } = rateSpec(argument, context);
  const { bounds } = compileWindow(context.window, context.sortBy, context.environment);
  const evaluate = compileExpression(input, context.environment);
  return function* run(partition) {
    const { rows } = partition;
    // The area from the first row up to each one, so that a window is a difference of two.
    const areas: Numeric[] = [];
    let area: Numeric = 0;
    for (let i = 0; i < rows.length; i++) {
      timeOf(partition, i, unit, '$integral');
      if (i > 0) area = sumOf(area, trapezoid(partition, i, evaluate));
      areas.push(area);
      if (i % 256 === 255) yield undefined;
    }
    return rows.map((_, i) => {
      const [from, to] = bounds(partition, i);
      if (to <= from) return null;
      const whole = difference(areas[to - 1] as Numeric, areas[from] as Numeric);
      return unit === undefined ? whole : quotient(whole, toDouble(unit));
    });
  };
};

function trapezoid(partition: Partition, i: number, evaluate: (row: Value) => Value): Numeric {
  const a = numberOf(evaluate(partition.rows[i - 1]));
  const b = numberOf(evaluate(partition.rows[i]));
  if (a === null || b === null) return 0;
  const width = distance(partition.keys[i - 1]?.[0], partition.keys[i]?.[0]) as Numeric;
  return quotient(product(sumOf(a, b), width), toDouble(2));
}

function alphaOf(argument: Document): Numeric {
  const names = Object.keys(argument);
  const both =
    "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field";
  if (names.length !== 2 || argument.input === undefined) throw failed(both);
  const { N: count, alpha } = argument;
  if (count !== undefined) {
    const n = isNumeric(count) ? nearest(count) : Number.NaN;
    if (!Number.isInteger(n)) throw failed("'N' field must be an integer");
    if (n <= 0) throw failed(`'N' must be greater than zero. Got ${n}`);
    return quotient(decimalOf(2), decimalOf(n + 1));
  }
  if (alpha === undefined) throw failed(both);
  if (!isNumeric(alpha)) throw failed("'alpha' must be a number");
  if (nearest(alpha) <= 0 || nearest(alpha) >= 1)
    throw failed(`'alpha' must be between 0 and 1 (exclusive), found alpha: ${nearest(alpha)}`);
  return decimalOf(alpha);
}

/** Computed in decimals; a decimal only where the input has one. */
const expMovingAvg: CompileWindowFunction = (argument, context) => {
  if (!isDocument(argument) || context.window !== undefined)
    throw failed('$expMovingAvg must have exactly one argument that is an object');
  const alpha = alphaOf(argument);
  if (!context.sortBy) throw failed("$expMovingAvg requires an explicit 'sortBy'");
  const evaluate = compileExpression(argument.input, context.environment);
  const rest = difference(decimalOf(1), alpha);
  return function* run({ rows }) {
    const result: Value[] = [];
    let last: Numeric | undefined;
    let decimal = false;
    for (const [i, row] of rows.entries()) {
      const value = evaluate(row);
      if (!isNumeric(value)) {
        result.push(null);
        continue;
      }
      decimal ||= value instanceof Decimal128;
      const current = decimalOf(value);
      last = last === undefined ? current : sumOf(product(alpha, current), product(rest, last));
      result.push(decimal ? last : toDouble(nearest(last)));
      if (i % 128 === 127) yield undefined;
    }
    return result;
  };
};

/** Two numbers per row; rows without both do not count. */
function covariance(sample: boolean): CompileWindowFunction {
  return (argument, context) => {
    if (!Array.isArray(argument) || argument.length !== 2)
      throw failed(`${context.name} expects an array of two expressions`);
    const [x, y] = argument.map((one) => compileExpression(one, context.environment));
    const window = compileWindow(context.window, context.sortBy, context.environment);
    const make: MakeAccumulator = () => new Covariance(x ?? (() => null), y ?? (() => null), sample);
    return function* run(partition) {
      const result: Value[] = [];
      const beat = new Beat();
      for (let i = 0; i < partition.rows.length; i++) {
        const [from, to] = window.bounds(partition, i);
        const one = make({});
        for (let at = from; at < to; at++) {
          one.add(partition.rows[at] as Document);
          if (beat.due) yield undefined;
        }
        result.push(one.result());
      }
      return result;
    };
  };
}

class Covariance {
  private count = 0;
  private meanX = 0;
  private meanY = 0;
  private products = 0;

  constructor(
    private readonly x: (row: Value) => Value,
    private readonly y: (row: Value) => Value,
    private readonly sample: boolean,
  ) {}

  add(row: Document): void {
    const [a, b] = [this.x(row), this.y(row)];
    if (!isNumeric(a) || !isNumeric(b)) return;
    const [x, y] = [nearest(a), nearest(b)];
    this.count++;
    const dx = x - this.meanX;
    this.meanX += dx / this.count;
    this.meanY += (y - this.meanY) / this.count;
    this.products += dx * (y - this.meanY);
  }

  result(): Value {
    const count = this.count - (this.sample ? 1 : 0);
    return count <= 0 ? null : toDouble(this.products / count);
  }
}

/** `$linearFill`: nulls between two numbers lie on the line between them. */
const linearFill: CompileWindowFunction = (argument, context): WindowFunction => {
  if (context.window !== undefined) throw failed("'window' field is not allowed in $linearFill");
  if (!context.sortBy || Object.keys(context.sortBy).length !== 1)
    throw new CommandError(
      605001,
      '$linearFill must be specified with a top level sortBy expression with exactly one sort key',
    );
  const evaluate = compileExpression(argument, context.environment);
  return function* run(partition) {
    const values = partition.rows.map((row) => filled(evaluate(row)));
    let known = -1;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === null) continue;
      if (known >= 0) interpolate(partition, values, known, i, context.environment);
      known = i;
      if (i % 256 === 255) yield undefined;
    }
    return values;
  };
};

function filled(value: Value): Numeric | null {
  if (value === null || value === undefined) return null;
  if (!isNumeric(value))
    throw new CommandError(605002, `Value to be filled must be numeric or nullish: ${typeName(value)}`);
  return value;
}

function interpolate(
  { keys }: Partition,
  values: (Numeric | null)[],
  from: number,
  to: number,
  { ordering }: Environment,
): void {
  const [start, end] = [keys[from]?.[0], keys[to]?.[0]];
  for (let at = from + 1; at < to; at++) {
    const here = keys[at]?.[0];
    if (!isNumeric(here) && !(here instanceof Date))
      throw new CommandError(6050106, `Field we are sorting by must be numeric or a date, found ${typeName(here)}`);
    if (ordering.compare(here, keys[at - 1]?.[0]) === 0)
      throw new CommandError(6050106, 'There can be no repeated values in the sort field');
    const part = quotient(distance(start, here) as Numeric, distance(start, end) as Numeric);
    const rise = difference(values[to] as Numeric, values[from] as Numeric);
    values[at] = sumOf(values[from] as Numeric, product(rise, part));
  }
}

/** The window functions that reckon. */
export const numericWindowFunctions: Readonly<Record<string, CompileWindowFunction>> = {
  $derivative: derivative,
  $integral: integral,
  $expMovingAvg: expMovingAvg,
  $covariancePop: covariance(false),
  $covarianceSamp: covariance(true),
  $linearFill: linearFill,
};
