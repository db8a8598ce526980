import { Code, Decimal128, Double, isInt32, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { typeName } from './operator.js';

/** A double as C writes it with the fewest digits that keep it: exponents of two digits at least, from 1e16 on. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(value, -0)) return '-0';
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text = String(value);
  // JavaScript writes 0.0000012 as it is, but never 1e-5 and above in exponents.
  return text;
}

export function numberText(value: number | bigint | Double | Decimal128): string {
  if (value instanceof Double) return doubleText(value.value);
  if (typeof value === 'number') return isInt32(value) ? String(value) : doubleText(value);
  return value.toString();
}

export function dateText(date: Date): string {
  return date.toISOString();
}

/** A value as the string operators read it: null and missing are empty. @throws CommandError 16007 */
export function plainText(value: Value): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return numberText(value);
  if (value instanceof Double || value instanceof Decimal128) return numberText(value);
  if (value instanceof Date) return dateText(value);
  if (value instanceof Code) return value.code;
  if (value instanceof Timestamp) return `Timestamp(${value.t}, ${value.i})`;
  throw new CommandError(16007, `can't convert from BSON type ${typeName(value)} to String`);
}
