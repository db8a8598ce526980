import { difference, integer, product, quotient, remainder, sumOf } from '../bson/arithmetic.js';
import { isInteger, isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import { BsonType, bsonType, Decimal128, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import {
  binaryOperator,
  listOperator,
  missing,
  type Operator,
  type Operators,
  typeName,
  unaryOperator,
} from './operator.js';
import { floatOperators } from './operators-float.js';
import { ceiling, rounding } from './rounding.js';

/** A number, or error 14 with the operator's name. */
export function number(value: Value, operator: string): Numeric {
  if (!isNumeric(value)) throw new CommandError(14, `${operator} only supports numeric types, not ${typeName(value)}`);
  return value;
}

/** A function of one number; null of nothing. */
export function numeric(apply: (value: Numeric, name: string) => Value): Operator {
  return unaryOperator((value, _, name) => {
    if (missing(value)) return null;
    if (!isNumeric(value)) throw new CommandError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    return apply(value, name);
  });
}

/** A date moved by a number of milliseconds, rounded. */
function moved(date: Date, by: Numeric, name: string): Date {
  const time = date.getTime() + Math.round(nearest(by));
  if (!Number.isFinite(time)) throw new CommandError(15, `date overflow in ${name}`);
  return new Date(time);
}

function addAll(values: Value[], name: string): Value {
  let sum: Numeric = 0;
  let date: Date | undefined;
  let nothing = false;
  for (const value of values) {
    if (missing(value)) nothing = true;
    else if (value instanceof Date) {
      if (date) throw new CommandError(16612, 'only one date allowed in an $add expression');
      date = value;
    } else if (isNumeric(value)) sum = sumOf(sum, value);
    else throw new CommandError(14, `${name} only supports numeric or date types, not ${typeName(value)}`);
  }
  if (nothing) return null;
  return date ? moved(date, sum, name) : sum;
}

function subtract(a: Value, b: Value): Value {
  if (missing(a) || missing(b)) return null;
  if (isNumeric(a) && isNumeric(b)) return difference(a, b);
  if (a instanceof Date) {
    if (b instanceof Date) return BigInt(a.getTime() - b.getTime());
    if (isNumeric(b)) return moved(a, difference(0, b), '$subtract');
    throw new CommandError(14, `can't $subtract ${typeName(b)} from Date`);
  }
  throw new CommandError(14, `can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function multiplyAll(values: Value[], name: string): Value {
  let result: Numeric = 1;
  let nothing = false;
  for (const value of values) {
    if (missing(value)) nothing = true;
    else result = product(result, number(value, name));
  }
  return nothing ? null : result;
}

function divide(a: Value, b: Value): Value {
  if (isNumeric(a) && isNumeric(b)) {
    if (nearest(b) === 0) throw new CommandError(2, "can't $divide by zero");
    return quotient(a, b);
  }
  if (missing(a) || missing(b)) return null;
  throw new CommandError(14, `$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

function modulo(a: Value, b: Value): Value {
  if (isNumeric(a) && isNumeric(b)) {
    if (nearest(b) === 0) throw new CommandError(16610, "can't $mod by zero");
    return remainder(a, b);
  }
  if (missing(a) || missing(b)) return null;
  throw new CommandError(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

function absolute(value: Numeric): Value {
  if (isInteger(value)) {
    const whole = BigInt(value);
    if (whole === -(2n ** 63n)) throw new CommandError(28680, "can't take $abs of long long min");
    return integer(whole < 0n ? -whole : whole, typeof value === 'bigint');
  }
  if (value instanceof Decimal128) {
    const text = value.toString();
    return text.startsWith('-') ? Decimal128.fromString(text.slice(1)) : value;
  }
  const double = nearest(value);
  return double < 0 || Object.is(double, -0) ? difference(0, value) : value;
}

/** `$bitAnd` and its kin: of int32 an int32, with any int64 an int64. */
function bitwise(start: bigint, step: (a: bigint, b: bigint) => bigint): Operator {
  return listOperator((values, _, name) => {
    let result = start;
    let wide = false;
    let nothing = false;
    for (const value of values) {
      if (missing(value)) nothing = true;
      else result = step(result, BigInt(bits(value, name)));
      wide ||= typeof value === 'bigint';
    }
    return nothing ? null : integer(result, wide);
  });
}

function bits(value: Value, name: string): number | bigint {
  const type = bsonType(value);
  if (type !== BsonType.int && type !== BsonType.long)
    throw new CommandError(14, `${name} only supports int and long operands, not: ${typeName(value)}.`);
  return value as number | bigint;
}

/** Arithmetic. */
export const arithmeticOperators: Operators = {
  $add: listOperator((values, _, name) => addAll(values, name)),
  $subtract: binaryOperator(subtract),
  $multiply: listOperator((values, _, name) => multiplyAll(values, name)),
  $divide: binaryOperator(divide),
  $mod: binaryOperator(modulo),
  $abs: numeric(absolute),
  $ceil: numeric((value) => ceiling(value, 'up')),
  $floor: numeric((value) => ceiling(value, 'down')),
  $round: rounding('even'),
  $trunc: rounding('zero'),
  $bitAnd: bitwise(-1n, (a, b) => a & b),
  $bitOr: bitwise(0n, (a, b) => a | b),
  $bitXor: bitwise(0n, (a, b) => a ^ b),
  $bitNot: unaryOperator((value, _, name) => {
    if (missing(value)) return null;
    const whole = bits(value, name);
    return integer(~BigInt(whole), typeof whole === 'bigint');
  }),
  $isNumber: unaryOperator(isNumeric),
  $rand: (argument) => {
    const empty = Array.isArray(argument) ? argument.length === 0 : Object.keys(argument ?? {}).length === 0;
    if (!empty || typeof argument !== 'object')
      throw new CommandError(3040501, '$rand does not currently accept arguments');
    return () => {
      const value = Math.random();
      return value === 0 ? Number.MIN_VALUE : value;
    };
  },
  ...floatOperators,
};
