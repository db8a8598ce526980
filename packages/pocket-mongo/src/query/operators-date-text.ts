import { isNumeric, nearest } from '../bson/numbers.js';
import { type Document, isInt32, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { checkFormat, formatDate } from './date-format.js';
import { parseDate, parseFormatted } from './date-parser.js';
import {
  type Compiler,
  checkNamed,
  type Evaluate,
  missing,
  type Named,
  namedOperator,
  type Operators,
  typeName,
} from './operator.js';
import { asDate, zoneOf } from './operators-date.js';
import { fromIsoWeek, isoWeek, local, toUtc, utc } from './time-zone.js';

const TO_STRING: Named = {
  required: { date: 18628 },
  optional: ['format', 'timezone', 'onNull'],
  notObject: 18629,
  unknown: 18534,
};

const dateToString = namedOperator(
  TO_STRING,
  (values, _, name) => {
    const { date, format, onNull } = values;
    const zone = zoneOf(values, 40517, name);
    if ('format' in values && missing(format)) return onNull ?? null;
    if (format !== undefined && typeof format !== 'string')
      throw new CommandError(18533, `$dateToString requires that 'format' be a string, found: ${typeName(format)}`);
    if (missing(date)) return 'onNull' in values ? onNull : null;
    if (zone === undefined) return null;
    if (format !== undefined) checkFormat(format as string);
    return formatDate(asDate(date), zone, format as string | undefined);
  },
  ({ format }) => {
    if (typeof format === 'string' && !format.startsWith('$')) checkFormat(format);
  },
);

const FROM_STRING: Named = {
  required: { dateString: 40542 },
  optional: ['format', 'timezone', 'onNull', 'onError'],
  notObject: 40540,
  unknown: 40541,
};

function dateFromString(argument: Value, compiler: Compiler, name: string): Evaluate {
  const given = checkNamed(argument, FROM_STRING, name);
  const compile = (value: Value) => (value === undefined ? undefined : compiler.compile(value));
  const dateString = compiler.compile(given.dateString);
  const [format, timezone, onNull, onError] = [given.format, given.timezone, given.onNull, given.onError].map(compile);
  return (scope) => {
    const text = dateString(scope);
    const zone = timezone ? zoneOf({ timezone: timezone(scope) }, 40517, name) : undefined;
    const pattern = format?.(scope);
    if (format && !missing(pattern) && typeof pattern !== 'string')
      throw new CommandError(40684, `$dateFromString requires that 'format' be a string, found: ${typeName(pattern)}`);
    if (missing(text)) return onNull ? onNull(scope) : null;
    if ((timezone && zone === undefined) || (format && missing(pattern))) return null;
    try {
      if (typeof text !== 'string')
        throw new CommandError(241, `$dateFromString requires that 'dateString' be a string, found: ${typeName(text)}`);
      return typeof pattern === 'string' ? parseFormatted(text, pattern, zone) : parseDate(text, zone);
    } catch (error) {
      if (onError && error instanceof CommandError && error.code === 241) return onError(scope);
      throw error;
    }
  };
}

const CLOCK = ['hour', 'minute', 'second', 'millisecond'];
const CALENDAR = ['year', 'month', 'day'];
const ISO = ['isoWeekYear', 'isoWeek', 'isoDayOfWeek'];

function checkParts(given: Document): void {
  const has = (name: string) => given[name] !== undefined;
  if (!has('year') && !has('isoWeekYear'))
    throw new CommandError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  if (has('isoWeekYear') && CALENDAR.some(has))
    throw new CommandError(40489, '$dateFromParts does not allow mixing natural dates with ISO dates');
  if (has('year') && ISO.some(has))
    throw new CommandError(40525, '$dateFromParts does not allow mixing natural dates with ISO dates');
}

/** A part of a date, a whole number in its range; undefined when it is null. */
function readPart(values: Document, name: string, otherwise: number): number | undefined {
  if (!(name in values)) return otherwise;
  const value = values[name];
  if (missing(value)) return undefined;
  const number = isNumeric(value) ? nearest(value) : Number.NaN;
  if (!isInt32(number + 0))
    throw new CommandError(40515, `'${name}' must evaluate to an integer, found ${typeName(value)}`);
  if (/year/i.test(name)) {
    if (number < 1 || number > 9999)
      throw new CommandError(
        name === 'year' ? 40523 : 31095,
        `'${name}' must evaluate to an integer in the range 1 to 9999, found ${number}`,
      );
  } else if (!['second', 'millisecond'].includes(name) && (number < -32768 || number > 32767)) {
    throw new CommandError(
      31034,
      `'${name}' must evaluate to a value in the range [-32768, 32767]; value ${number} is not in range`,
    );
  }
  return number;
}

const dateFromParts = namedOperator(
  { required: {}, optional: [...CALENDAR, ...ISO, ...CLOCK, 'timezone'], notObject: 40519, unknown: 40518 },
  (values, _, name) => {
    const zone = zoneOf(values, 40517, name);
    const read = (names: readonly string[], otherwise: number) => names.map((one) => readPart(values, one, otherwise));
    const date = read('isoWeekYear' in values ? ISO : CALENDAR, 1);
    const clock = read(CLOCK, 0);
    if (zone === undefined || [...date, ...clock].includes(undefined)) return null;
    const [a = 1, b = 1, c = 1] = date;
    const [hour = 0, minute = 0, second = 0, ms = 0] = clock;
    const day = 'isoWeekYear' in values ? fromIsoWeek(a, b, c) : utc(a, b, c);
    return new Date(toUtc(day + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms, zone));
  },
  checkParts,
);

const dateToParts = namedOperator(
  { required: { date: 40522 }, optional: ['timezone', 'iso8601'], notObject: 40524, unknown: 40520 },
  (values, _, name) => {
    const { date, iso8601 } = values;
    const zone = zoneOf(values, 40517, name);
    if (missing(date) || zone === undefined || ('iso8601' in values && missing(iso8601))) return null;
    if (iso8601 !== undefined && typeof iso8601 !== 'boolean')
      throw new CommandError(40521, `iso8601 must evaluate to a bool, found ${typeName(iso8601)}`);
    const time = local(asDate(date), zone);
    const { hour, minute, second, millisecond } = time;
    if (!iso8601) return { year: time.year, month: time.month, day: time.day, hour, minute, second, millisecond };
    const { year, week } = isoWeek(time);
    return { isoWeekYear: year, isoWeek: week, isoDayOfWeek: time.weekday || 7, hour, minute, second, millisecond };
  },
);

/** Dates from and to text and parts. */
export const dateTextOperators: Operators = {
  $dateToString: dateToString,
  $dateFromString: dateFromString,
  $dateFromParts: dateFromParts,
  $dateToParts: dateToParts,
};
