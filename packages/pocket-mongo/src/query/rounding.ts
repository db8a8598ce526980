import { integer, quantize, type Rounding } from '../bson/arithmetic.js';
import { exact, isInteger, isNumeric, type Numeric, nearest, toDecimal } from '../bson/numbers.js';
import { Decimal128, toDouble, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { listOperator, missing, type Operator, typeName } from './operator.js';

/** `$ceil` and `$floor`; integers stay as they are. */
export function ceiling(value: Numeric, direction: 'up' | 'down'): Numeric {
  if (isInteger(value)) return value;
  if (!(value instanceof Decimal128))
    return toDouble(direction === 'up' ? Math.ceil(nearest(value)) : Math.floor(nearest(value)));
  const given = exact(value);
  return given ? toDecimal(quantize(given, 0, direction)) : value;
}

/** `$round` (half to even) and `$trunc`, to a decimal place; negative places are before the point. */
export function rounding(how: Rounding): Operator {
  return listOperator(
    ([value, place], _, name) => {
      if (missing(value)) return null;
      if (!isNumeric(value))
        throw new CommandError(51081, `${name} only supports numeric types, not ${typeName(value)}`);
      if (place === null) return null;
      const places = place === undefined ? 0 : checkPlaces(place, name);
      return places === undefined ? null : roundTo(value, places, how, name);
    },
    1,
    2,
  );
}

function checkPlaces(place: Value, name: string): number {
  const places = isNumeric(place) ? nearest(place) : Number.NaN;
  if (!Number.isInteger(places))
    throw new CommandError(51082, `precision argument to  ${name} must be a integral value`);
  if (places < -20 || places > 100)
    throw new CommandError(51083, `cannot apply ${name} with precision value ${places} value must be in [-20, 100]`);
  return places;
}

function roundTo(value: Numeric, places: number, how: Rounding, name: string): Numeric {
  const given = exact(value);
  if (!given) return value;
  if (isInteger(value)) {
    if (places >= 0) return value;
    const { digits, exponent } = quantize(given, places, how);
    const whole = integer(digits * 10n ** BigInt(exponent), typeof value === 'bigint');
    if (isInteger(whole)) return whole;
    throw new CommandError(51080, `invalid conversion from Decimal128 result in ${name} resulting from arguments`);
  }
  const result = quantize(given, places, how);
  if (value instanceof Decimal128) return result.digits.toString().length > 35 ? value : toDecimal(result);
  // A double has no more digits than this, and none would change.
  if (given.exponent >= -places) return value;
  const double = Number(`${result.digits}e${result.exponent}`);
  return toDouble(double === 0 && nearest(value) < 0 ? -0 : double);
}
