import { nearest } from '../bson/numbers.js';
import { type Document, ObjectId, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Evaluate, Operator } from './operator.js';
import { compileNamed, missing, namedOperator, number } from './operators-basic.js';
import { addUnits, countUnits, format, isoWeek, type LocalTime, local, truncate, zoneOffset } from './time-zone.js';

function asDate(value: Value): Date {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date(value.t * 1000);
  throw new CommandError(16006, "can't convert to a date");
}

function zone(value: Value): string {
  return missing(value) ? 'UTC' : String(value);
}

/** A part of a date: `{ $year: date }` or `{ $year: { date, timezone } }`. */
function part(read: (time: LocalTime) => number): Operator {
  return (argument, compile) => {
    const named = typeof argument === 'object' && argument !== null && 'date' in argument;
    const fields: readonly (readonly [string, Evaluate])[] = named
      ? compileNamed(argument as Document, ['date', 'timezone'], compile)
      : [['date', compile(Array.isArray(argument) ? argument[0] : argument)]];
    return (scope) => {
      const values = Object.fromEntries(fields.map(([name, evaluate]) => [name, evaluate(scope)]));
      return missing(values.date) ? null : read(local(asDate(values.date), zone(values.timezone)));
    };
  };
}

function fromParts(values: Document): Value {
  const read = (name: string, otherwise: number) =>
    missing(values[name]) ? otherwise : nearest(number(values[name], '$dateFromParts'));
  if ('isoWeekYear' in values)
    throw new CommandError(238, '$dateFromParts by ISO week is not implemented by pocket-mongo');
  const utc = Date.UTC(
    read('year', 1970),
    read('month', 1) - 1,
    read('day', 1),
    read('hour', 0),
    read('minute', 0),
    read('second', 0),
    read('millisecond', 0),
  );
  return new Date(utc - zoneOffset(new Date(utc), zone(values.timezone), true));
}

function fromText(values: Document): Value {
  const { dateString, onNull, onError } = values;
  if (missing(dateString)) return onNull ?? null;
  if (values.format !== undefined)
    throw new CommandError(238, '$dateFromString with a format is not implemented by pocket-mongo');
  const text = String(dateString);
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  const parsed = new Date(hasZone || !/\d:\d/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(parsed.getTime())) {
    if (onError !== undefined) return onError;
    throw new CommandError(241, `Error parsing date string '${text}'`);
  }
  return hasZone ? parsed : new Date(parsed.getTime() - zoneOffset(parsed, zone(values.timezone), true));
}

function shift(sign: 1 | -1): Operator {
  return namedOperator(['startDate', 'unit', 'amount', 'timezone'], ({ startDate, unit, amount, timezone }) => {
    if (missing(startDate) || missing(unit) || missing(amount)) return null;
    return addUnits(asDate(startDate), String(unit), sign * nearest(number(amount, '$dateAdd')), zone(timezone));
  });
}

/** Dates, with time zones by Intl. */
export const dateOperators: Readonly<Record<string, Operator>> = {
  $year: part((time) => time.year),
  $month: part((time) => time.month),
  $dayOfMonth: part((time) => time.day),
  $hour: part((time) => time.hour),
  $minute: part((time) => time.minute),
  $second: part((time) => time.second),
  $millisecond: part((time) => time.millisecond),
  $dayOfWeek: part((time) => time.weekday + 1),
  $isoDayOfWeek: part((time) => time.weekday || 7),
  $dayOfYear: part((time) => time.dayOfYear),
  $isoWeek: part((time) => isoWeek(time).week),
  $isoWeekYear: part((time) => isoWeek(time).year),
  $dateToString: namedOperator(['date', 'format', 'timezone', 'onNull'], (values) => {
    if (missing(values.date)) return values.onNull ?? null;
    const pattern = missing(values.format) ? undefined : String(values.format);
    return format(asDate(values.date), zone(values.timezone), pattern);
  }),
  $dateFromParts: namedOperator(
    [
      'year',
      'month',
      'day',
      'hour',
      'minute',
      'second',
      'millisecond',
      'timezone',
      'isoWeekYear',
      'isoWeek',
      'isoDayOfWeek',
    ],
    fromParts,
  ),
  $dateFromString: namedOperator(['dateString', 'format', 'timezone', 'onError', 'onNull'], fromText),
  $dateToParts: namedOperator(['date', 'timezone'], ({ date, timezone }) => {
    if (missing(date)) return null;
    const { year, month, day, hour, minute, second, millisecond } = local(asDate(date), zone(timezone));
    return { year, month, day, hour, minute, second, millisecond };
  }),
  $dateAdd: shift(1),
  $dateSubtract: shift(-1),
  $dateDiff: namedOperator(
    ['startDate', 'endDate', 'unit', 'timezone', 'startOfWeek'],
    ({ startDate, endDate, unit, timezone, startOfWeek }) => {
      if (missing(startDate) || missing(endDate)) return null;
      return BigInt(
        countUnits(asDate(startDate), asDate(endDate), String(unit), zone(timezone), weekStart(startOfWeek)),
      );
    },
  ),
  $dateTrunc: namedOperator(
    ['date', 'unit', 'binSize', 'timezone', 'startOfWeek'],
    ({ date, unit, binSize, timezone, startOfWeek }) => {
      if (missing(date) || missing(unit)) return null;
      const bin = missing(binSize) ? 1 : nearest(number(binSize, '$dateTrunc'));
      return truncate(asDate(date), String(unit), bin, zone(timezone), weekStart(startOfWeek));
    },
  ),
};

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

function weekStart(value: Value): number {
  if (missing(value)) return 0;
  const day = WEEKDAYS.indexOf(String(value).toLowerCase().slice(0, 3));
  if (day < 0) throw new CommandError(5439015, `startOfWeek '${String(value)}' is not a day of the week`);
  return day;
}
