import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import type { Cap } from './cap.js';
import type { Collection } from './catalog.js';
import { keyPrefix } from './index-definition.js';
import { type KeyRange, scan, type View, type Writer } from './view.js';

/*
 * A capped collection has three tables beside its indexes:
 * - order: number of insertion    -> key of _id
 * - place: key of _id             -> number of insertion (8 bytes) and size of the document (4 bytes)
 * - total: one record             -> { bytes, documents }
 * They are written with the documents, and like them outside transactions only.
 */
const ORDER = 0xfffe;
const PLACE = 0xffff;
const TOTAL = 0xfffd;

/** What the keys of the tables begin with. */
export function cappedTables({ id }: Collection): string[] {
  return [TOTAL, ORDER, PLACE].map((table) => keyPrefix(id, table));
}

interface Total {
  bytes: number;
  documents: number;
}

/** The part of the order that comes after a number of insertion, from the first on by default. */
export function orderRange({ id }: Collection, after = -1n): KeyRange {
  const prefix = keyPrefix(id, ORDER);
  return { from: prefix + encodeNumber(after + 1n), to: successor(prefix) };
}

/** The number of insertion in a key of the order. */
export function numberOf(key: string): bigint {
  return Buffer.from(key.slice(-8), 'latin1').readBigUInt64BE();
}

function encodeNumber(number: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes.latin1Slice();
}

/** Enters a new document. */
export function enter(writer: Writer, collection: Collection, id: string, size: number): void {
  const [last] = writer.read(orderRange(collection), true, 1).entries;
  const number = last ? numberOf(last.key) + 1n : 0n;
  writer.put(keyPrefix(collection.id, ORDER) + encodeNumber(number), Buffer.from(id, 'latin1'));
  writer.put(keyPrefix(collection.id, PLACE) + id, placeRecord(number, size));
  add(writer, collection, size, 1);
}

function placeRecord(number: bigint, size: number): Buffer {
  const record = Buffer.alloc(12);
  record.writeBigUInt64BE(number, 0);
  record.writeUInt32BE(size, 8);
  return record;
}

/** Notes a document's new size. */
export function resize(writer: Writer, collection: Collection, id: string, size: number): void {
  const key = keyPrefix(collection.id, PLACE) + id;
  const place = writer.get(key);
  if (!place || place.readUInt32BE(8) === size) return;
  writer.put(key, placeRecord(place.readBigUInt64BE(0), size));
  add(writer, collection, size - place.readUInt32BE(8), 0);
}

/** Forgets a document that is gone. */
export function leave(writer: Writer, collection: Collection, id: string): void {
  const key = keyPrefix(collection.id, PLACE) + id;
  const place = writer.get(key);
  if (!place) return;
  writer.remove(key);
  writer.remove(keyPrefix(collection.id, ORDER) + place.latin1Slice(0, 8));
  add(writer, collection, -place.readUInt32BE(8), -1);
}

function add(writer: Writer, collection: Collection, bytes: number, documents: number): void {
  const total = totalOf(writer, collection);
  const record = { bytes: total.bytes + bytes, documents: total.documents + documents };
  writer.put(keyPrefix(collection.id, TOTAL), encode(record));
}

function totalOf(view: View, { id }: Collection): Total {
  const record = view.get(keyPrefix(id, TOTAL));
  if (!record) return { bytes: 0, documents: 0 };
  const { bytes, documents } = decode(record);
  return { bytes: Number(bytes), documents: Number(documents) };
}

/** The documents, oldest first, that must go so that the limits hold. */
export function* tooMany(view: View, collection: Collection, { size, max }: Cap): Generator<Buffer> {
  const total = totalOf(view, collection);
  if (total.bytes <= size && total.documents <= max) return;
  for (const { value } of scan(view, orderRange(collection), false, 4)) {
    if (total.bytes <= size && total.documents <= max) return;
    const bytes = view.get(collection.prefix + value.latin1Slice());
    if (!bytes) continue;
    total.bytes -= bytes.length;
    total.documents--;
    yield bytes;
  }
}
