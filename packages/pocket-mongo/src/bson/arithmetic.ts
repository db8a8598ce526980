import {
  align,
  decimalExact,
  decimalOf,
  type Exact,
  exact,
  isInteger,
  type Numeric,
  nearest,
  toDecimal,
} from './numbers.js';
import { Decimal128, Double, isInt32, toDouble } from './values.js';

/** Arithmetic of expressions: int32 grows into int64 and that into double, decimals are exact to 34 digits. */

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** An integer in the narrowest type: at least int64 when `wide`, a double when it fits nowhere else. */
export function integer(value: bigint, wide: boolean): Numeric {
  if (!fitsInt64(value)) return toDouble(Number(value));
  const number = Number(value);
  return !wide && isInt32(number) ? number : value;
}

export function isDecimal(value: Numeric): value is Decimal128 {
  return value instanceof Decimal128;
}

function calculate(
  a: Numeric,
  b: Numeric,
  onExact: (x: Exact, y: Exact) => Exact,
  onDouble: (x: number, y: number) => number,
): Numeric {
  if (isDecimal(a) || isDecimal(b)) {
    const x = decimalExact(a);
    const y = decimalExact(b);
    return x && y ? toDecimal(onExact(x, y)) : decimalOf(toDouble(onDouble(nearest(a), nearest(b))));
  }
  if (!isInteger(a) || !isInteger(b)) return toDouble(onDouble(nearest(a), nearest(b)));
  if (typeof a === 'number' && typeof b === 'number') {
    const fast = onDouble(a, b);
    if (isInt32(fast)) return fast;
  }
  const { digits } = onExact({ digits: BigInt(a), exponent: 0 }, { digits: BigInt(b), exponent: 0 });
  return integer(digits, typeof a === 'bigint' || typeof b === 'bigint');
}

export function sumOf(a: Numeric, b: Numeric): Numeric {
  return calculate(a, b, addExact, (x, y) => x + y);
}

export function addExact(x: Exact, y: Exact): Exact {
  const [p, q, exponent] = align(x, y);
  return { digits: p + q, exponent };
}

export function difference(a: Numeric, b: Numeric): Numeric {
  return calculate(
    a,
    b,
    (x, y) => addExact(x, { digits: -y.digits, exponent: y.exponent }),
    (x, y) => x - y,
  );
}

export function product(a: Numeric, b: Numeric): Numeric {
  return calculate(
    a,
    b,
    (x, y) => ({ digits: x.digits * y.digits, exponent: x.exponent + y.exponent }),
    (x, y) => x * y,
  );
}

/** A double, or a decimal where one of the two is. The divisor must not be zero. */
export function quotient(a: Numeric, b: Numeric): Numeric {
  if (!isDecimal(a) && !isDecimal(b)) return toDouble(nearest(a) / nearest(b));
  const x = decimalExact(a);
  const y = decimalExact(b);
  if (!x || !y) return decimalOf(toDouble(nearest(a) / nearest(b)));
  return toDecimal(divideExact(x, y));
}

const length = (digits: bigint) => (digits < 0n ? -digits : digits).toString().length;

/** At least 36 digits of a quotient, the last one not zero where digits were cut, so that rounding is right. */
export function divideExact(x: Exact, y: Exact): Exact {
  const ideal = x.exponent - y.exponent;
  if (x.digits === 0n) return { digits: 0n, exponent: ideal };
  const shift = Math.max(0, 37 + length(y.digits) - length(x.digits));
  const scaled = x.digits * 10n ** BigInt(shift);
  let digits = scaled / y.digits;
  let exponent = ideal - shift;
  if (scaled % y.digits !== 0n) {
    const sticky = x.digits < 0n === y.digits < 0n ? 1n : -1n;
    return { digits: digits * 10n + sticky, exponent: exponent - 1 };
  }
  for (; exponent < ideal && digits % 10n === 0n; exponent++) digits /= 10n;
  return { digits, exponent };
}

/** The rest of a division, with the sign of `a`. The divisor must not be zero. */
export function remainder(a: Numeric, b: Numeric): Numeric {
  if (isDecimal(a) || isDecimal(b)) {
    const x = decimalExact(a);
    const y = decimalExact(b);
    if (!x || !y) return decimalOf(toDouble(nearest(a) % nearest(b)));
    const [p, q, exponent] = align(x, y);
    return toDecimal({ digits: p % q, exponent });
  }
  const whole = (value: Numeric) => isInteger(value) || Number.isInteger(nearest(value));
  if (!isInteger(a) || !whole(b)) return toDouble(nearest(a) % nearest(b));
  return integer(BigInt(a) % BigInt(isInteger(b) ? b : nearest(b)), typeof a === 'bigint' || typeof b === 'bigint');
}

