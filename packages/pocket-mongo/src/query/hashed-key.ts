import { encode } from '../bson/encode.js';
import { entriesOf } from '../bson/field-order.js';
import { isNumeric, nearest } from '../bson/numbers.js';
import { BsonType, bsonType, Code, type Document, isDocument, type Value } from '../bson/values.js';

/** The numbers that MongoDB's hash gives to types: numbers of all types have the same one. */
const CANONICAL: Readonly<Record<number, number>> = {
  [BsonType.minKey]: -1,
  [BsonType.maxKey]: 127,
  [BsonType.undefined]: 0,
  [BsonType.null]: 5,
  [BsonType.double]: 10,
  [BsonType.int]: 10,
  [BsonType.long]: 10,
  [BsonType.decimal]: 10,
  [BsonType.string]: 15,
  [BsonType.object]: 20,
  [BsonType.array]: 25,
  [BsonType.binData]: 30,
  [BsonType.objectId]: 35,
  [BsonType.bool]: 40,
  [BsonType.date]: 45,
  [BsonType.timestamp]: 47,
  [BsonType.regex]: 50,
  [BsonType.javascript]: 60,
  [BsonType.javascriptWithScope]: 65,
};

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** What the hash of a hashed index is taken of, beginning with the seed 0. */
export function hashedBytes(value: Value): Buffer {
  const parts: Buffer[] = [int32(0)];
  collect(value ?? null, undefined, parts);
  return Buffer.concat(parts);
}

function collect(value: Value, name: string | undefined, parts: Buffer[]): void {
  parts.push(int32(CANONICAL[bsonType(value)] ?? 0));
  if (name !== undefined) parts.push(Buffer.from(`${name}\0`));
  if (isNumeric(value)) parts.push(wholeNumber(nearest(value), value));
  else if (Array.isArray(value)) inside(Object.fromEntries(value.entries()) as Document, parts);
  else if (isDocument(value)) inside(value, parts);
  else if (value instanceof Code && value.scope) {
    parts.push(Buffer.from(`${value.code}\0`));
    inside(value.scope as Document, parts);
  } else parts.push(encode({ '': value }).subarray(6, -1));
}

function inside(document: Document, parts: Buffer[]): void {
  for (const [name, value] of entriesOf(document)) collect(value ?? null, name, parts);
  // The end of an object is hashed as an element without type, name or value.
  parts.push(int32(0), Buffer.from([0]));
}

/** Numbers hash by their int64, cut towards zero and to the range. */
function wholeNumber(near: number, value: Value): Buffer {
  const limit = 2n ** 63n;
  let whole = typeof value === 'bigint' ? value : Number.isNaN(near) ? 0n : undefined;
  if (whole === undefined) {
    if (near >= 2 ** 63) whole = limit - 1n;
    else if (near < -(2 ** 63)) whole = -limit;
    else whole = BigInt(Math.trunc(near));
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(whole);
  return bytes;
}
