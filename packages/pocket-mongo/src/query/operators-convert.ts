import { fitsInt64 } from '../bson/arithmetic.js';
import { decimalOf, exact, isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import {
  Binary,
  Decimal128,
  type Document,
  isDocument,
  isInt32,
  ObjectId,
  Timestamp,
  toDouble,
  truthy,
  type Value,
} from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { binaryText, textBinary } from './binary-text.js';
import { parseDate } from './date-parser.js';
import {
  type Compiler,
  checkNamed,
  type Evaluate,
  missing,
  type Named,
  type Operator,
  type Operators,
  TYPE_NAMES,
  typeName,
  unaryOperator,
} from './operator.js';
import { dateText, numberText } from './text.js';

/** What a conversion wants beside the type. */
interface Target {
  readonly subtype: number;
  readonly format: Value;
}

const PLAIN_TARGET: Target = { subtype: 0, format: undefined };

function failed(why: string): CommandError {
  return new CommandError(241, `${why} in $convert with no onError value`);
}

function unsupported(value: Value, to: string): CommandError {
  return failed(`Unsupported conversion from ${typeName(value)} to ${to}`);
}

function whole(value: Value, to: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value))
      throw new CommandError(
        241,
        `Failed to parse number '${value}' in $convert with no onError value: ${value === '' ? 'No digits' : 'Did not consume whole string.'}`,
      );
    return BigInt(value.replace(/^\+/, ''));
  }
  if (value instanceof Date && to === 'long') return BigInt(value.getTime());
  if (!isNumeric(value)) throw unsupported(value, to);
  if (Number.isNaN(nearest(value))) throw failed('Attempt to convert NaN value to integer type');
  const given = exact(value);
  if (!given) throw failed('Attempt to convert infinity value to integer type');
  return given.exponent >= 0
    ? given.digits * 10n ** BigInt(Math.min(given.exponent, 40))
    : given.digits / 10n ** BigInt(-given.exponent);
}

function toInt(value: Value): Value {
  const result = whole(value, 'int');
  if (!isInt32(Number(result))) throw failed(`Conversion would overflow target type`);
  return Number(result);
}

function toLong(value: Value): Value {
  const result = whole(value, 'long');
  if (!fitsInt64(result)) throw failed(`Conversion would overflow target type`);
  return result;
}

const DOUBLE_TEXT = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)$/i;

function toFloat(value: Value): Value {
  if (typeof value === 'boolean') return toDouble(value ? 1 : 0);
  if (value instanceof Date) return toDouble(value.getTime());
  if (typeof value === 'string') return toDouble(parseDouble(value));
  if (!isNumeric(value)) throw unsupported(value, 'double');
  const near = nearest(value);
  if (value instanceof Decimal128 && !Number.isFinite(near) && exact(value))
    throw failed('Conversion would overflow target type');
  return toDouble(near);
}

function parseDouble(text: string): number {
  if (!DOUBLE_TEXT.test(text))
    throw new CommandError(
      241,
      `Failed to parse number '${text}' in $convert with no onError value: ${text === '' ? 'Empty string' : 'Did not consume whole string.'}`,
    );
  const sign = text.startsWith('-') ? -1 : 1;
  if (/inf/i.test(text)) return sign * Number.POSITIVE_INFINITY;
  if (/nan/i.test(text)) return Number.NaN;
  const result = Number(text);
  if (!Number.isFinite(result))
    throw new CommandError(241, `Failed to parse number '${text}' in $convert with no onError value: Out of range`);
  return result;
}

function toDecimal(value: Value): Value {
  if (typeof value === 'boolean') return decimalOf(value ? 1 : 0);
  if (value instanceof Date) return decimalOf(BigInt(value.getTime()));
  if (isNumeric(value)) return decimalOf(value);
  if (typeof value !== 'string') throw unsupported(value, 'decimal');
  try {
    return Decimal128.fromStringWithRounding(value);
  } catch {
    throw new CommandError(
      241,
      `Failed to parse number '${value}' in $convert with no onError value: Failed to parse string to decimal`,
    );
  }
}

function toText(value: Value, { format }: Target): Value {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Date) return dateText(value);
  if (value instanceof ObjectId) return value.toHexString();
  if (isNumeric(value)) return numberText(value);
  if (value instanceof Binary) return binaryText(value, format);
  throw unsupported(value, 'string');
}

function toDate(value: Value): Value {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date(value.t * 1000);
  if (typeof value === 'string') return parseDate(value, undefined);
  if (!isNumeric(value) || (typeof value === 'number' && isInt32(value))) throw unsupported(value, 'date');
  const time = whole(value as Numeric, 'date');
  if (!fitsInt64(time)) throw failed('Conversion would overflow target type');
  return new Date(Number(time));
}

