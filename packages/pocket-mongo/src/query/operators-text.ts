import { compareStrings } from '../bson/compare.js';
import { nearest } from '../bson/numbers.js';
import { BSONRegExp, type Document, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { toRegExp } from './leaf-tests.js';
import type { Operator } from './operator.js';
import { listOperator, missing, namedOperator, number } from './operators-basic.js';
import { toText } from './operators-convert.js';

function text(value: Value, operator: string): string {
  if (missing(value)) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date || typeof value === 'number') return String(toText(value));
  throw new CommandError(16702, `${operator} requires a string argument`);
}

function codePoints(value: string): string[] {
  return Array.from(value);
}

function concat(values: Value[]): Value {
  if (values.some(missing)) return null;
  for (const value of values)
    if (typeof value !== 'string') throw new CommandError(16702, '$concat only supports strings');
  return values.join('');
}

function trim(atStart: boolean, atEnd: boolean): Operator {
  return namedOperator(['input', 'chars'], ({ input, chars }) => {
    if (missing(input)) return null;
    const points = codePoints(text(input, '$trim'));
    const cut =
      chars === undefined
        ? (point: string) => /[\s\0]/.test(point)
        : (point: string) => text(chars, '$trim').includes(point);
    let from = 0;
    let to = points.length;
    if (atStart) while (from < to && cut(points[from] as string)) from++;
    if (atEnd) while (to > from && cut(points[to - 1] as string)) to--;
    return points.slice(from, to).join('');
  });
}

function regexOf(values: Document): RegExp {
  const { regex, options } = values;
  const flags = typeof options === 'string' ? options : '';
  if (regex instanceof BSONRegExp) return toRegExp(regex.pattern, flags || regex.options);
  return toRegExp(text(regex, '$regexMatch'), flags);
}

function found(match: RegExpMatchArray): Document {
  const idx = codePoints((match.input ?? '').slice(0, match.index)).length;
  return { match: match[0], idx, captures: match.slice(1).map((capture) => capture ?? null) };
}

const REGEX_ARGUMENTS = ['input', 'regex', 'options'];

function replace(all: boolean): Operator {
  return namedOperator(['input', 'find', 'replacement'], ({ input, find, replacement }) => {
    if (missing(input) || missing(find) || missing(replacement)) return null;
    const [where, what, by] = [input, find, replacement].map((value) => text(value, '$replaceOne')) as [
      string,
      string,
      string,
    ];
    return all ? where.replaceAll(what, () => by) : where.replace(what, () => by);
  });
}

function indexOf([where, what, from, to]: Value[]): Value {
  if (missing(where)) return null;
  const start = missing(from) ? 0 : nearest(number(from, '$indexOfCP'));
  const points = codePoints(text(where, '$indexOfCP'));
  const end = missing(to) ? points.length : Math.min(points.length, nearest(number(to, '$indexOfCP')));
  const needle = codePoints(text(what, '$indexOfCP'));
  for (let i = start; i + needle.length <= end; i++)
    if (needle.every((point, offset) => points[i + offset] === point)) return i;
  return -1;
}

function substring([value, from, length]: Value[]): Value {
  const start = nearest(number(from, '$substrCP'));
  const size = nearest(number(length, '$substrCP'));
  const points = codePoints(text(value, '$substrCP'));
  return points.slice(start, size < 0 ? points.length : start + size).join('');
}

/** Strings and regular expressions. */
export const textOperators: Readonly<Record<string, Operator>> = {
  $concat: listOperator(concat),
  $toLower: listOperator(([value]) => text(value, '$toLower').replace(/[A-Z]/g, (letter) => letter.toLowerCase()), 1),
  $toUpper: listOperator(([value]) => text(value, '$toUpper').replace(/[a-z]/g, (letter) => letter.toUpperCase()), 1),
  $strLenCP: listOperator(([value]) => {
    if (typeof value !== 'string') throw new CommandError(34471, '$strLenCP requires a string argument');
    return codePoints(value).length;
  }, 1),
  $strLenBytes: listOperator(([value]) => Buffer.byteLength(text(value, '$strLenBytes')), 1),
  $strcasecmp: listOperator(
    ([a, b]) => Math.sign(compareStrings(text(a, '$strcasecmp').toUpperCase(), text(b, '$strcasecmp').toUpperCase())),
    2,
  ),
  $substrCP: listOperator(substring, 3),
  $substr: listOperator(substring, 3),
  $substrBytes: listOperator(([value, from, length]) => {
    const start = nearest(number(from, '$substrBytes'));
    const size = nearest(number(length, '$substrBytes'));
    const bytes = Buffer.from(text(value, '$substrBytes'));
    return bytes.subarray(start, size < 0 ? bytes.length : start + size).toString();
  }, 3),
  $indexOfCP: listOperator(indexOf),
  $split: listOperator(
    ([value, by]) => (missing(value) || missing(by) ? null : text(value, '$split').split(text(by, '$split'))),
    2,
  ),
  $trim: trim(true, true),
  $ltrim: trim(true, false),
  $rtrim: trim(false, true),
  $replaceOne: replace(false),
  $replaceAll: replace(true),
  $regexMatch: namedOperator(
    REGEX_ARGUMENTS,
    (values) => !missing(values.input) && regexOf(values).test(text(values.input, '$regexMatch')),
  ),
  $regexFind: namedOperator(REGEX_ARGUMENTS, (values) => {
    const match = missing(values.input) ? null : regexOf(values).exec(text(values.input, '$regexFind'));
    return match ? found(match) : null;
  }),
  $regexFindAll: namedOperator(REGEX_ARGUMENTS, (values) => {
    if (missing(values.input)) return [];
    const regex = regexOf(values);
    return Array.from(text(values.input, '$regexFindAll').matchAll(new RegExp(regex, `${regex.flags}g`)), found);
  }),
};
