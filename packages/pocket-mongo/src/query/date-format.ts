import { CommandError } from '../errors.js';
import { isoWeek, type LocalTime, local, zoneOffset } from './time-zone.js';

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const pad = (value: number, width: number) => String(value).padStart(width, '0');

type Part = (time: LocalTime, offsetMinutes: number) => string;

function clock(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`;
}

const PARTS: Readonly<Record<string, Part>> = {
  Y: ({ year }) => pad(year, 4),
  m: ({ month }) => pad(month, 2),
  d: ({ day }) => pad(day, 2),
  H: ({ hour }) => pad(hour, 2),
  M: ({ minute }) => pad(minute, 2),
  S: ({ second }) => pad(second, 2),
  L: ({ millisecond }) => pad(millisecond, 3),
  j: ({ dayOfYear }) => pad(dayOfYear, 3),
  w: ({ weekday }) => String(weekday + 1),
  u: ({ weekday }) => String(weekday || 7),
  U: (time) => pad(weekOfYear(time), 2),
  V: (time) => pad(isoWeek(time).week, 2),
  G: (time) => pad(isoWeek(time).year, 4),
  z: (_, offset) => clock(offset),
  Z: (_, offset) => `${offset < 0 ? '-' : '+'}${Math.abs(offset)}`,
  b: ({ month }) => (MONTH_NAMES[month - 1] ?? '').slice(0, 3),
  B: ({ month }) => MONTH_NAMES[month - 1] ?? '',
  '%': () => '%',
};

/** Weeks begin on Sunday; the days before the first one are in week 0. */
export function weekOfYear(time: LocalTime): number {
  return Math.floor((time.dayOfYear + 6 - time.weekday) / 7);
}

/** @throws CommandError 18535 or 18536 when the pattern is wrong. */
export function checkFormat(pattern: string, known: (letter: string) => boolean = isPart): void {
  for (let i = pattern.indexOf('%'); i >= 0; i = pattern.indexOf('%', i + 2)) {
    const letter = pattern[i + 1];
    if (letter === undefined) throw new CommandError(18535, "Unmatched '%' at end of format string");
    if (!known(letter)) throw new CommandError(18536, `Invalid format character '%${letter}' in format string`);
  }
}

const isPart = (letter: string) => Object.hasOwn(PARTS, letter);

/** `$dateToString`; without a pattern it is ISO 8601, with a Z only in UTC. */
export function formatDate(date: Date, zone: string, pattern: string | undefined): string {
  const time = local(date, zone);
  if (time.year < 0 || time.year > 9999)
    throw new CommandError(18537, `$dateToString is only defined on year 0-9999, tried to use year ${time.year}`);
  const offset = Math.round(zoneOffset(date.getTime(), zone) / 60_000);
  const wanted = pattern ?? (zone === 'UTC' ? '%Y-%m-%dT%H:%M:%S.%LZ' : '%Y-%m-%dT%H:%M:%S.%L');
  return wanted.replace(/%(.)/gs, (_, letter: string) => (PARTS[letter] as Part)(time, offset));
}