function toObjectId(value: Value): Value {
  if (value instanceof ObjectId) return value;
  if (typeof value !== 'string') throw unsupported(value, 'objectId');
  if (/^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value);
  const why =
    value.length === 24
      ? 'Invalid character found in hex string'
      : `Invalid string length for parsing to OID, expected 24 but found ${value.length}`;
  throw new CommandError(241, `Failed to parse objectId '${value}' in $convert with no onError value: ${why}`);
}

function toBinary(value: Value, { subtype, format }: Target): Value {
  if (typeof value === 'string') return textBinary(value, format, subtype);
  if (!(value instanceof Binary)) throw unsupported(value, 'binData');
  if (value.sub_type !== subtype) throw failed('Conversions between different BinData subtypes are not supported');
  return value;
}

/** Conversions by the name of the wanted type; none is given null. */
const CONVERSIONS: Readonly<Record<string, (value: Value, target: Target) => Value>> = {
  int: toInt,
  long: toLong,
  double: toFloat,
  decimal: toDecimal,
  string: toText,
  bool: (value) => (typeof value === 'string' ? true : truthy(value)),
  date: toDate,
  objectId: toObjectId,
  binData: toBinary,
};

const CONVERT: Named = {
  required: { input: 9, to: 9 },
  optional: ['onError', 'onNull', 'format'],
  notObject: 9,
  unknown: 9,
};

function convert(argument: Value, compiler: Compiler, name: string): Evaluate {
  const given = checkNamed(argument, CONVERT, name);
  const compile = (value: Value) => (value === undefined ? undefined : compiler.compile(value));
  const input = compiler.compile(given.input);
  const to = isDocument(given.to) && 'type' in given.to ? undefined : compiler.compile(given.to);
  const type = to ? undefined : compile((given.to as Document).type);
  const subtype = to ? undefined : compile((given.to as Document).subtype);
  const format = compile(given.format);
  const onError = compile(given.onError);
  const onNull = compile(given.onNull);
  return (scope) => {
    const value = input(scope);
    const wanted = to ? to(scope) : type?.(scope);
    const typeOf = missing(wanted) ? null : targetType(wanted);
    if (missing(value)) return onNull ? onNull(scope) : null;
    if (typeOf === null) return null;
    try {
      const target = { subtype: subtypeOf(subtype?.(scope)), format: format?.(scope) };
      if (typeOf === 'binData' && !format && typeof value === 'string')
        throw new CommandError(4341115, "Format must be specified when converting from 'string' to 'binData'");
      const apply = CONVERSIONS[typeOf];
      if (!apply) throw unsupported(value, typeOf);
      return apply(value, target);
    } catch (error) {
      if (onError && error instanceof CommandError && error.code === 241) return onError(scope);
      throw error;
    }
  };
}

function subtypeOf(value: Value): number {
  if (missing(value)) return 0;
  const subtype = isNumeric(value) ? nearest(value) : Number.NaN;
  if (!Number.isInteger(subtype))
    throw new CommandError(4341108, "In $convert, numeric value for 'subtype' is not an integer");
  return subtype;
}

function targetType(to: Value): string {
  if (typeof to === 'string') {
    const known = [...TYPE_NAMES.values()].includes(to);
    if (!known) throw badValue(`Unknown type name: ${to}`);
    return to;
  }
  if (!isNumeric(to))
    throw new CommandError(9, `$convert's 'to' argument must be a string or number, but is ${typeName(to)}`);
  const name = TYPE_NAMES.get(nearest(to));
  if (name === undefined)
    throw new CommandError(9, `In $convert, numeric value for 'to' does not correspond to a BSON type: ${nearest(to)}`);
  return name;
}

function shorthand(apply: (value: Value, target: Target) => Value, target: Target = PLAIN_TARGET): Operator {
  return unaryOperator((value) => (missing(value) ? null : apply(value, target)));
}

/** Conversions between types. */
export const convertOperators: Operators = {
  $convert: convert,
  $toInt: shorthand(toInt),
  $toLong: shorthand(toLong),
  $toDouble: shorthand(toFloat),
  $toDecimal: shorthand(toDecimal),
  $toString: shorthand(toText, { subtype: 0, format: 'auto' }),
  $toBool: shorthand((value) => (typeof value === 'string' ? true : truthy(value))),
  $toDate: shorthand(toDate),
  $toObjectId: shorthand(toObjectId),
  $toUUID: shorthand(toBinary, { subtype: 4, format: 'uuid' }),
};
