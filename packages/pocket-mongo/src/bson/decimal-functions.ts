import { divideExact } from './arithmetic.js';
import type { Exact } from './numbers.js';

/**
 * Functions of decimals, to more digits than a Decimal128 holds: in fixed point, with `places` digits after the point.
 * Arguments are finite and in the function's domain.
 */

/** Digits after the point for results that are neither tiny nor huge. */
const PLACES = 90;

const digitsOf = (value: bigint) => (value < 0n ? -value : value).toString().length;

/** The power of ten of the first digit, plus one. */
function size(value: Exact): number {
  return value.digits === 0n ? 0 : digitsOf(value.digits) + value.exponent;
}

function toFixed(value: Exact, places: number): bigint {
  const shift = value.exponent + places;
  return shift >= 0 ? value.digits * 10n ** BigInt(shift) : value.digits / 10n ** BigInt(-shift);
}

const fromFixed = (digits: bigint, places: number): Exact => ({ digits, exponent: -places });

/** Enough places for the small result of a small argument. */
function placesFor(value: Exact): number {
  return PLACES + Math.max(0, -size(value)) * 2;
}

function rootOf(value: bigint): bigint {
  if (value < 2n) return value;
  let x = 10n ** BigInt(Math.ceil(digitsOf(value) / 2));
  for (;;) {
    const next = (x + value / x) / 2n;
    if (next >= x) return x;
    x = next;
  }
}

export function sqrtExact(value: Exact): Exact {
  const places = PLACES + Math.max(0, Math.ceil(-size(value) / 2));
  const fixed = toFixed(value, 2 * places);
  const digits = rootOf(fixed);
  if (digits * digits !== fixed) return fromFixed(digits * 10n + 1n, places + 1);
  let exponent = -places;
  let short = digits;
  const ideal = Math.floor(value.exponent / 2);
  for (; exponent < ideal && short % 10n === 0n; exponent++) short /= 10n;
  return { digits: short, exponent };
}

/** Sums the series whose first term is given, until its terms vanish. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  let term = first;
  for (let n = 1n; term !== 0n; n++) {
    sum += term;
    term = next(term, n);
  }
  return sum;
}

/** Of a value between -1/2 and 1/2 or so. */
function arctangentSmall(x: bigint, one: bigint): bigint {
  const square = (x * x) / one;
  let power = x;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (-power * square) / one;
  }
  return sum;
}

function areaTangentSmall(x: bigint, one: bigint): bigint {
  const square = (x * x) / one;
  let power = x;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (power * square) / one;
  }
  return sum;
}

const pis = new Map<number, bigint>();
/** Machin's formula. */
export function piFixed(places: number): bigint {
  let pi = pis.get(places);
  if (pi === undefined) {
    const one = 10n ** BigInt(places + 10);
    pi = (16n * arctangentSmall(one / 5n, one) - 4n * arctangentSmall(one / 239n, one)) / 10n ** 10n;
    pis.set(places, pi);
  }
  return pi;
}

/** The logarithm of a value near 1. */
function logarithmFixed(value: bigint, one: bigint): bigint {
  let x = value;
  let doublings = 1n;
  for (let i = 0; i < 6; i++) {
    x = rootOf(x * one);
    doublings *= 2n;
  }
  return 2n * doublings * areaTangentSmall(((x - one) * one) / (x + one), one);
}

const tens = new Map<number, bigint>();
function logarithmOfTen(places: number): bigint {
  let found = tens.get(places);
  if (found === undefined) {
    found = logarithmFixed(10n ** BigInt(places + 11), 10n ** BigInt(places + 10)) / 10n ** 10n;
    tens.set(places, found);
  }
  return found;
}

export function lnExact(value: Exact): Exact {
  const places = PLACES;
  const power = size(value);
  const near = power === 0 || power === 1 ? 0 : power;
  const rest = { digits: value.digits, exponent: value.exponent - near };
  const digits = logarithmFixed(toFixed(rest, places), 10n ** BigInt(places));
  return fromFixed(digits + BigInt(near) * logarithmOfTen(places), places);
}

export function log10Exact(value: Exact): Exact {
  const text = value.digits.toString();
  if (/^10*$/.test(text)) return { digits: BigInt(text.length - 1 + value.exponent), exponent: 0 };
  return divideExact(lnExact(value), fromFixed(logarithmOfTen(PLACES), PLACES));
}

export function expExact(value: Exact): Exact {
  if (value.digits === 0n) return { digits: 1n, exponent: 0 };
  // Beyond this the result is out of a decimal's range.
  if (size(value) > 6) return value.digits > 0n ? { digits: 1n, exponent: 99_999 } : { digits: 1n, exponent: -99_999 };
  const places = PLACES;
  const one = 10n ** BigInt(places);
  const x = toFixed(value, places);
  const ten = logarithmOfTen(places);
  const power = x / ten;
  const rest = (x - power * ten) / 256n;
  let result = series(one, (term, n) => (term * rest) / one / n);
  for (let i = 0; i < 8; i++) result = (result * result) / one;
  return { digits: result, exponent: Number(power) - places };
}

