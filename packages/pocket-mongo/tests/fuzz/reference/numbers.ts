import { Decimal128, Double, Int32, Long } from 'mongodb';

type Numeric = Int32 | Long | Double | Decimal128;

/** The result does not fit into 64 bits. */
export class Overflow extends Error {}

/** Digits times a power of ten, as a decimal is written. */
interface Decimal {
  digits: bigint;
  power: number;
}

const decimalOf = (value: Numeric): Decimal | number => {
  if (value instanceof Int32) return { digits: BigInt(value.value), power: 0 };
  if (value instanceof Long) return { digits: value.toBigInt(), power: 0 };
  if (value instanceof Double) return ofDouble(value.value);
  const text = value.toString();
  if (/[a-z]/i.test(text.replace('E', ''))) return Number(text);
  return parse(text);
};

function parse(text: string): Decimal {
  const [mantissa = '', power = '0'] = text.toUpperCase().split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), power: Number(power) - fraction.length };
}

/** A double becomes a decimal of 15 digits. */
function ofDouble(value: number): Decimal | number {
  if (!Number.isFinite(value)) return value;
  return value === 0 ? { digits: 0n, power: 0 } : parse(value.toExponential(14));
}

function decimal(
  a: Numeric,
  b: Numeric,
  exactly: (x: Decimal, y: Decimal) => Decimal,
  nearly: (x: number, y: number) => number,
): Decimal128 {
  const [x, y] = [decimalOf(a), decimalOf(b)];
  if (typeof x === 'number' || typeof y === 'number') {
    const plain = (one: Decimal | number) => (typeof one === 'number' ? one : Number(one.digits));
    return Decimal128.fromString(String(nearly(plain(x), plain(y))));
  }
  const { digits, power } = exactly(x, y);
  return Decimal128.fromString(`${digits}E${power}`);
}

/** The wider type wins: decimal, double, long, int; an int that grows too large becomes a long. */
function combine(
  a: Numeric,
  b: Numeric,
  whole: (x: bigint, y: bigint) => bigint,
  real: (x: number, y: number) => number,
): Numeric {
  const plain = (one: Numeric) => (one instanceof Double ? one.value : Number(one.toString()));
  if (a instanceof Double || b instanceof Double) return new Double(real(plain(a), plain(b)));
  const bits = (one: Numeric) => (one instanceof Long ? one.toBigInt() : BigInt((one as Int32).value));
  const result = whole(bits(a), bits(b));
  if (BigInt.asIntN(64, result) !== result) throw new Overflow();
  const narrow = a instanceof Int32 && b instanceof Int32 && BigInt.asIntN(32, result) === result;
  return narrow ? new Int32(Number(result)) : Long.fromBigInt(result);
}

export function add(a: Numeric, b: Numeric): Numeric {
  if (!(a instanceof Decimal128) && !(b instanceof Decimal128))
    return combine(
      a,
      b,
      (x, y) => x + y,
      (x, y) => x + y,
    );
  return decimal(
    a,
    b,
    (x, y) => {
      const power = Math.min(x.power, y.power);
      const scaled = (one: Decimal) => one.digits * 10n ** BigInt(one.power - power);
      return { digits: scaled(x) + scaled(y), power };
    },
    (x, y) => x + y,
  );
}

export function multiply(a: Numeric, b: Numeric): Numeric {
  if (!(a instanceof Decimal128) && !(b instanceof Decimal128))
    return combine(
      a,
      b,
      (x, y) => x * y,
      (x, y) => x * y,
    );
  return decimal(
    a,
    b,
    (x, y) => ({ digits: x.digits * y.digits, power: x.power + y.power }),
    (x, y) => x * y,
  );
}
