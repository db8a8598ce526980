import { CommandError } from '../errors.js';
import { Decimal128, Double, isInt32, toDouble, type Value } from './values.js';

/** A finite decimal number: digits * 10^exponent. */
export interface Exact {
  digits: bigint;
  exponent: number;
}

export type Numeric = number | bigint | Double | Decimal128;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
/** Decimal128 carries 34 digits. */
const DECIMAL_DIGITS = 10n ** 34n;

export function isNumeric(value: Value): value is Numeric {
  return (
    typeof value === 'number' || typeof value === 'bigint' || value instanceof Double || value instanceof Decimal128
  );
}

/** The exact decimal value of a number; undefined for NaN and the infinities. */
export function exact(value: Numeric): Exact | undefined {
  if (typeof value === 'bigint') return { digits: value, exponent: 0 };
  if (value instanceof Decimal128) return parseExact(value.toString());
  const number = typeof value === 'number' ? value : value.value;
  return Number.isFinite(number) ? exactDouble(number) : undefined;
}

function parseExact(text: string): Exact | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(text);
  if (!match) return undefined;
  const [, sign, whole, fraction = '', power = '0'] = match;
  const digits = BigInt(`${whole}${fraction}`);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length };
}

/** A double is an integer times a power of two, and a negative power of two has finitely many decimal digits. */
function exactDouble(value: number): Exact {
  if (Number.isInteger(value)) return { digits: BigInt(value), exponent: 0 };
  let scaled = value;
  let twos = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    twos++;
  }
  return { digits: BigInt(scaled) * 5n ** BigInt(twos), exponent: -twos };
}

export function align(a: Exact, b: Exact): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [a.digits * 10n ** BigInt(a.exponent - exponent), b.digits * 10n ** BigInt(b.exponent - exponent), exponent];
}

function compareExact(a: Exact, b: Exact): number {
  if (a.exponent === b.exponent) return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
  const size = magnitude(a) - magnitude(b);
  const sign = (x: Exact) => (x.digits > 0n ? 1 : x.digits < 0n ? -1 : 0);
  if (sign(a) !== sign(b) || sign(a) === 0) return sign(a) - sign(b);
  if (size !== 0) return (size > 0 ? 1 : -1) * sign(a);
  const [x, y] = align(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The power of ten of the leading digit. */
function magnitude(value: Exact): number {
  const digits = value.digits < 0n ? -value.digits : value.digits;
  return digits === 0n ? -Infinity : digits.toString().length + value.exponent;
}

/** The nearest double. */
export function nearest(value: Numeric): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Double ? value.value : Number(value.toString());
}

/** Orders numbers of all types by value; NaN is the least and equals itself. */
export function compareNumbers(a: Numeric, b: Numeric): number {
  const x = nearest(a);
  const y = nearest(b);
  if (x < y) return -1;
  if (x > y) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : -1) : 1;
  if ((typeof a === 'number' || a instanceof Double) && (typeof b === 'number' || b instanceof Double)) return 0;
  const p = exact(a);
  const q = exact(b);
  if (p && q) return compareExact(p, q);
  if (!p && !q) return 0;
  // One is an infinity, the other a decimal too large for a double.
  return (p ? -1 : 1) * (x > 0 ? 1 : -1);
}

/**
 * How a number lies to its nearest double, and, where it is not equal, its decimal digits in a form that sorts:
 * what a key needs beyond the double itself.
 */
export function residual(value: bigint | Decimal128): {
  side: -1 | 0 | 1;
  exponent: number;
  digits: string;
  negative: boolean;
} {
  const none = { side: 0 as const, exponent: 0, digits: '', negative: false };
  const whole = exact(value);
  if (!whole) return none;
  const near = nearest(value);
  const side = Number.isFinite(near) ? compareExact(whole, exactDouble(near)) : near > 0 ? -1 : 1;
  if (side === 0) return none;
  const negative = whole.digits < 0n;
  const text = (negative ? -whole.digits : whole.digits).toString();
  return { side: side < 0 ? -1 : 1, exponent: text.length + whole.exponent, digits: text.replace(/0+$/, ''), negative };
}

/** The decimal nearest to an exact value, rounded half to even to 34 digits. */
export function toDecimal(value: Exact): Decimal128 {
  let { digits, exponent } = value;
  const negative = digits < 0n;
  if (negative) digits = -digits;
  let dropped = 0;
  while (digits / 10n ** BigInt(dropped) >= DECIMAL_DIGITS) dropped++;
  if (dropped > 0) {
    const unit = 10n ** BigInt(dropped);
    const rest = (digits % unit) * 2n;
    digits /= unit;
    if (rest > unit || (rest === unit && digits % 2n === 1n)) digits++;
    exponent += dropped;
  }
  return Decimal128.fromString(`${negative ? '-' : ''}${digits}E${exponent}`);
}

/** A number as a decimal the way MongoDB converts it: doubles rounded to 15 digits. */
export function decimalOf(value: Numeric): Decimal128 {
  if (value instanceof Decimal128) return value;
  const finite = decimalExact(value);
  return finite ? toDecimal(finite) : Decimal128.fromString(String(nearest(value)));
}

/** As `exact`, for arithmetic in decimals: of a double only 15 digits count. */
export function decimalExact(value: Numeric): Exact | undefined {
  if (value instanceof Decimal128 || isInteger(value)) return exact(value);
  const number = nearest(value);
  if (number === 0) return { digits: 0n, exponent: 0 };
  return Number.isFinite(number) ? parseExact(number.toExponential(14).toUpperCase()) : undefined;
}

function integerResult(value: bigint, wide: boolean): Numeric {
  if (value < INT64_MIN || value > INT64_MAX)
    throw new CommandError(2, 'Failed to apply arithmetic: the result does not fit into 64 bits');
  const number = Number(value);
  return !wide && isInt32(number) ? number : value;
}

/** True for int32 and int64. */
export function isInteger(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && isInt32(value));
}

/** The rules of `$inc` and `$mul`: the wider type wins, int32 grows into int64, int64 overflow is error 2. */
function arithmetic(
  a: Numeric,
  b: Numeric,
  onExact: (x: Exact, y: Exact) => Exact,
  onDouble: (x: number, y: number) => number,
): Numeric {
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    const x = decimalExact(a);
    const y = decimalExact(b);
    if (x && y) return toDecimal(onExact(x, y));
    return decimalOf(onDouble(nearest(a), nearest(b)));
  }
  if (isInteger(a) && isInteger(b)) {
    const fast = typeof a === 'number' && typeof b === 'number' ? onDouble(a, b) : Number.NaN;
    if (isInt32(fast)) return fast;
    const result = onExact({ digits: BigInt(a), exponent: 0 }, { digits: BigInt(b), exponent: 0 });
    return integerResult(result.digits, typeof a === 'bigint' || typeof b === 'bigint');
  }
  return toDouble(onDouble(nearest(a), nearest(b)));
}

export function add(a: Numeric, b: Numeric): Numeric {
  return arithmetic(
    a,
    b,
    (x, y) => {
      const [p, q, exponent] = align(x, y);
      return { digits: p + q, exponent };
    },
    (x, y) => x + y,
  );
}

export function multiply(a: Numeric, b: Numeric): Numeric {
  return arithmetic(
    a,
    b,
    (x, y) => ({ digits: x.digits * y.digits, exponent: x.exponent + y.exponent }),
    (x, y) => x * y,
  );
}
