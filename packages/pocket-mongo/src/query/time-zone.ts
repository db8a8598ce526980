import { CommandError, notImplemented } from '../errors.js';

export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  /** 0 is Sunday. */
  weekday: number;
  dayOfYear: number;
}

const DAY = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    try {
      found = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw new CommandError(40485, `unrecognized time zone identifier: "${zone}"`);
    }
    formats.set(zone, found);
  }
  return found;
}

/** Milliseconds to add to UTC for local time. `isLocal` says that `date`'s UTC fields hold the local time. */
export function zoneOffset(date: Date, zone: string, isLocal = false): number {
  if (zone === 'UTC' || zone === 'GMT' || zone === 'Z') return 0;
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * 60_000;
  const offset = namedOffset(date, zone);
  if (!isLocal) return offset;
  return namedOffset(new Date(date.getTime() - offset), zone);
}

function namedOffset(date: Date, zone: string): number {
  const parts = Object.fromEntries(
    formatFor(zone)
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
  const utc = Date.UTC(
    year,
    Number(parts.month) - 1,
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
    Number(parts.second),
  );
  return utc - Math.floor(date.getTime() / 1000) * 1000;
}

export function local(date: Date, zone: string): LocalTime {
  const shifted = new Date(date.getTime() + zoneOffset(date, zone));
  const year = shifted.getUTCFullYear();
  return {
    year,
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    millisecond: shifted.getUTCMilliseconds(),
    weekday: shifted.getUTCDay(),
    dayOfYear: Math.floor((shifted.getTime() - Date.UTC(year, 0, 1)) / DAY) + 1,
  };
}

/** ISO 8601 week: the one with the year's first Thursday is week 1. */
export function isoWeek(time: LocalTime): { week: number; year: number } {
  const day = Date.UTC(time.year, time.month - 1, time.day);
  const thursday = new Date(day + (4 - (time.weekday || 7)) * DAY);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY / 7) + 1 };
}

const pad = (value: number, width: number) => String(value).padStart(width, '0');

export function format(date: Date, zone: string, pattern: string | undefined): string {
  const time = local(date, zone);
  const offset = zoneOffset(date, zone) / 60_000;
  const wanted = pattern ?? (offset === 0 ? '%Y-%m-%dT%H:%M:%S.%LZ' : '%Y-%m-%dT%H:%M:%S.%L');
  const sign = offset < 0 ? '-' : '+';
  const minutes = Math.abs(offset);
  const values: Record<string, string> = {
    Y: pad(time.year, 4),
    m: pad(time.month, 2),
    d: pad(time.day, 2),
    H: pad(time.hour, 2),
    M: pad(time.minute, 2),
    S: pad(time.second, 2),
    L: pad(time.millisecond, 3),
    j: pad(time.dayOfYear, 3),
    w: String(time.weekday + 1),
    u: String(time.weekday || 7),
    U: pad(Math.floor((time.dayOfYear + 6 - time.weekday) / 7), 2),
    V: pad(isoWeek(time).week, 2),
    G: pad(isoWeek(time).year, 4),
    z: `${sign}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`,
    Z: `${sign}${minutes}`,
    b: new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC' }).format(
      new Date(Date.UTC(2000, time.month - 1)),
    ),
    B: new Intl.DateTimeFormat('en-US', { month: 'long', timeZone: 'UTC' }).format(
      new Date(Date.UTC(2000, time.month - 1)),
    ),
    '%': '%',
  };
  return wanted.replace(/%(.?)/g, (_, letter: string) => {
    const value = values[letter];
    if (value === undefined) throw new CommandError(18536, `Invalid format character '%${letter}' in format string`);
    return value;
  });
}

const FIXED_UNITS: Readonly<Record<string, number>> = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000 };
const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

function toUtc(localTime: number, zone: string): Date {
  return new Date(localTime - zoneOffset(new Date(localTime), zone, true));
}

function toLocal(date: Date, zone: string): number {
  return date.getTime() + zoneOffset(date, zone);
}

export function addUnits(date: Date, unit: string, amount: number, zone: string): Date {
  const fixed = FIXED_UNITS[unit];
  if (fixed !== undefined) return new Date(date.getTime() + amount * fixed);
  const start = toLocal(date, zone);
  if (unit === 'day') return toUtc(start + amount * DAY, zone);
  if (unit === 'week') return toUtc(start + amount * 7 * DAY, zone);
  const months = monthsOf(unit) * amount;
  const from = new Date(start);
  const day = from.getUTCDate();
  const target = new Date(start);
  target.setUTCDate(1);
  target.setUTCMonth(from.getUTCMonth() + months);
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(day, last));
  return toUtc(target.getTime(), zone);
}

function monthsOf(unit: string): number {
  const months = MONTHS[unit];
  if (months === undefined) throw new CommandError(9, `unknown time unit value: ${unit}`);
  return months;
}

/** The number of unit boundaries between two dates. */
export function countUnits(from: Date, to: Date, unit: string, zone: string, weekStart: number): number {
  return unitIndex(to, unit, zone, weekStart) - unitIndex(from, unit, zone, weekStart);
}

function unitIndex(date: Date, unit: string, zone: string, weekStart: number): number {
  const fixed = FIXED_UNITS[unit];
  const time = toLocal(date, zone);
  if (fixed !== undefined) return Math.floor((unit === 'hour' ? time : date.getTime()) / fixed);
  if (unit === 'day') return Math.floor(time / DAY);
  // 1970-01-01 was a Thursday.
  if (unit === 'week') return Math.floor((Math.floor(time / DAY) + 4 - weekStart) / 7);
  const months = monthsOf(unit);
  const shifted = new Date(time);
  return Math.floor((shifted.getUTCFullYear() * 12 + shifted.getUTCMonth()) / months);
}

/** The beginning of the unit (or of the bin of `bin` units, counted from 2000-01-01) that holds the date, in its zone. */
export function truncate(date: Date, unit: string, bin: number, zone: string, weekStart: number): Date {
  if (!Number.isInteger(bin) || bin < 1) throw new CommandError(5439017, '$dateTrunc requires a positive binSize');
  const origin = new Date(Date.UTC(2000, 0, 1));
  const reference = unitIndex(origin, unit, 'UTC', weekStart);
  const index = reference + Math.floor((unitIndex(date, unit, zone, weekStart) - reference) / bin) * bin;
  const fixed = FIXED_UNITS[unit];
  if (fixed !== undefined) {
    if (fixed < 3_600_000) return new Date(index * fixed);
    const offset = zoneOffset(date, zone);
    return new Date(index * fixed - offset);
  }
  if (unit === 'day') return toUtc(index * DAY, zone);
  if (unit === 'week') return toUtc((index * 7 - 4 + weekStart) * DAY, zone);
  const months = index * monthsOf(unit);
  if (months < 0) throw notImplemented('$dateTrunc before year 0');
  return toUtc(Date.UTC(Math.floor(months / 12), months % 12, 1), zone);
}
