import { decode } from './decode.js';
import { fieldNames } from './field-order.js';
import { compareNumbers, isNumeric, type Numeric } from './numbers.js';
import {
  Binary,
  BSONRegExp,
  BsonType,
  bsonType,
  Code,
  type Document,
  dateMs,
  ObjectId,
  RawDocument,
  Timestamp,
  type Value,
  WideDate,
} from './values.js';

/** The order of types in MongoDB: values of different classes compare by it alone. Also the type bytes of keys. */
export const Rank = {
  minKey: 0x05,
  missing: 0x0a,
  null: 0x10,
  number: 0x15,
  string: 0x1a,
  object: 0x20,
  array: 0x25,
  binData: 0x2a,
  objectId: 0x30,
  bool: 0x35,
  date: 0x3a,
  timestamp: 0x40,
  regex: 0x45,
  code: 0x4a,
  codeWithScope: 0x4f,
  maxKey: 0x60,
} as const;

const RANK_OF_TYPE: Readonly<Record<number, number>> = {
  [BsonType.double]: Rank.number,
  [BsonType.int]: Rank.number,
  [BsonType.long]: Rank.number,
  [BsonType.decimal]: Rank.number,
  [BsonType.string]: Rank.string,
  [BsonType.object]: Rank.object,
  [BsonType.array]: Rank.array,
  [BsonType.binData]: Rank.binData,
  [BsonType.objectId]: Rank.objectId,
  [BsonType.bool]: Rank.bool,
  [BsonType.date]: Rank.date,
  [BsonType.null]: Rank.null,
  [BsonType.undefined]: Rank.missing,
  [BsonType.timestamp]: Rank.timestamp,
  [BsonType.regex]: Rank.regex,
  [BsonType.javascript]: Rank.code,
  [BsonType.javascriptWithScope]: Rank.codeWithScope,
  [BsonType.minKey]: Rank.minKey,
  [BsonType.maxKey]: Rank.maxKey,
};

export function rank(value: Value): number {
  if (typeof value === 'number') return Rank.number;
  if (typeof value === 'string') return Rank.string;
  return RANK_OF_TYPE[bsonType(value)] as number;
}

/** Strings compare by their UTF-8 bytes, which is code point order; JavaScript compares UTF-16 units. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all other units.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}

/** MongoDB's total order over all BSON values (without collation). Negative, zero or positive. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1;
    if (a > b) return 1;
    if (a === b) return 0;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  return compareBy(a, b, compare);
}

/** As `compare`, with another way to compare what arrays and documents hold. */
export function compareBy(a: Value, b: Value, inner: (a: Value, b: Value) => number): number {
  const rankA = rank(a);
  const rankB = rank(b);
  if (rankA !== rankB) return rankA - rankB;
  if (rankA === Rank.number) return compareNumbers(a as Numeric, b as Numeric);
  return compareSameType(a, b, inner);
}

function compareSameType(a: Value, b: Value, inner: (a: Value, b: Value) => number): number {
  if (a instanceof ObjectId && b instanceof ObjectId) return Buffer.compare(a.id, b.id);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime() || compareWide(a, b);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (Array.isArray(a) && Array.isArray(b)) return compareArrays(a, b, inner);
  if (a instanceof Binary && b instanceof Binary) {
    return a.position - b.position || a.sub_type - b.sub_type || Buffer.compare(binaryBytes(a), binaryBytes(b));
  }
  if (a instanceof Timestamp && b instanceof Timestamp) return a.t - b.t || a.i - b.i;
  if (a instanceof BSONRegExp && b instanceof BSONRegExp)
    return compareStrings(a.pattern, b.pattern) || compareStrings(a.options, b.options);
  if (a instanceof Code && b instanceof Code) {
    return compareStrings(a.code, b.code) || compare((a.scope ?? undefined) as Value, (b.scope ?? undefined) as Value);
  }
  if (rank(a) === Rank.object) return compareDocuments(asDocument(a), asDocument(b), inner);
  return 0;
}

/** Beyond 2^53 ms the numbers are not exact. */
function compareWide(a: Date, b: Date): number {
  return a instanceof WideDate || b instanceof WideDate ? Number(dateMs(a) - dateMs(b)) : 0;
}

function asDocument(value: Value): Document {
  return value instanceof RawDocument ? decode(value.bytes) : (value as Document);
}

export function binaryBytes(value: Binary): Uint8Array {
  return value.buffer.subarray(0, value.position);
}

function compareArrays(a: readonly Value[], b: readonly Value[], inner: (a: Value, b: Value) => number): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = inner(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Field by field in stored order: type, then name, then value. */
function compareDocuments(a: Document, b: Document, inner: (a: Value, b: Value) => number): number {
  const namesA = fieldNames(a);
  const namesB = fieldNames(b);
  const length = Math.min(namesA.length, namesB.length);
  for (let i = 0; i < length; i++) {
    const nameA = namesA[i] as string;
    const nameB = namesB[i] as string;
    const order = rank(a[nameA]) - rank(b[nameB]) || compareStrings(nameA, nameB) || inner(a[nameA], b[nameB]);
    if (order !== 0) return order;
  }
  return namesA.length - namesB.length;
}

export function equal(a: Value, b: Value): boolean {
  return a === b || (isNumeric(a) === isNumeric(b) && compare(a, b) === 0);
}
