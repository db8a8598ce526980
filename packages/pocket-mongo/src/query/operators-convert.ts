import { isNumeric, nearest } from '../bson/numbers.js';
import { Decimal128, Double, isInt32, ObjectId, toDouble, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Operator } from './operator.js';
import { listOperator, missing, namedOperator, number, TYPE_NAMES, typeName } from './operators-basic.js';

function toWhole(value: Value, name: string): bigint | null {
  if (missing(value)) return null;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (value instanceof Date) return BigInt(value.getTime());
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) return BigInt(value);
  if (!isNumeric(value) || !Number.isFinite(nearest(value))) throw conversion(value, name);
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(nearest(value)));
}

function conversion(value: Value, to: string): CommandError {
  return new CommandError(
    241,
    `Unsupported conversion from ${typeName(value)} to ${to} in $convert with no onError value`,
  );
}

function toInt(value: Value): Value {
  const whole = toWhole(value, 'int');
  if (whole === null) return null;
  if (!isInt32(Number(whole)))
    throw new CommandError(241, 'Conversion would overflow target type in $convert with no onError value');
  return Number(whole);
}

function toFloat(value: Value): Value {
  if (missing(value)) return null;
  if (typeof value === 'boolean') return new Double(value ? 1 : 0);
  if (value instanceof Date) return toDouble(value.getTime());
  if (typeof value === 'string') {
    const parsed = value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isNaN(parsed))
      throw new CommandError(241, `Failed to parse number '${value}' in $convert with no onError value`);
    return toDouble(parsed);
  }
  return toDouble(nearest(number(value, '$toDouble')));
}

export function toText(value: Value): Value {
  if (missing(value)) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (isNumeric(value)) return value instanceof Double ? String(value.value) : value.toString();
  if (typeof value === 'boolean') return String(value);
  throw conversion(value, 'string');
}

function toDecimal(value: Value): Value {
  if (missing(value) || value instanceof Decimal128) return value ?? null;
  const text =
    typeof value === 'boolean'
      ? String(Number(value))
      : value instanceof Date
        ? String(value.getTime())
        : toText(value);
  return Decimal128.fromString(String(text));
}

function toDate(value: Value): Value {
  if (missing(value)) return null;
  const date =
    value instanceof ObjectId
      ? value.getTimestamp()
      : typeof value === 'string'
        ? new Date(value)
        : value instanceof Date
          ? value
          : new Date(nearest(number(value, '$toDate')));
  if (Number.isNaN(date.getTime())) throw new CommandError(241, `Error parsing date string '${String(value)}'`);
  return date;
}

function toObjectId(value: Value): Value {
  if (missing(value) || value instanceof ObjectId) return value ?? null;
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value);
  throw new CommandError(241, `Failed to parse objectId '${String(value)}' in $convert with no onError value`);
}

const toBool = (value: Value) => (missing(value) ? null : truthy(value));

const CONVERSIONS: Readonly<Record<string, (value: Value) => Value>> = {
  int: toInt,
  long: (value) => toWhole(value, 'long'),
  double: toFloat,
  decimal: toDecimal,
  string: toText,
  bool: toBool,
  date: toDate,
  objectId: toObjectId,
};

const convert = namedOperator(['input', 'to', 'onError', 'onNull'], ({ input, to, onError, onNull }) => {
  if (missing(input)) return onNull ?? null;
  const name = typeof to === 'string' ? to : TYPE_NAMES.get(nearest(number(to, '$convert')));
  const apply = name === undefined ? undefined : CONVERSIONS[name];
  if (!apply) throw new CommandError(2, `Unknown type name: ${String(to)}`);
  try {
    return apply(input);
  } catch (error) {
    if (onError !== undefined) return onError;
    throw error;
  }
});

/** Conversions between types. */
export const convertOperators: Readonly<Record<string, Operator>> = {
  $convert: convert,
  $toInt: listOperator(([value]) => toInt(value), 1),
  $toLong: listOperator(([value]) => toWhole(value, 'long'), 1),
  $toDouble: listOperator(([value]) => toFloat(value), 1),
  $toDecimal: listOperator(([value]) => toDecimal(value), 1),
  $toString: listOperator(([value]) => toText(value), 1),
  $toBool: listOperator(([value]) => toBool(value), 1),
  $toDate: listOperator(([value]) => toDate(value), 1),
  $toObjectId: listOperator(([value]) => toObjectId(value), 1),
};
