import { CommandError } from '../errors.js';
import { fieldNames } from './field-order.js';
import { MAX_STORED_DEPTH } from './reader.js';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  type Document,
  Double,
  dateMs,
  isInt32,
  MaxKey,
  MinKey,
  ObjectId,
  RawDocument,
  Timestamp,
  type Value,
} from './values.js';

/** The largest document a client may store. */
export const MAX_DOCUMENT_SIZE = 16 * 1024 * 1024;

let out = Buffer.allocUnsafe(64 * 1024);
let at = 0;
let depth = 0;
/** The most levels in what is being encoded. */
let deepest = 0;

function reserve(size: number): void {
  if (at + size <= out.length) return;
  const larger = Buffer.allocUnsafe(Math.max(out.length * 2, at + size));
  out.copy(larger, 0, 0, at);
  out = larger;
}

function writeText(text: string): void {
  const length = text.length;
  reserve(length * 3 + 1);
  if (length < 24) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) break;
      out[at + i] = code;
    }
    if (i === length) {
      at += length;
      return;
    }
  }
  at += out.utf8Write(text, at);
}

function writeName(name: string): void {
  if (name.includes('\0')) throw new CommandError(2, 'field names cannot contain NUL');
  writeText(name);
  out[at++] = 0;
}

function writeString(text: string): void {
  reserve(5);
  const start = at;
  at += 4;
  writeText(text);
  reserve(1);
  out[at++] = 0;
  out.writeInt32LE(at - start - 4, start);
}

function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  out.set(bytes, at);
  at += bytes.length;
}

function writeInt64(value: bigint): void {
  reserve(8);
  at = out.writeBigInt64LE(value, at);
}

function writeDouble(value: number): void {
  reserve(8);
  at = out.writeDoubleLE(value, at);
}

/** Writes the type byte, the name, and the value. */
function writeElement(name: string, value: Value): void {
  reserve(1);
  const typeAt = at++;
  writeName(name);
  // Two statements: the buffer on the left of one would be taken before the value makes it grow into another.
  const type = writeValue(value);
  out[typeAt] = type;
}

/** Writes a value and returns its BSON type byte. */
function writeValue(value: Value): number {
  switch (typeof value) {
    case 'string':
      writeString(value);
      return 0x02;
    case 'number':
      if (isInt32(value)) {
        reserve(4);
        at = out.writeInt32LE(value, at);
        return 0x10;
      }
      writeDouble(value);
      return 0x01;
    case 'boolean':
      reserve(1);
      out[at++] = value ? 1 : 0;
      return 0x08;
    case 'bigint':
      writeInt64(value);
      return 0x12;
    default:
      return writeObject(value);
  }
}

function writeObject(value: object | null | undefined): number {
  if (value === null || value === undefined) return 0x0a;
  if (Array.isArray(value)) {
    writeArray(value as Value[]);
    return 0x04;
  }
  if (value instanceof ObjectId) {
    writeBytes(value.id);
    return 0x07;
  }
  if (value instanceof Date) {
    writeInt64(dateMs(value));
    return 0x09;
  }
  if (value instanceof RawDocument) {
    writeBytes(value.bytes);
    return 0x03;
  }
  if (value instanceof Double) {
    writeDouble(value.value);
    return 0x01;
  }
  return writeRare(value);
}

function writeRare(value: object): number {
  if (value instanceof Decimal128) {
    writeBytes(value.bytes);
    return 0x13;
  }
  if (value instanceof Binary) {
    writeBinary(value);
    return 0x05;
  }
  if (value instanceof Timestamp) {
    reserve(8);
    at = out.writeUInt32LE(value.i, at);
    at = out.writeUInt32LE(value.t, at);
    return 0x11;
  }
  if (value instanceof BSONRegExp) {
    writeName(value.pattern);
    reserve(1);
    writeName(value.options);
    return 0x0b;
  }
  if (value instanceof MinKey) return 0xff;
  if (value instanceof MaxKey) return 0x7f;
  if (value instanceof Code) return writeCode(value);
  writeDocument(value as Document);
  return 0x03;
}

function writeBinary(value: Binary): void {
  const bytes = value.buffer.subarray(0, value.position);
  const old = value.sub_type === 2;
  reserve(9);
  at = out.writeInt32LE(bytes.length + (old ? 4 : 0), at);
  out[at++] = value.sub_type;
  if (old) at = out.writeInt32LE(bytes.length, at);
  writeBytes(bytes);
}

function writeCode(value: Code): number {
  if (!value.scope) {
    writeString(value.code);
    return 0x0d;
  }
  reserve(4);
  const start = at;
  at += 4;
  writeString(value.code);
  writeDocument(value.scope as Document);
  out.writeInt32LE(at - start, start);
  return 0x0f;
}

function writeArray(values: readonly Value[]): void {
  if (++depth > deepest) deepest = depth;
  reserve(5);
  const start = at;
  at += 4;
  for (let i = 0; i < values.length; i++) writeElement(String(i), values[i]);
  finish(start);
}

function writeDocument(document: Document): void {
  if (++depth > deepest) deepest = depth;
  reserve(5);
  const start = at;
  at += 4;
  for (const name of fieldNames(document)) {
    const value = document[name];
    if (value !== undefined) writeElement(name, value);
  }
  finish(start);
}

function finish(start: number): void {
  depth--;
  reserve(1);
  out[at++] = 0;
  out.writeInt32LE(at - start, start);
}

/** Encodes a document; fields that are undefined are left out. `head` bytes are left free in front of it. */
export function encode(document: Document, head = 0): Buffer {
  at = head;
  depth = 0;
  deepest = 0;
  reserve(0);
  writeDocument(document);
  const copy = Buffer.allocUnsafe(at);
  out.copy(copy, 0, 0, at);
  if (out.length > 4 * MAX_DOCUMENT_SIZE) out = Buffer.allocUnsafe(64 * 1024);
  return copy;
}

/** Encodes a document to be stored. @throws CommandError 10334 when it is larger than 16 MB, 15 when nested too deeply. */
export function encodeStored(document: Document): Buffer {
  const bytes = encode(document);
  checkSize(bytes.length);
  checkDepth(deepest);
  return bytes;
}

/** @throws CommandError 15 when a document has too many levels to be stored. */
export function checkDepth(levels: number): void {
  if (levels > MAX_STORED_DEPTH)
    throw new CommandError(15, `Document exceeds maximum nesting depth of ${MAX_STORED_DEPTH}`);
}

export function checkSize(size: number): void {
  if (size > MAX_DOCUMENT_SIZE)
    throw new CommandError(10334, `BSONObj size: ${size} is invalid. Size must be between 0 and 16793600(16MB)`);
}
