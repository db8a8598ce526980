import { InvalidTest } from './failures.js';

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/**
 * Whether a value is of a type by the names that the query operator `$type` knows. The driver gives numbers of three
 * types as one, so a whole number is any of those it may have been.
 * @throws InvalidTest for a name that is not known
 */
export function matchesType(type: string, value: unknown): boolean {
  const test = TYPES[type];
  if (!test) throw new InvalidTest(`unknown BSON type ${type}`);
  return value !== undefined && test(value);
}

const bson =
  (...names: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && '_bsontype' in value && names.includes(String(value._bsontype));

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

const isInt = (value: unknown) => bson('Int32')(value) || (isWhole(value) && value >= INT32_MIN && value <= INT32_MAX);
const isLong = (value: unknown) => bson('Long')(value) || typeof value === 'bigint' || isWhole(value);
const isDouble = (value: unknown) => bson('Double')(value) || typeof value === 'number';
const isDecimal = bson('Decimal128');

function isScope(value: unknown): boolean {
  return bson('Code')(value) && (value as { scope?: unknown }).scope != null;
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  double: isDouble,
  string: (value) => typeof value === 'string',
  object: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !('_bsontype' in value) &&
    !(value instanceof Date || value instanceof RegExp || value instanceof Uint8Array),
  array: (value) => Array.isArray(value),
  binData: (value) => bson('Binary')(value) || value instanceof Uint8Array,
  undefined: () => false,
  objectId: bson('ObjectId'),
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  null: (value) => value === null,
  regex: (value) => value instanceof RegExp || bson('BSONRegExp')(value),
  dbPointer: bson('DBRef'),
  javascript: (value) => bson('Code')(value) && !isScope(value),
  symbol: bson('BSONSymbol'),
  javascriptWithScope: isScope,
  int: isInt,
  timestamp: bson('Timestamp'),
  long: isLong,
  decimal: isDecimal,
  minKey: bson('MinKey'),
  maxKey: bson('MaxKey'),
  number: (value) => isInt(value) || isLong(value) || isDouble(value) || isDecimal(value),
};
