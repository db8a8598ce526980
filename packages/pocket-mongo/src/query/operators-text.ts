import { compareStrings } from '../bson/compare.js';
import { isNumeric, nearest } from '../bson/numbers.js';
import { isInt32, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import {
  binaryOperator,
  listOperator,
  missing,
  namedOperator,
  type Operator,
  type Operators,
  typeName,
  unaryOperator,
} from './operator.js';
import { regexOperators } from './operators-regex.js';
import { plainText } from './text.js';

export function codePoints(value: string): string[] {
  return Array.from(value);
}

function concat(values: Value[]): Value {
  for (const value of values) {
    if (missing(value)) return null;
    if (typeof value !== 'string')
      throw new CommandError(16702, `$concat only supports strings, not ${typeName(value)}`);
  }
  return values.join('');
}

/** What `$trim` takes off where it is not told. */
const WHITESPACE = '\0\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a';

function trim(atStart: boolean, atEnd: boolean): Operator {
  const named = { required: { input: 50695 }, optional: ['chars'], notObject: 50696, unknown: 50694 };
  return namedOperator(named, (values, _, name) => {
    const { input, chars } = values;
    if (missing(input)) return null;
    if (typeof input !== 'string')
      throw new CommandError(50699, `${name} requires its input to be a string, got ${typeName(input)} instead.`);
    if ('chars' in values && missing(chars)) return null;
    if (chars !== undefined && typeof chars !== 'string')
      throw new CommandError(50700, `${name} requires 'chars' to be a string, got ${typeName(chars)} instead.`);
    const cut = new Set(codePoints(chars ?? WHITESPACE));
    const points = codePoints(input);
    let from = 0;
    let to = points.length;
    if (atStart) while (from < to && cut.has(points[from] as string)) from++;
    if (atEnd) while (to > from && cut.has(points[to - 1] as string)) to--;
    return points.slice(from, to).join('');
  });
}

function replace(all: boolean): Operator {
  const required = { input: 51749, find: 51748, replacement: 51747 };
  return namedOperator({ required, notObject: 51751, unknown: 51750 }, ({ input, find, replacement }, _, name) => {
    for (const [key, value, code] of [
      ['input', input, 51746],
      ['find', find, 51745],
      ['replacement', replacement, 51744],
    ] as const)
      if (!missing(value) && typeof value !== 'string')
        throw new CommandError(code, `${name} requires that '${key}' be a string, found: ${typeName(value)}`);
    if (missing(input) || missing(find) || missing(replacement)) return null;
    const by = () => replacement as string;
    return all ? (input as string).replaceAll(find as string, by) : (input as string).replace(find as string, by);
  });
}

/** A position in a list or text: a whole number that is not negative. */
export function position(value: Value, name: string, what: string): number {
  const index = isNumeric(value) ? nearest(value) : Number.NaN;
  if (!isInt32(index))
    throw new CommandError(40096, `${name}requires an integral ${what}, found a value of type: ${typeName(value)}`);
  if (index < 0) throw new CommandError(40097, `${name} requires a nonnegative ${what}, found: ${index}`);
  return index;
}

function indexOf<T>(split: (text: string) => ArrayLike<T>, codes: readonly [number, number]): Operator {
  return listOperator(
    ([where, what, from, to], _, name) => {
      if (missing(where)) return null;
      if (typeof where !== 'string')
        throw new CommandError(codes[0], `${name} requires a string as the first argument, found: ${typeName(where)}`);
      if (typeof what !== 'string')
        throw new CommandError(codes[1], `${name} requires a string as the second argument, found: ${typeName(what)}`);
      const units = split(where);
      const start = from === undefined ? 0 : position(from, name, 'starting index');
      const end = to === undefined ? units.length : Math.min(units.length, position(to, name, 'ending index'));
      return find(units, split(what), start, end);
    },
    2,
    4,
  );
}

function find<T>(units: ArrayLike<T>, wanted: ArrayLike<T>, start: number, end: number): number {
  if (start > units.length || end < start) return -1;
  for (let i = start; i + wanted.length <= end; i++) {
    let same = 0;
    while (same < wanted.length && units[i + same] === wanted[same]) same++;
    if (same === wanted.length) return i;
  }
  return -1;
}

function bound(value: Value, code: number, what: string): number {
  if (!isNumeric(value))
    throw new CommandError(code, `${what} must be of numeric type (is BSON type ${typeName(value)})`);
  return Math.trunc(nearest(value));
}

function substringByPoints([value, from, size]: Value[]): Value {
  const start = bound(from, 34450, '$substrCP: starting index');
  const length = bound(size, 34452, '$substrCP: length');
  if (length < 0) throw new CommandError(34454, '$substrCP: length must be a nonnegative integer.');
  if (start < 0) throw new CommandError(34455, '$substrCP: the starting index must be nonnegative integer.');
  return codePoints(plainText(value))
    .slice(start, start + length)
    .join('');
}

const continues = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

function substringByBytes([value, from, size]: Value[], _: unknown, name: string): Value {
  const start = bound(from, 16034, `${name}:  starting index`);
  const length = bound(size, 16035, `${name}:  length`);
  const bytes = Buffer.from(plainText(value));
  if (start < 0) throw new CommandError(50752, `${name}:  starting index must be non-negative (got: ${start})`);
  const end = length < 0 ? bytes.length : Math.min(start + length, bytes.length);
  if (continues(bytes[start]))
    throw new CommandError(28656, `${name}:  Invalid range, starting index is a UTF-8 continuation byte.`);
  if (length >= 0 && continues(bytes[end]))
    throw new CommandError(28657, `${name}:  Invalid range, ending index is in the middle of a UTF-8 character.`);
  return bytes.subarray(start, end).toString();
}

function split(value: Value, by: Value): Value {
  if (missing(value) || missing(by)) return null;
  if (typeof value !== 'string')
    throw new CommandError(
      40085,
      `$split requires an expression that evaluates to a string as a first argument, found: ${typeName(value)}`,
    );
  if (typeof by !== 'string')
    throw new CommandError(
      40086,
      `$split requires an expression that evaluates to a string as a second argument, found: ${typeName(by)}`,
    );
  if (by === '') throw new CommandError(40087, '$split requires a non-empty separator');
  return value.split(by);
}

function length(code: number, measure: (value: string) => number): Operator {
  return unaryOperator((value, _, name) => {
    if (typeof value !== 'string')
      throw new CommandError(code, `${name} requires a string argument, found: ${typeName(value)}`);
    return measure(value);
  });
}

const lower = (value: string) => value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upper = (value: string) => value.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

/** Strings and regular expressions. */
export const textOperators: Operators = {
  $concat: listOperator(concat),
  $toLower: unaryOperator((value) => lower(plainText(value))),
  $toUpper: unaryOperator((value) => upper(plainText(value))),
  $strLenCP: length(34471, (value) => codePoints(value).length),
  $strLenBytes: length(34473, Buffer.byteLength),
  $strcasecmp: binaryOperator((a, b) => Math.sign(compareStrings(upper(plainText(a)), upper(plainText(b))))),
  $substrCP: listOperator(substringByPoints, 3),
  $substr: listOperator(substringByBytes, 3),
  $substrBytes: listOperator(substringByBytes, 3),
  $indexOfCP: indexOf(codePoints, [40093, 40094]),
  $indexOfBytes: indexOf((text) => Buffer.from(text), [40091, 40092]),
  $split: binaryOperator(split),
  $trim: trim(true, true),
  $ltrim: trim(true, false),
  $rtrim: trim(false, true),
  $replaceOne: replace(false),
  $replaceAll: replace(true),
  ...regexOperators,
};
