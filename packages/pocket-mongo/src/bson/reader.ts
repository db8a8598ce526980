import { CommandError } from '../errors.js';
import { isArrayIndex, keepOrder, put } from './field-order.js';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  type Document,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  toDate,
  toDouble,
  type Value,
} from './values.js';

/** Levels of documents and arrays in anything that is read. Stored documents have less, so that a command can hold them. */
const MAX_DEPTH = 200;
export const MAX_STORED_DEPTH = 180;

/** The bytes of the digits. */
const ZERO = 0x30;
const NINE = 0x39;

function invalid(why: string): CommandError {
  return new CommandError(22, `Invalid BSON: ${why}`);
}

/** The library's constructor refuses options that it does not know; a document may hold any. */
function regExp(pattern: string, options: string): BSONRegExp {
  return Object.assign(Object.create(BSONRegExp.prototype) as BSONRegExp, { pattern, options });
}

/** Reads one BSON document after another from a buffer, checking every length against its container. */
export class Reader {
  constructor(
    readonly bytes: Buffer,
    public at: number,
  ) {}

  private depth = 0;
  /** The most levels that were met. */
  deepest = 0;

  /** Opens a document: returns the offset of its terminating zero. */
  open(limit: number): number {
    if (this.at + 5 > limit) throw invalid('document is cut off');
    const size = this.bytes.readInt32LE(this.at);
    const end = this.at + size - 1;
    if (size < 5 || end >= limit || this.bytes[end] !== 0) throw invalid('document length is wrong');
    if (++this.depth > this.deepest) {
      this.deepest = this.depth;
      if (this.depth > MAX_DEPTH)
        throw new CommandError(15, `BSONObj exceeds maximum nested object depth: ${MAX_DEPTH}`);
    }
    this.at += 4;
    return end;
  }

  close(end: number): void {
    if (this.at !== end) throw invalid('document length is wrong');
    this.at = end + 1;
    this.depth--;
  }

  document(limit: number): Document {
    const end = this.open(limit);
    const result: Document = {};
    let order: string[] | undefined;
    while (this.at < end) {
      const type = this.bytes[this.at++] as number;
      const first = this.bytes[this.at] as number;
      const name = this.name(end);
      if (order) order.push(name);
      else if (first <= NINE && first >= ZERO && isArrayIndex(name)) order = [...Object.keys(result), name];
      const value = this.value(type, end);
      if (name === '__proto__') put(result, name, value);
      else result[name] = value;
    }
    this.close(end);
    if (order) keepOrder(result, order);
    return result;
  }

  array(limit: number): Value[] {
    const end = this.open(limit);
    const result: Value[] = [];
    while (this.at < end) {
      const type = this.bytes[this.at++] as number;
      this.skipName(end);
      result.push(this.value(type, end));
    }
    this.close(end);
    return result;
  }

  skipName(limit: number): void {
    while (this.bytes[this.at] !== 0) if (++this.at >= limit) throw invalid('field name is not terminated');
    this.at++;
  }

  name(limit: number): string {
    const start = this.at;
    const bytes = this.bytes;
    let ascii = true;
    let byte = bytes[this.at] as number;
    while (byte !== 0) {
      if (byte > 127) ascii = false;
      if (++this.at >= limit) throw invalid('field name is not terminated');
      byte = bytes[this.at] as number;
    }
    const end = this.at++;
    return ascii ? bytes.latin1Slice(start, end) : bytes.utf8Slice(start, end);
  }

  private need(size: number, limit: number): number {
    const at = this.at;
    if (size < 0 || at + size > limit) throw invalid('value is cut off');
    this.at = at + size;
    return at;
  }

  private string(limit: number): string {
    const size = this.bytes.readInt32LE(this.need(4, limit));
    if (size < 1) throw invalid('string length is wrong');
    const at = this.need(size, limit);
    if (this.bytes[at + size - 1] !== 0) throw invalid('string is not terminated');
    return this.bytes.utf8Slice(at, at + size - 1);
  }

