import { fitsInt64 } from '../bson/arithmetic.js';
import { isNumeric, nearest } from '../bson/numbers.js';
import { asNumber, type Document, isDocument, ObjectId, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { weekOfYear } from './date-format.js';
import { addUnits, checkUnit, countUnits, isUnit, truncate } from './date-units.js';
import {
  type Compiler,
  type Evaluate,
  missing,
  namedOperator,
  type Operator,
  type Operators,
  typeName,
} from './operator.js';
import { isoWeek, type LocalTime, local, zoneOffset } from './time-zone.js';

/** A date, or what carries one. @throws CommandError, by default 16006 */
export function asDate(value: Value, code = 16006, message?: string): Date {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date(value.t * 1000);
  throw new CommandError(code, message ?? `can't convert from BSON type ${typeName(value)} to Date`);
}

/** The zone of a `timezone` argument: UTC where it is not given, undefined where it is null. */
export function zoneOf(values: Document, code: number, name: string): string | undefined {
  if (!('timezone' in values)) return 'UTC';
  const { timezone } = values;
  if (missing(timezone)) return undefined;
  if (typeof timezone !== 'string')
    throw new CommandError(
      code,
      `${name} requires a string for the timezone argument, but was given a ${typeName(timezone)}`,
    );
  zoneOffset(0, timezone);
  return timezone;
}

/** A part of a date: `{ $year: date }` or `{ $year: { date, timezone } }`. */
function part(read: (time: LocalTime) => Value): Operator {
  return (argument: Value, compiler: Compiler, name: string): Evaluate => {
    const named = isDocument(argument) && !Object.keys(argument)[0]?.startsWith('$');
    const given: Document = named ? checkPart(argument, name) : { date: partArgument(argument, name) };
    const date = compiler.compile(given.date);
    const timezone = given.timezone === undefined ? undefined : compiler.compile(given.timezone);
    return (scope) => {
      const value = date(scope);
      const zone = timezone ? zoneOf({ timezone: timezone(scope) }, 40533, name) : 'UTC';
      if (missing(value) || zone === undefined) return null;
      return read(local(asDate(value), zone));
    };
  };
}

function checkPart(argument: Document, name: string): Document {
  for (const key of Object.keys(argument))
    if (key !== 'date' && key !== 'timezone') throw new CommandError(40535, `unrecognized option to ${name}: "${key}"`);
  if (argument.date === undefined) throw new CommandError(40539, `missing 'date' argument to ${name}`);
  return argument;
}

function partArgument(argument: Value, name: string): Value {
  if (!Array.isArray(argument)) return argument;
  if (argument.length !== 1)
    throw new CommandError(
      40536,
      `${name} accepts exactly one argument if given an array, but was given ${argument.length}`,
    );
  return argument[0];
}

function shift(sign: 1 | -1): Operator {
  const required = { startDate: 5166402, unit: 5166402, amount: 5166402 };
  const named = { required, optional: ['timezone'], notObject: 5166400, unknown: 5166401 };
  return namedOperator(named, (values, _, name) => {
    const { startDate, unit, amount } = values;
    const zone = zoneOf(values, 5166405, name);
    if (missing(startDate) || missing(unit) || missing(amount) || zone === undefined) return null;
    const start = asDate(startDate, 5166403, `${name} requires startDate to be convertible to a date`);
    if (typeof unit !== 'string') throw new CommandError(5166404, `${name} expects string defining the time unit`);
    checkUnit(unit);
    const count = isNumeric(amount) ? nearest(amount) : Number.NaN;
    if (!Number.isInteger(count)) throw new CommandError(5166405, `${name} expects integer amount of time units`);
    return addUnits(start, unit, sign * count, zone);
  });
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const WEEKDAY_NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** 0 is Sunday. */
function weekStart(value: Value, name: string): number {
  if (typeof value !== 'string')
    throw new CommandError(5439015, `${name} requires 'startOfWeek' to be a string, but got ${typeName(value)}`);
  const wanted = value.toLowerCase();
  const day = Math.max(WEEKDAYS.indexOf(wanted), WEEKDAY_NAMES.indexOf(wanted));
  if (day < 0)
    throw new CommandError(
      5439016,
      `${name} parameter 'startOfWeek' value cannot be recognized as a day of a week: ${value}`,
    );
  return day;
}

const dateDiff = namedOperator(
  {
    required: { startDate: 5166303, endDate: 5166304, unit: 5166305 },
    optional: ['timezone', 'startOfWeek'],
    notObject: 5166301,
    unknown: 5166302,
  },
  (values, _, name) => {
    const { startDate, endDate, unit, startOfWeek } = values;
    const zone = zoneOf(values, 40533, name);
    if (missing(startDate) || missing(endDate) || missing(unit) || zone === undefined) return null;
    const message = (what: string, value: Value) =>
      `$dateDiff requires '${what}' to be a date, but got ${typeName(value)}`;
    const from = asDate(startDate, 5166307, message('startDate', startDate));
    const to = asDate(endDate, 5166307, message('endDate', endDate));
    if (typeof unit !== 'string')
      throw new CommandError(5439013, `$dateDiff requires 'unit' to be a string, but got ${typeName(unit)}`);
    checkUnit(unit);
    if (unit === 'week' && 'startOfWeek' in values && missing(startOfWeek)) return null;
    const first = unit === 'week' && startOfWeek !== undefined ? weekStart(startOfWeek, name) : 0;
    return BigInt(countUnits(from, to, unit, zone, first));
  },
);

const dateTrunc = namedOperator(
  {
    required: { date: 5439009, unit: 5439010 },
    optional: ['binSize', 'timezone', 'startOfWeek'],
    notObject: 5439007,
    unknown: 5439008,
  },
  (values, _, name) => {
    const { date, unit, startOfWeek } = values;
    const zone = zoneOf(values, 40533, name);
    if (missing(date) || missing(unit) || zone === undefined) return null;
    if ('binSize' in values && missing(values.binSize)) return null;
    if (unit === 'week' && 'startOfWeek' in values && missing(startOfWeek)) return null;
    const from = asDate(date, 5439012, `$dateTrunc requires 'date' to be a date, but got ${typeName(date)}`);
    if (typeof unit !== 'string')
      throw new CommandError(5439013, `$dateTrunc requires 'unit' to be a string, but got ${typeName(unit)}`);
    if (!isUnit(unit))
      throw new CommandError(5439014, `$dateTrunc parameter 'unit' value cannot be recognized as a time unit: ${unit}`);
    const bin = binOf(values.binSize);
    const first = unit === 'week' && startOfWeek !== undefined ? weekStart(startOfWeek, name) : 0;
    return truncate(from, unit, bin, zone, first);
  },
);

function binOf(value: Value): number {
  const bin = value === undefined ? 1 : (asNumber(value) ?? Number.NaN);
  if (!Number.isInteger(bin) || !fitsInt64(BigInt(bin)))
    throw new CommandError(
      5439017,
      `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value of type ${typeName(value)}`,
    );
  if (bin <= 0)
    throw new CommandError(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${bin}`);
  return bin;
}

/** Dates: their parts, and arithmetic in time zones. */
export const dateOperators: Operators = {
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
  $week: part(weekOfYear),
  $isoWeek: part((time) => isoWeek(time).week),
  $isoWeekYear: part((time) => BigInt(isoWeek(time).year)),
  $dateAdd: shift(1),
  $dateSubtract: shift(-1),
  $dateDiff: dateDiff,
  $dateTrunc: dateTrunc,
};
