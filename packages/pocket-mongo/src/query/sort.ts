import { entriesOf } from '../bson/field-order.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { type Environment, PLAIN } from './environment.js';
import { ARRAY, keyRows, plainValue } from './key-values.js';

export type SortKey = readonly Value[];

export interface SortOrder {
  /** Paths and directions, in order. */
  readonly fields: readonly { path: string; direction: 1 | -1 }[];
  readonly compare: (a: Document, b: Document) => number;
  /** What a document sorts by. @throws CommandError 2 for arrays side by side. */
  readonly keyOf: (document: Document) => SortKey;
  readonly compareKeys: (a: SortKey, b: SortKey) => number;
}

/** Compiles a sort specification. A document with an array sorts by the first of the keys an index would have. */
export function compileSort(spec: Document, { ordering }: Environment = PLAIN): SortOrder {
  const fields = entriesOf(spec).map(([path, value]) => ({ path, direction: direction(path, value) }));
  const paths = fields.map(({ path }) => path.split('.'));
  const compareKeys = (a: SortKey, b: SortKey) => {
    for (let i = 0; i < fields.length; i++) {
      const order = ordering.compare(a[i], b[i]);
      if (order !== 0) return order * (fields[i] as { direction: number }).direction;
    }
    return 0;
  };
  const keyOf = (document: Document) => sortKey(document, paths, compareKeys);
  return { fields, keyOf, compareKeys, compare: (a, b) => compareKeys(keyOf(a), keyOf(b)) };
}

function direction(path: string, value: Value): 1 | -1 {
  if (isDocument(value) && '$meta' in value) throw notImplemented('sort by $meta');
  const number = asNumber(value);
  if (number !== 1 && number !== -1)
    throw new CommandError(15975, `$sort key ordering must be 1 (for ascending) or -1 (for descending), for ${path}`);
  return number;
}

function sortKey(
  document: Document,
  paths: readonly (readonly string[])[],
  compareKeys: (a: SortKey, b: SortKey) => number,
): SortKey {
  const key: Value[] = [];
  for (const parts of paths) {
    const value = plainValue(document, parts);
    if (value === ARRAY) return firstKey(document, paths, compareKeys);
    key.push(value ?? null);
  }
  return key;
}

function firstKey(
  document: Document,
  paths: readonly (readonly string[])[],
  compareKeys: (a: SortKey, b: SortKey) => number,
): SortKey {
  try {
    return keyRows(document, paths)
      .map(({ values }) => values)
      .reduce((best, key) => (compareKeys(key, best) < 0 ? key : best));
  } catch (error) {
    if (error instanceof CommandError && error.code === 171)
      throw badValue('cannot sort with keys that are parallel arrays');
    throw error;
  }
}
