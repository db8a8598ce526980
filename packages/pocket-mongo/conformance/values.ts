import type { Document } from 'mongodb';

/** A value of one of the driver's classes for BSON's types. */
export function isBson(value: unknown): value is { readonly _bsontype: string } {
  return typeof value === 'object' && value !== null && '_bsontype' in value;
}

/** An object that becomes a document in BSON, also when it is of a class. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isBson(value)) return false;
  return !(value instanceof Date || value instanceof RegExp || value instanceof Uint8Array || value instanceof Map);
}

/** An object of no class. */
export function isPlainObject(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Documents, maps and the driver's result objects as one kind. */
export function asDocument(value: unknown): Document | undefined {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), item]));
  return isDocument(value) ? value : undefined;
}
