import {
  Binary,
  BSON,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';

/**
 * Values as the driver gives them when it promotes nothing: every number has a class that says its type. The reference
 * knows nothing of the server's own model of values.
 */
export type Value =
  | Int32
  | Long
  | Double
  | Decimal128
  | string
  | boolean
  | null
  | Date
  | ObjectId
  | Binary
  | Timestamp
  | BSONRegExp
  | Code
  | MinKey
  | MaxKey
  | Value[]
  | { [field: string]: Value };

export type Doc = { [field: string]: Value };

/** A field that is not there. */
export type Missing = undefined;

/** Options of the driver with which it changes no type. */
export const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

const CLASSES = [
  Int32,
  Long,
  Double,
  Decimal128,
  Date,
  ObjectId,
  Binary,
  Timestamp,
  BSONRegExp,
  Code,
  MinKey,
  MaxKey,
] as const;

export function isDoc(value: Value | Missing): value is Doc {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !CLASSES.some((one) => value instanceof one);
}

export function own(doc: Doc, name: string): Value | Missing {
  return Object.hasOwn(doc, name) ? doc[name] : undefined;
}

export function isNumber(value: Value | Missing): value is Int32 | Long | Double | Decimal128 {
  if (value instanceof Timestamp) return false;
  return value instanceof Int32 || value instanceof Long || value instanceof Double || value instanceof Decimal128;
}

/** A copy that shares nothing, with the types that the wire gives. */
export function copy(doc: Doc): Doc {
  return BSON.deserialize(BSON.serialize(doc), EXACT) as Doc;
}

export function bytes(doc: Doc): string {
  return Buffer.from(BSON.serialize(doc)).toString('hex');
}
