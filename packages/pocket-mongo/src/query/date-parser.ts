import { CommandError } from '../errors.js';
import { checkFormat, MONTH_NAMES } from './date-format.js';
import { fromIsoWeek, toUtc, utc } from './time-zone.js';

function unreadable(text: string, why: string): CommandError {
  return new CommandError(241, `Error parsing date string '${text}'; ${why}`);
}

/** What was read: the local time, and its zone where the text names one. */
interface Read {
  readonly time: number;
  /** Minutes before UTC's clock, or a zone's name. */
  readonly zone: number | string | undefined;
}

function toDate(text: string, { time, zone: own }: Read, zone: string | undefined): Date {
  if (own !== undefined && zone !== undefined)
    throw unreadable(
      text,
      own === 'UTC'
        ? 'you cannot pass in a date/time string with time zone information together with a timezone argument'
        : 'you cannot pass in a date/time string with GMT offset together with a timezone argument',
    );
  if (typeof own === 'number') return new Date(time - own * 60_000);
  return new Date(toUtc(time, own ?? zone ?? 'UTC'));
}

const CLOCK = String.raw`(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?`;
const ZONE = String.raw`\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]+(?:/[A-Za-z_]+)+)?`;
const NUMBERS = new RegExp(String.raw`^\s*(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[Tt ]\s*${CLOCK}${ZONE})?\s*$`, 'i');
const WORDS = new RegExp(
  String.raw`^\s*(?:[A-Za-z]{3,9},?\s+)?(?:([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})|(\d{1,2})(?:st|nd|rd|th)?[\s-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4}))(?:,?\s+${CLOCK}${ZONE})?\s*$`,
  'i',
);

/** Reads a date as it is usually written: ISO 8601 and its kin, or with the month's English name. */
export function parseDate(text: string, zone: string | undefined): Date {
  const read = readNumbers(text) ?? readWords(text);
  if (!read) throw unreadable(text, 'it is in no format that is known');
  return toDate(text, read, zone);
}

function readNumbers(text: string): Read | undefined {
  const match = NUMBERS.exec(text);
  if (!match) return undefined;
  const [, year, , month, day, ...clock] = match;
  return assemble(text, Number(year), Number(month), Number(day), clock);
}

function readWords(text: string): Read | undefined {
  const match = WORDS.exec(text);
  if (!match) return undefined;
  const [, name1, day1, year1, day2, name2, year2, ...clock] = match;
  const month = monthOf(name1 ?? name2 ?? '');
  if (!month) return undefined;
  return assemble(text, Number(year1 ?? year2), month, Number(day1 ?? day2), clock);
}

function monthOf(name: string): number | undefined {
  const wanted = name.toLowerCase();
  const at = MONTH_NAMES.findIndex((one) => one.toLowerCase() === wanted || one.slice(0, 3).toLowerCase() === wanted);
  return at < 0 ? undefined : at + 1;
}

function assemble(
  text: string,
  year: number,
  month: number,
  day: number,
  clock: readonly (string | undefined)[],
): Read {
  const [hour = '0', minute = '0', second = '0', fraction = '', zone] = clock;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  if (month < 1 || month > 12 || day < 1 || day > 31 || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 59)
    throw unreadable(text, 'a part is out of its range');
  return { time: utc(year, month, day, Number(hour), Number(minute), Number(second), ms), zone: zoneOf(zone) };
}

function zoneOf(zone: string | undefined): number | string | undefined {
  if (zone === undefined || zone === '') return undefined;
  if (/^(z|utc|gmt)$/i.test(zone)) return 'UTC';
  const match = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone);
  if (!match) return zone;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
}

/** What the parts of a format look like. */
const PATTERNS: Readonly<Record<string, string>> = {
  Y: String.raw`(\d{4})`,
  m: String.raw`(\d{1,2})`,
  d: String.raw`(\d{1,2})`,
  H: String.raw`(\d{1,2})`,
  M: String.raw`(\d{1,2})`,
  S: String.raw`(\d{1,2})`,
  L: String.raw`(\d{1,3})`,
  j: String.raw`(\d{1,3})`,
  G: String.raw`(\d{4})`,
  V: String.raw`(\d{1,2})`,
  u: String.raw`(\d{1,2})`,
  z: String.raw`(Z|[+-]\d{1,2}(?::?\d{2})?)`,
  Z: String.raw`([+-]\d{1,4})`,
  b: '([A-Za-z]{3})',
  B: '([A-Za-z]{3,9})',
  '%': '(%)',
};

/** Reads a date by a format such as `%Y-%m-%d`. */
export function parseFormatted(text: string, format: string, zone: string | undefined): Date {
  checkFormat(format, (letter) => Object.hasOwn(PATTERNS, letter));
  const letters: string[] = [];
  const source = format.replace(/%(.)|[.*+?^${}()|[\]\\]/gs, (part, letter: string | undefined) => {
    if (letter === undefined) return `\\${part}`;
    letters.push(letter);
    return PATTERNS[letter] ?? '';
  });
  const match = new RegExp(`^${source}$`, 'i').exec(text);
  if (!match) throw unreadable(text, `it is not of the format '${format}'`);
  const parts = new Map(letters.map((letter, i) => [letter, match[i + 1] ?? '']));
  return toDate(text, { time: timeOf(text, parts), zone: zoneOfParts(parts) }, zone);
}

function zoneOfParts(parts: ReadonlyMap<string, string>): number | string | undefined {
  const minutes = parts.get('Z');
  return minutes === undefined ? zoneOf(parts.get('z')) : Number(minutes);
}

function timeOf(text: string, parts: ReadonlyMap<string, string>): number {
  const read = (letter: string, otherwise: number) => (parts.has(letter) ? Number(parts.get(letter)) : otherwise);
  const name = parts.get('B') ?? parts.get('b');
  const month = name === undefined ? read('m', 0) : (monthOf(name) ?? 0);
  const [hour, minute, second] = [read('H', 0), read('M', 0), read('S', 0)];
  const ms = Number((parts.get('L') ?? '0').padEnd(3, '0'));
  const clock = hour * 3_600_000 + minute * 60_000 + second * 1000 + ms;
  if (hour > 24 || minute > 59 || second > 59) throw unreadable(text, 'a part is out of its range');
  if (parts.has('G')) return fromIsoWeek(read('G', 1970), read('V', 1), read('u', 1)) + clock;
  if (!parts.has('Y')) throw incomplete(text);
  if (parts.has('j')) return utc(read('Y', 0), 1, read('j', 1)) + clock;
  const day = read('d', 0);
  if (!parts.has('d') || (name === undefined && !parts.has('m'))) throw incomplete(text);
  if (month < 1 || month > 12 || day < 1 || day > 31) throw unreadable(text, 'a part is out of its range');
  return utc(read('Y', 0), month, day) + clock;
}

function incomplete(text: string): CommandError {
  return new CommandError(241, `an incomplete date/time string has been found, with elements missing: "${text}"`);
}
