import { Binary, BSON, ClientSession, type Document } from 'mongodb';
import { matchesType } from './bson-types.js';
import type { Entities } from './entities.js';
import { check, InvalidTest } from './failures.js';
import { plain } from './parse.js';
import { asDocument, isBson, isDocument } from './values.js';

/** Where a comparison is: the entities it may name, and the path for messages. */
interface Place {
  readonly entities: Entities;
  readonly path: string;
}

/**
 * Compares as the format's "Evaluating Matches" says.
 * @param root whether an actual document may have fields that are not expected
 * @throws AssertionFailure naming the first difference
 */
export function match(expected: unknown, actual: unknown, entities: Entities, root: boolean, path = ''): void {
  matchAt(expected, actual, root, { entities, path });
}

function matchAt(expected: unknown, actual: unknown, root: boolean, place: Place): void {
  const operator = operatorOf(expected);
  if (operator) matchOperator(operator, actual, root, place);
  else if (Array.isArray(expected)) matchArray(expected, actual, place);
  else if (isDocument(expected)) matchDocument(expected, actual, root, place);
  else matchScalar(expected, actual, place);
}

function matchDocument(expected: Document, value: unknown, root: boolean, { entities, path }: Place): void {
  const actual = asDocument(value);
  check(actual !== undefined, () => `${at(path)}: expected a document, got ${show(value)}`);
  for (const [key, wanted] of Object.entries(expected)) {
    const place = { entities, path: path === '' ? key : `${path}.${key}` };
    const exists = actual[key] !== undefined;
    const operator = operatorOf(wanted);
    if (operator?.name === '$$exists') {
      check(exists === operator.value, () =>
        exists ? `${at(place.path)}: must not exist, is ${show(actual[key])}` : `${at(place.path)}: must exist`,
      );
    } else if (!exists) {
      check(operator?.name === '$$unsetOrMatches', () => `${at(place.path)}: missing, expected ${show(wanted)}`);
    } else {
      matchAt(wanted, actual[key], false, place);
    }
  }
  if (root) return;
  const extra = Object.keys(actual).filter((key) => actual[key] !== undefined && !(key in expected));
  check(extra.length === 0, () => `${at(path)}: unexpected fields ${extra.join(', ')} in ${show(actual)}`);
}

function matchArray(expected: readonly unknown[], actual: unknown, { entities, path }: Place): void {
  check(Array.isArray(actual), () => `${at(path)}: expected an array, got ${show(actual)}`);
  check(
    actual.length === expected.length,
    () => `${at(path)}: expected ${expected.length} elements, got ${actual.length}: ${show(actual)}`,
  );
  expected.forEach((wanted, i) => {
    matchAt(wanted, actual[i], false, { entities, path: `${path}[${i}]` });
  });
}

function matchScalar(expected: unknown, actual: unknown, { path }: Place): void {
  check(sameScalar(expected, actual), () => `${at(path)}: expected ${show(expected)}, got ${show(actual)}`);
}

function sameScalar(expected: unknown, actual: unknown): boolean {
  const one = numberOf(expected);
  const other = numberOf(actual);
  if (one !== undefined && other !== undefined) return Object.is(one, other) || (one <= other && one >= other);
  if (actual === undefined || one !== undefined || other !== undefined) return false;
  return canonical(expected) === canonical(actual);
}

/** int32, int64 and double compare by their value; a long beyond 2^53 stays exact as a bigint. */
function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (!isBson(value)) return undefined;
  if (value._bsontype === 'Long') return BigInt(String(value));
  if (value._bsontype === 'Int32' || value._bsontype === 'Double') return Number(value);
  return undefined;
}

interface Operator {
  readonly name: string;
  readonly value: unknown;
}

function operatorOf(expected: unknown): Operator | undefined {
  if (!isDocument(expected)) return undefined;
  const [name, ...others] = Object.keys(expected);
  if (name === undefined || others.length > 0 || !name.startsWith('$$')) return undefined;
  return { name, value: expected[name] };
}

function matchOperator({ name, value }: Operator, actual: unknown, root: boolean, place: Place): void {
  const { entities, path } = place;
  switch (name) {
    case '$$exists':
      check((actual !== undefined) === value, () => `${at(path)}: ${value ? 'must' : 'must not'} exist`);
      return;
    case '$$unsetOrMatches':
      if (actual !== undefined) matchAt(value, actual, root, place);
      return;
    case '$$type': {
      const types = (Array.isArray(value) ? value : [value]).map(String);
      check(
        types.some((type) => matchesType(type, actual)),
        () => `${at(path)}: expected type ${types.join(' or ')}, got ${show(actual)}`,
      );
      return;
    }
    case '$$matchesEntity':
      matchAt(entities.get(String(value)), actual, root, place);
      return;
    case '$$matchesHexBytes':
      matchHexBytes(String(value), actual, path);
      return;
    case '$$sessionLsid':
      matchAt(entities.of(String(value), ClientSession).id, actual, root, place);
      return;
    case '$$lte': {
      const limit = numberOf(value);
      const given = numberOf(actual);
      check(
        limit !== undefined && given !== undefined && given <= limit,
        () => `${at(path)}: expected at most ${show(value)}, got ${show(actual)}`,
      );
      return;
    }
    case '$$matchAsDocument':
      check(typeof actual === 'string', () => `${at(path)}: expected Extended JSON, got ${show(actual)}`);
      matchAt(value, plain(BSON.EJSON.parse(actual, { relaxed: false })), false, place);
      return;
    case '$$matchAsRoot':
      matchAt(value, actual, true, place);
      return;
    default:
      throw new InvalidTest(`${at(path)}: unknown operator ${name}`);
  }
}

function matchHexBytes(hex: string, actual: unknown, path: string): void {
  const bytes = bytesOfHex(hex);
  const same = actual instanceof Uint8Array && bytes.equals(actual);
  check(same, () => `${at(path)}: expected bytes ${hex}, got ${show(actual)}`);
}

/** @throws InvalidTest when these are not pairs of hexadecimal digits */
export function bytesOfHex(hex: unknown): Buffer {
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})*$/i.test(hex)) throw new InvalidTest(`no hex bytes: ${String(hex)}`);
  return Buffer.from(hex, 'hex');
}

/** One text for equal values, whatever the order of their keys. */
export function canonical(value: unknown): string {
  return BSON.EJSON.stringify(sorted(value) as Document, { relaxed: false });
}

function sorted(value: unknown): unknown {
  if (value instanceof Uint8Array && !isBson(value)) return new Binary(value);
  if (Array.isArray(value)) return value.map(sorted);
  const document = asDocument(value);
  if (!document) return value;
  const keys = Object.keys(document).sort();
  return Object.fromEntries(
    keys.filter((key) => document[key] !== undefined).map((key) => [key, sorted(document[key])]),
  );
}

const MAX_SHOWN = 600;

export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Error) return String(value);
  let text: string;
  try {
    text = BSON.EJSON.stringify(value as Document, { relaxed: true });
  } catch {
    text = String(value);
  }
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function at(path: string): string {
  return path === '' ? 'the value' : path;
}
