import { CommandError } from '../errors.js';

export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly dayOfYear: number;
}

export const DAY = 86_400_000;
/** Offsets change at no other times than these. */
const QUARTER = 900_000;
const MAX_REMEMBERED = 20_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly offsets: Map<number, number>;
}

const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  let found = zones.get(name);
  if (!found) {
    try {
      if (!/^[A-Za-z]/.test(name)) throw new RangeError(name);
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
      found = { format, offsets: new Map() };
    } catch {
      throw new CommandError(40485, `unrecognized time zone identifier: "${name}"`);
    }
    zones.set(name, found);
  }
  return found;
}

const FIXED = /^([+-])(\d\d)(?::?(\d\d))?$/;

/** Milliseconds to add to UTC for local time. @throws CommandError 40485 when there is no such zone. */
export function zoneOffset(time: number, zone: string): number {
  if (zone === 'UTC' || zone === 'GMT' || zone === 'Z') return 0;
  const fixed = FIXED.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * 60_000;
  const { format, offsets } = zoneOf(zone);
  const quarter = Math.floor(time / QUARTER);
  let offset = offsets.get(quarter);
  if (offset === undefined) {
    offset = readOffset(format, time);
    if (offsets.size > MAX_REMEMBERED) offsets.clear();
    offsets.set(quarter, offset);
  }
  return offset;
}

function readOffset(format: Intl.DateTimeFormat, time: number): number {
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
  const [month, day, hour, minute, second] = [parts.month, parts.day, parts.hour, parts.minute, parts.second].map(
    Number,
  );
  return utc(year, month as number, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

/** Milliseconds since 1970; months, days and times beyond their range carry over. */
export function utc(year: number, month: number, day = 1, hour = 0, minute = 0, second = 0, ms = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms;
}

/** The moment of a local time. In the hour that a clock skips it is moved on, in the one it repeats it is the first. */
export function toUtc(localTime: number, zone: string): number {
  const guess = localTime - zoneOffset(localTime, zone);
  const offset = zoneOffset(guess, zone);
  const result = localTime - offset;
  const before = zoneOffset(result - DAY, zone);
  const earlier = localTime - before;
  return before !== offset && zoneOffset(earlier, zone) === before ? earlier : result;
}

export function toLocal(time: number, zone: string): number {
  return time + zoneOffset(time, zone);
}

export function local(date: Date, zone: string): LocalTime {
  const shifted = new Date(toLocal(date.getTime(), zone));
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
    dayOfYear: Math.floor((shifted.getTime() - utc(year, 1)) / DAY) + 1,
  };
}

/** ISO 8601 week: the one with the year's first Thursday is week 1. */
export function isoWeek(time: LocalTime): { week: number; year: number } {
  const thursday = utc(time.year, time.month, time.day + 4 - (time.weekday || 7));
  const year = new Date(thursday).getUTCFullYear();
  return { year, week: Math.floor((thursday - utc(year, 1)) / DAY / 7) + 1 };
}

/** The local time at the start of an ISO day. */
export function fromIsoWeek(year: number, week: number, day: number): number {
  const fourth = utc(year, 1, 4);
  const monday = fourth - ((new Date(fourth).getUTCDay() || 7) - 1) * DAY;
  return monday + ((week - 1) * 7 + day - 1) * DAY;
}
