import { DateTime } from 'luxon';

/** The one clock. Tests set their own. */
export interface Clock {
  /** The present moment, UTC. */
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

const MOMENT = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/**
 * The moment that a text names: calendar date, time of day and zone, as in RFC 3339 (seconds may be left out). Undefined
 * for a day that does not exist, for a time without a zone (whose would it be?), and for week dates, ordinal dates and
 * years of more than four digits, which nobody means here.
 */
export function momentOf(text: string): Date | undefined {
  const [, year, month, day] = MOMENT.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** Where and when a restaurant's day runs. */
export interface LocalDay {
  /** IANA time zone, for instance `Europe/Paris`. */
  timeZone: string;
  /** Hour of the local clock, 0 to 23, at which a business day begins; 4 means that 03:59 still belongs to yesterday. */
  dayStartHour: number;
}

/**
 * The business day (`YYYY-MM-DD`) to which a moment belongs. Counted on the local wall clock, so that a day keeps its
 * start hour on the nights when the clocks change and is then 23 or 25 hours long.
 */
export function businessDay(at: Date, { timeZone, dayStartHour }: LocalDay): string {
  // Zones shift and days begin at full quarters of an hour, so the answer holds for the quarter; orders ask it a lot.
  const quarter = Math.floor(at.getTime() / QUARTER_MS);
  const key = `${timeZone} ${dayStartHour} ${quarter}`;
  const known = days.get(key);
  if (known !== undefined) return known;
  const local = DateTime.fromMillis(quarter * QUARTER_MS, { zone: timeZone });
  const day = (local.hour < dayStartHour ? local.minus({ days: 1 }) : local).toFormat('yyyy-MM-dd');
  if (days.size >= 1_000) days.clear();
  days.set(key, day);
  return day;
}

const QUARTER_MS = 900_000;
const days = new Map<string, string>();

/** The local weekday (1 Monday .. 7 Sunday) and minute of the day (0..1439) of a moment. */
export function localMinute(at: Date, timeZone: string): { weekday: number; minute: number } {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  return { weekday: local.weekday, minute: local.hour * 60 + local.minute };
}

/** Whether the platform knows this IANA time zone. */
export function isTimeZone(name: string): boolean {
  return DateTime.utc().setZone(name).isValid;
}
