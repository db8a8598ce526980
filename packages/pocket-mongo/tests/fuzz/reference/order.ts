import {
  Binary,
  BSONRegExp,
  Code,
  type Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { type Doc, isNumber, type Missing, type Value } from './values.js';

/** "Comparison/Sort Order" in MongoDB's manual; a missing field counts as less than null. */
export function typeOrder(value: Value | Missing): number {
  if (value instanceof MinKey) return 0;
  if (value === undefined) return 1;
  if (value === null) return 2;
  if (isNumber(value)) return 3;
  if (typeof value === 'string') return 4;
  if (Array.isArray(value)) return 6;
  if (value instanceof Binary) return 7;
  if (value instanceof ObjectId) return 8;
  if (typeof value === 'boolean') return 9;
  if (value instanceof Date) return 10;
  if (value instanceof Timestamp) return 11;
  if (value instanceof BSONRegExp) return 12;
  if (value instanceof Code) return value.scope ? 14 : 13;
  if (value instanceof MaxKey) return 15;
  return 5;
}

/** A fraction, or what is no number of the line: NaN below everything, the infinities at the ends. */
type Exact = { at: 'nan' | 'low' | 'high' } | { at: 'line'; over: bigint; under: bigint };

export function exactValue(value: Int32 | Long | Double | Decimal128): Exact {
  if (value instanceof Int32) return { at: 'line', over: BigInt(value.value), under: 1n };
  if (value instanceof Long) return { at: 'line', over: value.toBigInt(), under: 1n };
  if (value instanceof Double) return exactDouble(value.value);
  return exactDecimal(value.toString());
}

function exactDouble(value: number): Exact {
  if (Number.isNaN(value)) return { at: 'nan' };
  if (!Number.isFinite(value)) return { at: value > 0 ? 'high' : 'low' };
  // Sign, exponent and fraction as IEEE 754 lays them out.
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const raw = view.getBigUint64(0);
  const power = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & ((1n << 52n) - 1n);
  const digits = (power === 0 ? fraction : fraction + (1n << 52n)) * (raw >> 63n ? -1n : 1n);
  const shift = Math.max(power, 1) - 1075;
  return shift >= 0
    ? { at: 'line', over: digits << BigInt(shift), under: 1n }
    : { at: 'line', over: digits, under: 1n << BigInt(-shift) };
}

function exactDecimal(text: string): Exact {
  if (text === 'NaN') return { at: 'nan' };
  if (text.endsWith('Infinity')) return { at: text.startsWith('-') ? 'low' : 'high' };
  const [mantissa = '', power = '0'] = text.split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = BigInt(`${whole}${fraction}`.replace('-', '')) * (mantissa.startsWith('-') ? -1n : 1n);
  const shift = Number(power) - fraction.length;
  return shift >= 0
    ? { at: 'line', over: digits * 10n ** BigInt(shift), under: 1n }
    : { at: 'line', over: digits, under: 10n ** BigInt(-shift) };
}

function compareNumbers(a: Int32 | Long | Double | Decimal128, b: Int32 | Long | Double | Decimal128): number {
  const places = ['nan', 'low', 'line', 'high'];
  const x = exactValue(a);
  const y = exactValue(b);
  if (x.at !== 'line' || y.at !== 'line') return places.indexOf(x.at) - places.indexOf(y.at);
  const [left, right] = [x.over * y.under, y.over * x.under];
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

function compareLists<T>(a: readonly T[], b: readonly T[], by: (x: T, y: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = by(a[i] as T, b[i] as T);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** The total order. Negative, zero or positive. */
export function compare(a: Value | Missing, b: Value | Missing): number {
  const byType = typeOrder(a) - typeOrder(b);
  if (byType !== 0) return byType;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (Array.isArray(a)) return compareLists(a, b as Value[], compare);
  if (a instanceof ObjectId) return Buffer.compare(a.id, (b as ObjectId).id);
  if (a instanceof Date) return a.getTime() - (b as Date).getTime();
  if (a instanceof Binary) {
    const other = b as Binary;
    const [x, y] = [Buffer.from(a.value()), Buffer.from(other.value())];
    return x.length - y.length || a.sub_type - other.sub_type || Buffer.compare(x, y);
  }
  if (a instanceof Timestamp) return a.t - (b as Timestamp).t || a.i - (b as Timestamp).i;
  if (a instanceof BSONRegExp) {
    const other = b as BSONRegExp;
    return compareText(a.pattern, other.pattern) || compareText(a.options, other.options);
  }
  if (a instanceof Code) {
    const other = b as Code;
    return compareText(a.code, other.code) || (a.scope ? compare(a.scope as Doc, other.scope as Doc) : 0);
  }
  if (a === null || a === undefined || a instanceof MinKey || a instanceof MaxKey) return 0;
  return compareLists(
    Object.entries(a),
    Object.entries(b as Doc),
    ([name, value], [otherName, other]) =>
      typeOrder(value) - typeOrder(other) || compareText(name, otherName) || compare(value, other),
  );
}

export function equal(a: Value | Missing, b: Value | Missing): boolean {
  return compare(a, b) === 0;
}
