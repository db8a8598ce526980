import { type Numeric, nearest } from '../bson/numbers.js';
import { type Document, isDocument, toDouble, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { typeName } from './operator.js';

/** The standard deviation of numbers as they come (Welford's way), always a double. */
export class Deviation {
  private count = 0;
  private mean = 0;
  private squares = 0;

  add(value: Numeric): void {
    const number = nearest(value);
    this.count++;
    const delta = number - this.mean;
    this.mean += delta / this.count;
    this.squares += delta * (number - this.mean);
  }

  /** Null when there are too few values. */
  result(sample: boolean): Value {
    const count = this.count - (sample ? 1 : 0);
    return count <= 0 ? null : toDouble(Math.sqrt(this.squares / count));
  }
}

/** The value at each fraction: one of the values themselves, as a double. */
export function percentiles(values: readonly Numeric[], fractions: readonly number[]): Value[] {
  const sorted = values.map(nearest).filter((value) => !Number.isNaN(value));
  if (sorted.length === 0) return fractions.map(() => null);
  const ordered = Float64Array.from(sorted).sort();
  return fractions.map((fraction) => {
    const rank = Math.max(0, Math.ceil(fraction * ordered.length) - 1);
    return toDouble(ordered[Math.min(rank, ordered.length - 1)] as number);
  });
}

/** The arguments of `$median` and `$percentile`, checked; `p` only for the latter. */
export function percentileSpec(argument: Value, name: string): Document {
  if (!isDocument(argument))
    throw new CommandError(7436100, `specification must be an object; found ${name}: ${typeName(argument)}`);
  const known = name === '$percentile' ? ['input', 'p', 'method'] : ['input', 'method'];
  for (const key of Object.keys(argument))
    if (!known.includes(key)) throw new CommandError(40415, `BSON field '${name}.${key}' is an unknown field.`);
  for (const key of known)
    if (argument[key] === undefined)
      throw new CommandError(40414, `BSON field '${name}.${key}' is missing but a required field`);
  if (argument.method !== 'approximate')
    throw badValue("Currently only 'approximate' can be used as percentile 'method'.");
  return argument;
}

/** The fractions of `$percentile`. @throws CommandError 7750301 to 7750303 */
export function fractionsOf(value: Value): number[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new CommandError(
      7750301,
      `The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: ${typeName(value)}`,
    );
  return value.map((one) => {
    const fraction = typeof one === 'object' && one !== null ? Number(one.valueOf()) : Number(one);
    if (typeof one === 'string' || typeof one === 'boolean' || one === null || Number.isNaN(fraction))
      throw new CommandError(
        7750302,
        `The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: ${typeName(one)}`,
      );
    if (fraction < 0 || fraction > 1)
      throw new CommandError(
        7750303,
        `The $percentile 'p' field must be an array of numbers from [0.0, 1.0], but found: ${fraction}`,
      );
    return fraction;
  });
}
