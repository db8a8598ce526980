import './buffers.js';
import { Binary, BSONRegExp, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

export { Binary, BSONRegExp, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp };

/**
 * BSON as the engine holds it. Chosen so that the common numbers are plain JavaScript numbers and no type is lost:
 * - int32: a number that is an integer in range (and not -0)
 * - double: any other number; `Double` where the value would look like an int32
 * - int64: bigint
 * - missing: undefined (BSON's deprecated undefined is read as null)
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | ObjectId
  | Binary
  | Decimal128
  | Double
  | Timestamp
  | BSONRegExp
  | Code
  | MinKey
  | MaxKey
  | RawDocument
  | Value[]
  | Document;

export interface Document {
  [field: string]: Value;
}

/** A stored document on its way out: its bytes are copied into the reply unread. */
export class RawDocument {
  constructor(readonly bytes: Buffer) {}
}

/** BSON's own type numbers, as `$type` knows them. */
export const BsonType = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
} as const;

export function isInt32(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0);
}

/** The double for a number read from BSON: wrapped only where a plain number would be taken for an int32. */
export function toDouble(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value;
}

/** The farthest that a JavaScript Date reaches from 1970, in ms. */
const DATE_LIMIT = 8_640_000_000_000_000n;

/** A date beyond JavaScript's range; BSON has all 64 bits. */
export class WideDate extends Date {
  constructor(readonly ms: bigint) {
    super(Number.NaN);
  }

  override getTime(): number {
    return Number(this.ms);
  }

  override valueOf(): number {
    return Number(this.ms);
  }
}

export function toDate(ms: bigint): Date {
  return ms > DATE_LIMIT || ms < -DATE_LIMIT ? new WideDate(ms) : new Date(Number(ms));
}

/** The ms since 1970, exactly. */
export function dateMs(date: Date): bigint {
  return date instanceof WideDate ? date.ms : BigInt(date.getTime());
}

/** True for a subdocument: an object that is none of the BSON classes. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false;
  const proto = Object.getPrototypeOf(value) as object | null;
  return proto === Object.prototype || proto === null;
}

/** The BSON type number of a value; undefined counts as BSON's undefined. */
export function bsonType(value: Value): number {
  switch (typeof value) {
    case 'string':
      return BsonType.string;
    case 'number':
      return isInt32(value) ? BsonType.int : BsonType.double;
    case 'bigint':
      return BsonType.long;
    case 'boolean':
      return BsonType.bool;
    case 'undefined':
      return BsonType.undefined;
    default:
      return objectType(value);
  }
}

function objectType(value: object | null): number {
  if (value === null) return BsonType.null;
  if (Array.isArray(value)) return BsonType.array;
  if (isDocument(value) || value instanceof RawDocument) return BsonType.object;
  if (value instanceof ObjectId) return BsonType.objectId;
  if (value instanceof Date) return BsonType.date;
  if (value instanceof Double) return BsonType.double;
  if (value instanceof Decimal128) return BsonType.decimal;
  if (value instanceof Binary) return BsonType.binData;
  if (value instanceof Timestamp) return BsonType.timestamp;
  if (value instanceof BSONRegExp) return BsonType.regex;
  if (value instanceof Code) return value.scope ? BsonType.javascriptWithScope : BsonType.javascript;
  if (value instanceof MinKey) return BsonType.minKey;
  if (value instanceof MaxKey) return BsonType.maxKey;
  throw new TypeError(`not a BSON value: ${String(value)}`);
}

/** The number of a numeric value, for places where precision beyond a double does not matter; undefined if it is none. */
export function asNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Double) return value.value;
  if (value instanceof Decimal128) return Number(value.toString());
  return undefined;
}

/** How MongoDB reads a value as a condition or a command flag. */
export function truthy(value: Value): boolean {
  if (value === undefined || value === null || value === false) return false;
  const number = asNumber(value);
  return number === undefined || number !== 0;
}