function sineFixed(x: bigint, one: bigint): bigint {
  const square = (x * x) / one;
  return series(x, (term, n) => (-term * square) / one / (2n * n * (2n * n + 1n)));
}

export function sinExact(value: Exact): Exact {
  const places = placesFor(value) + Math.max(0, size(value));
  const one = 10n ** BigInt(places);
  const turn = 2n * piFixed(places);
  return fromFixed(sineFixed(toFixed(value, places) % turn, one), places);
}

export function cosExact(value: Exact): Exact {
  const places = placesFor(value) + Math.max(0, size(value));
  const quarter = fromFixed(piFixed(places) / 2n, places);
  return sinExact({ digits: toFixed(quarter, places) - toFixed(value, places), exponent: -places });
}

export function atanExact(value: Exact): Exact {
  const places = placesFor(value);
  const one = 10n ** BigInt(places);
  let x = toFixed(value, places);
  const negative = x < 0n;
  if (negative) x = -x;
  const inverted = x > one;
  if (inverted) x = (one * one) / x;
  // Two halvings of the angle make the series fast.
  for (let i = 0; i < 2; i++) x = (x * one) / (one + rootOf(one * one + x * x));
  let angle = 4n * arctangentSmall(x, one);
  if (inverted) angle = piFixed(places) / 2n - angle;
  return fromFixed(negative ? -angle : angle, places);
}

/** asin(x) = atan(x / sqrt(1 - x^2)), of -1 to 1. */
export function asinExact(value: Exact): Exact {
  const places = placesFor(value);
  const one = 10n ** BigInt(places);
  const x = toFixed(value, places);
  if (x === one || x === -one) return fromFixed((x < 0n ? -1n : 1n) * (piFixed(places) / 2n), places);
  return atanExact(divideExact(value, fromFixed(rootOf(one * one - x * x), places)));
}

export function acosExact(value: Exact): Exact {
  const places = placesFor(value);
  return fromFixed(piFixed(places) / 2n - toFixed(asinExact(value), places), places);
}

/** sinh and cosh by the exponential; of a tiny argument by the series, where the difference would lose all digits. */
export function sinhExact(value: Exact): Exact {
  if (size(value) < 1) {
    const places = placesFor(value);
    const one = 10n ** BigInt(places);
    const x = toFixed(value, places);
    const square = (x * x) / one;
    return fromFixed(
      series(x, (term, n) => (term * square) / one / (2n * n * (2n * n + 1n))),
      places,
    );
  }
  return halfOf(expExact(value), expExact(negated(value)), -1n);
}

export function coshExact(value: Exact): Exact {
  return halfOf(expExact(value), expExact(negated(value)), 1n);
}

export function tanhExact(value: Exact): Exact {
  return divideExact(sinhExact(value), coshExact(value));
}

function negated({ digits, exponent }: Exact): Exact {
  return { digits: -digits, exponent };
}

function halfOf(a: Exact, b: Exact, sign: bigint): Exact {
  const exponent = Math.min(a.exponent, b.exponent, 0);
  const digits =
    a.digits * 10n ** BigInt(a.exponent - exponent) + sign * b.digits * 10n ** BigInt(b.exponent - exponent);
  return { digits: digits * 5n, exponent: exponent - 1 };
}

/** asinh(x) = ln(x + sqrt(x^2 + 1)). */
export function asinhExact(value: Exact): Exact {
  const places = placesFor(value);
  const one = 10n ** BigInt(places);
  const x = toFixed(value, places);
  const positive = x < 0n ? -x : x;
  const result = toFixed(lnExact(fromFixed(positive + rootOf(x * x + one * one), places)), places);
  return fromFixed(x < 0n ? -result : result, places);
}

/** acosh(x) = ln(x + sqrt(x^2 - 1)), of 1 and more. */
export function acoshExact(value: Exact): Exact {
  const places = placesFor(value);
  const one = 10n ** BigInt(places);
  const x = toFixed(value, places);
  return lnExact(fromFixed(x + rootOf(x * x - one * one), places));
}

/** atanh(x) = ln((1 + x) / (1 - x)) / 2, inside -1 to 1. */
export function atanhExact(value: Exact): Exact {
  const places = placesFor(value);
  const one = 10n ** BigInt(places);
  const x = toFixed(value, places);
  const ratio = divideExact(fromFixed(one + x, places), fromFixed(one - x, places));
  const { digits, exponent } = lnExact(ratio);
  return { digits: digits * 5n, exponent: exponent - 1 };
}
