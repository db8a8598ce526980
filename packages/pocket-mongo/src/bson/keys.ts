import { createHash } from 'node:crypto';
import { binaryBytes, Rank, rank } from './compare.js';
import { fieldNames } from './field-order.js';
import { isNumeric, type Numeric, nearest, residual } from './numbers.js';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  type Document,
  dateMs,
  ObjectId,
  Timestamp,
  type Value,
} from './values.js';

/**
 * Order-preserving keys: the bytes of two encoded values compare as the values do. Keys are handled as latin1 strings
 * (one character per byte), which JavaScript compares, hashes and concatenates quickly; LMDB stores their bytes.
 */
let out = Buffer.alloc(4096);
let at = 0;

function reserve(size: number): void {
  if (at + size <= out.length) return;
  const larger = Buffer.alloc(Math.max(out.length * 2, at + size));
  out.copy(larger, 0, 0, at);
  out = larger;
}

/** Zero bytes are escaped as 00 FF and the end is 00 01, so that a prefix sorts first even with all bits inverted. */
function putText(text: string): void {
  reserve(text.length * 6 + 2);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) {
      putEscaped(Buffer.from(text.slice(i), 'utf8'));
      return;
    }
    out[at++] = code;
    if (code === 0) out[at++] = 0xff;
  }
  out[at++] = 0;
  out[at++] = 1;
}

function putEscaped(bytes: Uint8Array): void {
  reserve(bytes.length * 2 + 2);
  for (const byte of bytes) {
    out[at++] = byte;
    if (byte === 0) out[at++] = 0xff;
  }
  out[at++] = 0;
  out[at++] = 1;
}

function putBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  out.set(bytes, at);
  at += bytes.length;
}

/** Eight bytes of the nearest double made sortable, then how the exact value lies to it. NaN is all zeros. */
function putNumber(value: Numeric): void {
  reserve(64);
  const double = nearest(value);
  const start = at;
  if (Number.isNaN(double)) {
    out.fill(0, at, at + 8);
  } else {
    out.writeDoubleBE(double === 0 ? 0 : double, at);
    if ((out[at] as number) & 0x80) for (let i = at; i < at + 8; i++) out[i] = ~(out[i] as number);
    else out[at] = (out[at] as number) | 0x80;
  }
  at = start + 8;
  const precise = typeof value === 'bigint' ? !Number.isSafeInteger(double) : value instanceof Decimal128;
  if (precise) putResidual(value as bigint | Decimal128);
  else out[at++] = 0x80;
}

function putResidual(value: bigint | Decimal128): void {
  const { side, exponent, digits, negative } = residual(value);
  out[at++] = 0x80 + side;
  if (side === 0) return;
  const start = at;
  at = out.writeUInt16BE(exponent + 0x8000, at);
  at += out.latin1Write(digits, at);
  out[at++] = 0;
  if (negative) for (let i = start; i < at; i++) out[i] = ~(out[i] as number);
}

function putInt64(value: bigint): void {
  reserve(8);
  at = out.writeBigUInt64BE(BigInt.asUintN(64, value + (1n << 63n)), at);
}

function putValue(value: Value): void {
  const type = rank(value);
  reserve(16);
  out[at++] = type;
  putPayload(type, value);
}

function putPayload(type: number, value: Value): void {
  if (typeof value === 'string') putText(value);
  else if (isNumeric(value)) putNumber(value);
  else if (value instanceof ObjectId) putBytes(value.id);
  else if (value instanceof Date) putInt64(dateMs(value));
  else if (typeof value === 'boolean') out[at++] = value ? 2 : 1;
  else if (Array.isArray(value)) {
    for (const element of value) putValue(element);
    reserve(1);
    out[at++] = 0;
  } else if (type === Rank.object) putDocument(value as Document);
  else putRare(value);
}

function putDocument(document: Document): void {
  for (const name of fieldNames(document)) {
    const value = document[name];
    const type = rank(value);
    reserve(1);
    out[at++] = type;
    putText(name);
    reserve(16);
    putPayload(type, value);
  }
  reserve(1);
  out[at++] = 0;
}

function putRare(value: Value): void {
  if (value instanceof Binary) {
    at = out.writeUInt32BE(value.position, at);
    out[at++] = value.sub_type;
    putBytes(binaryBytes(value));
  } else if (value instanceof Timestamp) {
    at = out.writeUInt32BE(value.t, at);
    at = out.writeUInt32BE(value.i, at);
  } else if (value instanceof BSONRegExp) {
    putText(value.pattern);
    putText(value.options);
  } else if (value instanceof Code) {
    putText(value.code);
    if (value.scope) putDocument(value.scope as Document);
  }
}

/** The key of one value. */
export function encodeKey(value: Value): string {
  at = 0;
  putValue(value);
  return out.latin1Slice(0, at);
}

/** The key of one value for a descending field: all bits inverted. */
export function encodeKeyDescending(value: Value): string {
  at = 0;
  putValue(value);
  invert(0);
  return out.latin1Slice(0, at);
}

function invert(from: number): void {
  for (let i = from; i < at; i++) out[i] = ~(out[i] as number);
}

/** The key of the values of a compound index. `directions` holds 1 or -1 per value. */
export function encodeCompound(values: readonly Value[], directions: readonly number[]): string {
  at = 0;
  for (let i = 0; i < values.length; i++) {
    const start = at;
    putValue(values[i]);
    if (directions[i] === -1) invert(start);
  }
  return out.latin1Slice(0, at);
}

/** LMDB's keys end at 1978 bytes; an index key holds the fields and the document's own key. */
export const MAX_FIELDS_KEY = 1000;
export const MAX_ID_KEY = 900;
const DIGEST = 32;

/** A key that fits: a longer one keeps its beginning and ends in the SHA-256 of the whole. */
export function fit(key: string, limit: number): string {
  if (key.length <= limit) return key;
  return key.slice(0, limit - DIGEST) + createHash('sha256').update(key, 'latin1').digest().latin1Slice();
}

/** The least key above all keys that begin with `prefix`; above everything when all its bytes are FF. */
export function successor(prefix: string): string {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const code = prefix.charCodeAt(i);
    if (code < 0xff) return prefix.slice(0, i) + String.fromCharCode(code + 1);
  }
  return '\xff'.repeat(prefix.length + 1);
}
