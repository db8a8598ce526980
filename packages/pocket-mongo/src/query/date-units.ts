import { CommandError } from '../errors.js';
import { DAY, toLocal, toUtc, utc, zoneOffset } from './time-zone.js';

const FIXED_UNITS: Readonly<Record<string, number>> = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000 };
const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };
const UNITS = new Set([...Object.keys(FIXED_UNITS), 'day', 'week', ...Object.keys(MONTHS)]);

/** @throws CommandError 9 when it is no unit of time. */
export function checkUnit(unit: string): string {
  if (!UNITS.has(unit)) throw new CommandError(9, `unknown time unit value: ${unit}`);
  return unit;
}

export function isUnit(unit: string): boolean {
  return UNITS.has(unit);
}

/** The length of a unit in milliseconds where it is always the same; weeks and days are 24 hours each. */
export function unitLength(unit: string): number | undefined {
  return unit === 'day' ? DAY : unit === 'week' ? 7 * DAY : FIXED_UNITS[unit];
}

export function addUnits(date: Date, unit: string, amount: number, zone: string): Date {
  const time = date.getTime();
  const fixed = FIXED_UNITS[unit];
  const moved = fixed === undefined ? toUtc(addLocal(toLocal(time, zone), unit, amount), zone) : time + amount * fixed;
  const result = new Date(moved);
  if (Number.isNaN(result.getTime())) throw new CommandError(5166406, '$dateAdd overflowed');
  return result;
}

/** A month has the day at most that it ends with. */
function addLocal(start: number, unit: string, amount: number): number {
  if (unit === 'day') return start + amount * DAY;
  if (unit === 'week') return start + amount * 7 * DAY;
  const from = new Date(start);
  const month = from.getUTCFullYear() * 12 + from.getUTCMonth() + (MONTHS[unit] ?? 1) * amount;
  const year = Math.floor(month / 12);
  const last = new Date(utc(year, month - year * 12 + 2, 0)).getUTCDate();
  return utc(year, month - year * 12 + 1, Math.min(from.getUTCDate(), last)) + (((start % DAY) + DAY) % DAY);
}

/** The number of unit boundaries between two dates. */
export function countUnits(from: Date, to: Date, unit: string, zone: string, weekStart: number): number {
  const fixed = FIXED_UNITS[unit];
  if (fixed === undefined)
    return unitIndex(to.getTime(), unit, zone, weekStart) - unitIndex(from.getTime(), unit, zone, weekStart);
  const start = (time: number) => time - modulo(toLocal(time, zone), fixed);
  return Math.round((start(to.getTime()) - start(from.getTime())) / fixed);
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;

/** Which day, week or month it is, counted from 1970 or year 0, in local time. */
function unitIndex(date: number, unit: string, zone: string, weekStart: number): number {
  const time = toLocal(date, zone);
  if (unit === 'day') return Math.floor(time / DAY);
  // 1970-01-01 was a Thursday.
  if (unit === 'week') return Math.floor((Math.floor(time / DAY) + 4 - weekStart) / 7);
  const shifted = new Date(time);
  return Math.floor((shifted.getUTCFullYear() * 12 + shifted.getUTCMonth()) / (MONTHS[unit] ?? 1));
}

/**
 * The beginning of the unit (or of the bin of `bin` units) that holds the date, in its zone. Bins are counted from
 * 2000-01-01, those of weeks from the first day of a week after it.
 */
export function truncate(date: Date, unit: string, bin: number, zone: string, weekStart: number): Date {
  const fixed = FIXED_UNITS[unit];
  const origin = utc(2000, 1);
  if (fixed !== undefined) {
    const reference = origin - zoneOffset(origin, zone);
    const length = fixed * bin;
    return new Date(reference + Math.floor((date.getTime() - reference) / length) * length);
  }
  // 2000-01-01 was a Saturday.
  const reference = unitIndex(origin, unit, 'UTC', weekStart) + (unit === 'week' && weekStart !== 6 ? 1 : 0);
  const index = reference + Math.floor((unitIndex(date.getTime(), unit, zone, weekStart) - reference) / bin) * bin;
  if (unit === 'day') return new Date(toUtc(index * DAY, zone));
  if (unit === 'week') return new Date(toUtc((index * 7 - 4 + weekStart) * DAY, zone));
  const months = index * (MONTHS[unit] ?? 1);
  const year = Math.floor(months / 12);
  return new Date(toUtc(utc(year, months - year * 12 + 1), zone));
}