export type Rounding = 'even' | 'zero' | 'up' | 'down';

/** Cuts an exact value to a number of decimal places; negative places are before the point. */
export function quantize(value: Exact, places: number, rounding: Rounding): Exact {
  const exponent = -places;
  if (value.exponent >= exponent) return { digits: value.digits * 10n ** BigInt(value.exponent - exponent), exponent };
  const unit = 10n ** BigInt(exponent - value.exponent);
  let digits = value.digits / unit;
  const rest = value.digits % unit;
  if (rest !== 0n) digits += rounded(digits, rest, unit, rounding);
  return { digits, exponent };
}

function rounded(digits: bigint, rest: bigint, unit: bigint, rounding: Rounding): bigint {
  if (rounding === 'zero') return 0n;
  if (rounding === 'up') return rest > 0n ? 1n : 0n;
  if (rounding === 'down') return rest < 0n ? -1n : 0n;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const away = rest < 0n ? -1n : 1n;
  return twice > unit || (twice === unit && digits % 2n !== 0n) ? away : 0n;
}

/** A sum as accumulators keep it: doubles with a second double for what was lost, integers and decimals exactly. */
export class Sum {
  private whole = 0n;
  private small = 0;
  private high = 0;
  private low = 0;
  private decimals: Exact = { digits: 0n, exponent: 0 };
  private special = 0;
  private type: 'int' | 'long' | 'double' | 'decimal' = 'int';
  count = 0;

  add(value: Numeric): void {
    this.count++;
    if (typeof value === 'number' && isInt32(value)) {
      this.small += value;
      if (this.small > 2 ** 52 || this.small < -(2 ** 52)) this.settle();
    } else if (typeof value === 'bigint') {
      this.whole += value;
      if (this.type === 'int') this.type = 'long';
    } else if (value instanceof Decimal128) {
      this.type = 'decimal';
      const given = exact(value);
      if (given) this.decimals = addExact(this.decimals, given);
      else this.special += nearest(value);
    } else {
      if (this.type !== 'decimal') this.type = 'double';
      this.addDouble(value instanceof Double ? value.value : (value as number));
    }
  }

  private settle(): void {
    this.whole += BigInt(this.small);
    this.small = 0;
  }

  private addDouble(value: number): void {
    if (!Number.isFinite(value)) {
      this.special += value;
      return;
    }
    const sum = this.high + value;
    const back = sum - this.high;
    this.low += this.high - (sum - back) + (value - back);
    this.high = sum;
  }

  private get isSpecial(): boolean {
    return this.special !== 0;
  }

  /** The sum, exactly. */
  private total(): Exact {
    this.settle();
    const whole = { digits: this.whole, exponent: 0 };
    const doubles = [this.high, this.low].map((part) => exact(toDouble(part)) ?? { digits: 0n, exponent: 0 });
    return [...doubles, this.decimals].reduce(addExact, whole);
  }

  get isDecimal(): boolean {
    return this.type === 'decimal';
  }

  private asDouble(): number {
    if (this.isSpecial) return this.special;
    this.settle();
    if (this.whole === 0n) return this.high + this.low;
    const whole = Number(this.whole);
    this.addDouble(whole);
    this.addDouble(Number(this.whole - BigInt(whole)));
    this.whole = 0n;
    return this.high + this.low;
  }

  result(): Numeric {
    if (this.type === 'decimal')
      return this.isSpecial ? Decimal128.fromString(String(this.special)) : toDecimal(this.total());
    if (this.type === 'double') return toDouble(this.asDouble());
    this.settle();
    return integer(this.whole, this.type === 'long');
  }

  /** The average; null of nothing. */
  average(): Numeric | null {
    if (this.count === 0) return null;
    if (this.type !== 'decimal') return toDouble(this.asDouble() / this.count);
    if (this.isSpecial) return Decimal128.fromString(String(this.special));
    return toDecimal(divideExact(this.total(), { digits: BigInt(this.count), exponent: 0 }));
  }
}
