import { difference, sumOf } from '../bson/arithmetic.js';
import { isNumeric, nearest } from '../bson/numbers.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { addUnits, checkUnit } from '../query/date-units.js';
import type { Environment } from '../query/environment.js';
import { typeName } from '../query/operator.js';
import type { Partition } from './window-function.js';

/** The window of the row at `i`: from the first index to the second, which is outside. */
export type Bounds = (partition: Partition, i: number) => readonly [number, number];

/** Bounds, and what is known of them: a window that only grows need not be gathered anew for each row. */
export interface Window {
  readonly bounds: Bounds;
  readonly grows: boolean;
}

type End = 'unbounded' | 'current' | Value;

export const WHOLE: Window = { bounds: ({ rows }) => [0, rows.length], grows: true };

function failed(why: string): CommandError {
  return new CommandError(9, why);
}

/** Compiles the `window` of an output. */
export function compileWindow(window: Value, sortBy: Document | undefined, environment: Environment): Window {
  if (window === undefined) return WHOLE;
  if (!isDocument(window)) throw failed(`'window' field must be an object`);
  for (const key of Object.keys(window))
    if (!['documents', 'range', 'unit'].includes(key))
      throw failed(`'window' field can only contain 'documents', 'range' and 'unit', found '${key}'`);
  const { documents, range, unit } = window;
  if (documents !== undefined && range !== undefined)
    throw failed("Window bounds can specify either 'documents' or 'unit', not both.");
  if (documents !== undefined && unit !== undefined)
    throw failed("Window bounds can only specify 'unit' with range-based bounds.");
  if (documents !== undefined) return byDocuments(endsOf(documents, 'documents'), sortBy);
  if (range === undefined) {
    if (unit !== undefined) throw failed("Window bounds can only specify 'unit' with range-based bounds.");
    return WHOLE;
  }
  return byRange(endsOf(range, 'range'), unit, sortBy, environment);
}

function endsOf(value: Value, name: string): readonly [End, End] {
  if (!Array.isArray(value) || value.length !== 2) throw failed(`Window bounds must be a 2-element array: ${name}`);
  for (const one of value)
    if (!isNumeric(one) && one !== 'unbounded' && one !== 'current')
      throw failed(`Window bounds must be 'unbounded', 'current', or a number: ${typeName(one)}`);
  return [value[0], value[1]];
}

function offsetOf(end: End): number {
  if (end === 'current') return 0;
  const offset = nearest(end as number);
  if (!Number.isInteger(offset)) throw failed('Numeric document-based bounds must be an integer');
  return offset;
}

function byDocuments([low, high]: readonly [End, End], sortBy: Document | undefined): Window {
  if (low === 'unbounded' && high === 'unbounded') return WHOLE;
  if (!sortBy) throw failed('Document-based bounds require a sortBy');
  const from = low === 'unbounded' ? Number.NEGATIVE_INFINITY : offsetOf(low);
  const to = high === 'unbounded' ? Number.POSITIVE_INFINITY : offsetOf(high);
  if (from > to) throw failed(`Lower bound must not exceed upper bound: [${String(low)}, ${String(high)}]`);
  return {
    bounds: ({ rows }, i) => {
      const start = Math.min(Math.max(i + from, 0), rows.length);
      return [start, Math.max(start, Math.min(i + to + 1, rows.length))];
    },
    grows: low === 'unbounded',
  };
}

function byRange(
  [low, high]: readonly [End, End],
  unit: Value,
  sortBy: Document | undefined,
  { ordering }: Environment,
): Window {
  if (!sortBy || Object.keys(sortBy).length !== 1) throw failed('Range-based window require sortBy a single field');
  if (nearest(Object.values(sortBy)[0] as number) !== 1) throw failed('Range-based bounds require an ascending sortBy');
  if (unit !== undefined) {
    if (typeof unit !== 'string') throw failed("'unit' must be a string");
    checkUnit(unit);
  }
  const { compare } = ordering;
  return {
    grows: low === 'unbounded',
    bounds: ({ keys }, i) => {
      const value = keys[i]?.[0];
      checkRangeValue(value, unit);
      const at = (index: number) => keys[index]?.[0];
      const from = low === 'unbounded' ? undefined : shifted(value, low, unit);
      const to = high === 'unbounded' ? undefined : shifted(value, high, unit);
      const start = from === undefined ? 0 : search(keys.length, (index) => compare(at(index), from) >= 0);
      const end = to === undefined ? keys.length : search(keys.length, (index) => compare(at(index), to) > 0);
      return [start, Math.max(start, end)];
    },
  };
}

function checkRangeValue(value: Value, unit: Value): void {
  if (unit !== undefined) {
    if (!(value instanceof Date))
      throw new CommandError(
        5429513,
        `Invalid range: Expected the sortBy field to be a Date, but it was ${typeName(value)}`,
      );
  } else if (value instanceof Date) {
    throw new CommandError(5429414, 'Invalid range: For windows that involve date ranges, a unit must be provided.');
  } else if (!isNumeric(value)) {
    throw new CommandError(
      5429414,
      `Invalid range: Expected the sortBy field to be a number, but it was ${typeName(value)}`,
    );
  }
}

function shifted(value: Value, by: End, unit: Value): Value {
  if (by === 'current') return value;
  if (value instanceof Date) return addUnits(value, String(unit), nearest(by as number), 'UTC');
  return sumOf(value as number, by as number);
}

/** The first index that holds, or the length: `holds` is false up to it and true from there. */
function search(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How far two sort values are apart, in numbers or milliseconds. */
export function distance(from: Value, to: Value): Value {
  if (from instanceof Date && to instanceof Date) return to.getTime() - from.getTime();
  return difference(to as number, from as number);
}
