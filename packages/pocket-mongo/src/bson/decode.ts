import { CommandError } from '../errors.js';
import { put } from './field-order.js';
import { Reader } from './reader.js';
import { type Document, RawDocument } from './values.js';

/** Decodes the document that starts at `offset`. @throws CommandError 22 when the bytes lie about themselves. */
export function decode(bytes: Buffer, offset = 0): Document {
  return new Reader(bytes, offset).document(bytes.length);
}

/** Names of top-level fields. */
export type Fields = ReadonlySet<string> | 'all';

/** Visits the direct fields of a document; `visit` must read, skip or jump over the value. */
function eachField(bytes: Buffer, visit: (reader: Reader, type: number, name: string, end: number) => void): void {
  const reader = new Reader(bytes, 0);
  const end = reader.open(bytes.length);
  while (reader.at < end) {
    const type = bytes[reader.at++] as number;
    visit(reader, type, reader.name(end), end);
  }
  reader.close(end);
}

function jump(reader: Reader, type: number, end: number): void {
  if (type === 0x03 || type === 0x04) reader.raw(end);
  else reader.skip(type, end);
}

/** Some fields of a document that has been checked before; the others are not looked into. */
export function decodeFields(bytes: Buffer, wanted: Fields): Document {
  if (wanted === 'all') return decode(bytes);
  const result: Document = {};
  eachField(bytes, (reader, type, name, end) => {
    if (wanted.has(name)) put(result, name, reader.value(type, end));
    else jump(reader, type, end);
  });
  return result;
}

/** Decodes a document but for the embedded documents `left`, which are checked and stay bytes. */
export function decodeLeaving(bytes: Buffer, left: ReadonlySet<string>): Document {
  const result: Document = {};
  eachField(bytes, (reader, type, name, end) => {
    if (type === 0x03 && left.has(name)) {
      const start = reader.at;
      reader.skip(type, end);
      put(result, name, new RawDocument(bytes.subarray(start, reader.at)));
    } else put(result, name, reader.value(type, end));
  });
  return result;
}

/** Checks a document all the way down. Returns its levels. @throws CommandError 22 when the bytes lie about themselves. */
export function check(bytes: Buffer): number {
  const reader = new Reader(bytes, 0);
  reader.skip(0x03, bytes.length);
  return reader.deepest;
}

/** A direct field: its BSON type number, its name, and where its element is: from the type byte to behind the value. */
export interface Element {
  readonly type: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The direct fields of a document that has been checked before. */
export function outline(bytes: Buffer): Element[] {
  const result: Element[] = [];
  let start = 4;
  eachField(bytes, (reader, type, name, limit) => {
    jump(reader, type, limit);
    result.push({ type, name, start, end: reader.at });
    start = reader.at;
  });
  return result;
}

/** The bytes of the documents in an array field. @throws CommandError 14 when an element is none. */
export function rawDocuments(bytes: Buffer, field: string): Buffer[] | undefined {
  let result: Buffer[] | undefined;
  eachField(bytes, (reader, type, name, end) => {
    if (type !== 0x04 || name !== field) {
      jump(reader, type, end);
      return;
    }
    const documents: Buffer[] = [];
    eachField(reader.raw(end), (inner, elementType, _, innerEnd) => {
      if (elementType !== 0x03) throw new CommandError(14, 'array elements must be objects');
      documents.push(inner.raw(innerEnd));
    });
    result = documents;
  });
  return result;
}
