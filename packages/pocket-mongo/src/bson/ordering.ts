import { compare, equal } from './compare.js';
import { encodeKey } from './keys.js';
import type { Document, Value } from './values.js';

/** How values are compared: by BSON's own order, or with the strings in the order of a collation. */
export interface Ordering {
  /** Negative, zero or positive. */
  compare(a: Value, b: Value): number;
  equal(a: Value, b: Value): boolean;
  /** A string that two values share exactly when they are equal; for grouping and sets, not for order. */
  key(value: Value): string;
  /** The value with each string in it replaced by one that stands for all strings equal to it; names stay. */
  fold(value: Value): Value;
  /** The full collation document; undefined: strings compare by their bytes. */
  readonly collation: Document | undefined;
}

/** BSON's own order: strings by their UTF-8 bytes. */
export const BINARY: Ordering = { compare, equal, key: encodeKey, fold: (value) => value, collation: undefined };

/** True when both hold the same strings equal and order them in the same way. */
export function sameOrdering(a: Ordering, b: Ordering): boolean {
  return a === b || (a.collation !== undefined && equal(a.collation, b.collation));
}

/** True for values that a collation can tell apart or hold equal: strings, and what may hold strings. */
export function isCollatable(value: Value): boolean {
  return typeof value === 'string' || Array.isArray(value) || (typeof value === 'object' && holdsFields(value));
}

function holdsFields(value: object | null): boolean {
  if (value === null) return false;
  const proto = Object.getPrototypeOf(value) as object | null;
  return proto === Object.prototype || proto === null;
}