  value(type: number, limit: number): Value {
    const bytes = this.bytes;
    switch (type) {
      case 0x02:
        return this.string(limit);
      case 0x10:
        return bytes.readInt32LE(this.need(4, limit));
      case 0x03:
        return this.document(limit);
      case 0x04:
        return this.array(limit);
      case 0x07: {
        const at = this.need(12, limit);
        return new ObjectId(Uint8Array.prototype.slice.call(bytes, at, at + 12));
      }
      case 0x08:
        return bytes[this.need(1, limit)] !== 0;
      case 0x09:
        return toDate(bytes.readBigInt64LE(this.need(8, limit)));
      case 0x01:
        return toDouble(bytes.readDoubleLE(this.need(8, limit)));
      case 0x12:
        return bytes.readBigInt64LE(this.need(8, limit));
      case 0x0a:
        return null;
      default:
        return this.rareValue(type, limit);
    }
  }

  /** Passes over a value, checking it as `value` does. */
  skip(type: number, limit: number): void {
    switch (type) {
      case 0x02: {
        const size = this.bytes.readInt32LE(this.need(4, limit));
        if (size < 1) throw invalid('string length is wrong');
        if (this.bytes[this.need(size, limit) + size - 1] !== 0) throw invalid('string is not terminated');
        break;
      }
      case 0x03:
      case 0x04: {
        const end = this.open(limit);
        while (this.at < end) {
          const inner = this.bytes[this.at++] as number;
          this.skipName(end);
          this.skip(inner, end);
        }
        this.close(end);
        break;
      }
      case 0x01:
      case 0x09:
      case 0x12:
        this.need(8, limit);
        break;
      case 0x10:
        this.need(4, limit);
        break;
      case 0x07:
        this.need(12, limit);
        break;
      case 0x08:
        this.need(1, limit);
        break;
      default:
        this.rareValue(type, limit);
    }
  }

  /** Passes over an embedded document or array without looking into it, and returns its bytes. */
  raw(limit: number): Buffer {
    const at = this.at;
    const size = at + 4 > limit ? 0 : this.bytes.readInt32LE(at);
    if (size < 5 || at + size > limit) throw invalid('document length is wrong');
    this.at = at + size;
    return this.bytes.subarray(at, this.at);
  }

  private rareValue(type: number, limit: number): Value {
    const bytes = this.bytes;
    switch (type) {
      case 0x06:
      case 0x0a:
        return null;
      case 0x05: {
        const size = bytes.readInt32LE(this.need(4, limit));
        const subtype = bytes[this.need(1, limit)] as number;
        const at = this.need(size, limit);
        if (subtype === 2 && (size < 4 || bytes.readInt32LE(at) !== size - 4)) throw invalid('binary length is wrong');
        if (subtype !== 2) return new Binary(Uint8Array.prototype.slice.call(bytes, at, at + size), subtype);
        return new Binary(Uint8Array.prototype.slice.call(bytes, at + 4, at + size), subtype);
      }
      case 0x0b:
        return regExp(this.name(limit), this.name(limit));
      case 0x0d:
        return new Code(this.string(limit));
      case 0x0e:
        return this.string(limit);
      case 0x0f: {
        const start = this.at;
        const size = bytes.readInt32LE(this.need(4, limit));
        const code = this.string(limit);
        const scope = this.document(limit);
        if (this.at !== start + size) throw invalid('code length is wrong');
        return new Code(code, scope);
      }
      case 0x11: {
        const at = this.need(8, limit);
        return new Timestamp({ i: bytes.readUInt32LE(at), t: bytes.readUInt32LE(at + 4) });
      }
      case 0x13: {
        const at = this.need(16, limit);
        return new Decimal128(Uint8Array.prototype.slice.call(bytes, at, at + 16));
      }
      case 0xff:
        return new MinKey();
      case 0x7f:
        return new MaxKey();
      default:
        throw invalid(`unknown type 0x${type.toString(16)}`);
    }
  }
}
