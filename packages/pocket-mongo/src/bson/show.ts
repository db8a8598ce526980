import { entriesOf } from './field-order.js';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  type Document,
  Double,
  isDocument,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  type Value,
} from './values.js';

/** Longer texts are cut: a message must not carry a whole document of 16 MB. */
const LIMIT = 1000;

/** A value as MongoDB's messages show it. */
export function show(value: Value): string {
  const text = write(value, 0);
  return text.length > LIMIT ? `${text.slice(0, LIMIT)}...` : text;
}

function write(value: Value, depth: number): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > LIMIT ? `${value.slice(0, LIMIT)}...` : value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value) || isDocument(value)) return depth > 10 ? '...' : writeMany(value, depth + 1);
  if (value instanceof Double) return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value);
  if (value instanceof Decimal128) return value.toString();
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Binary)
    return `BinData(${value.sub_type}, ${Buffer.from(value.buffer.subarray(0, Math.min(value.position, LIMIT)))
      .toString('hex')
      .toUpperCase()})`;
  if (value instanceof Timestamp) return `Timestamp(${value.t}, ${value.i})`;
  if (value instanceof BSONRegExp) return `/${value.pattern}/${value.options}`;
  if (value instanceof Code) return value.code;
  if (value instanceof MinKey) return 'MinKey';
  return value instanceof MaxKey ? 'MaxKey' : '...';
}

function writeMany(value: Value[] | Document, depth: number): string {
  if (Array.isArray(value))
    return value.length === 0
      ? '[]'
      : `[ ${value
          .slice(0, LIMIT)
          .map((one) => write(one, depth))
          .join(', ')} ]`;
  const fields = entriesOf(value).slice(0, LIMIT);
  return fields.length === 0 ? '{}' : `{ ${fields.map(([name, one]) => `${name}: ${write(one, depth)}`).join(', ')} }`;
}
