import { isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { field } from './path.js';

/** The values that one key of a document is made of. An empty array stands as undefined, a missing field as null. */
export interface KeyRow {
  readonly values: readonly Value[];
  /** How many of the fields exist. */
  readonly found: number;
}

/** An array was met: the document may have several keys. */
export const ARRAY = Symbol('array');

/** The value at a path that meets no array; undefined where the field is missing. */
export function plainValue(document: Value, parts: readonly string[]): Value | typeof ARRAY {
  let current = document;
  for (const part of parts) {
    if (!isDocument(current)) return Array.isArray(current) ? ARRAY : undefined;
    current = field(current, part);
  }
  return Array.isArray(current) ? ARRAY : current;
}

/** A field of a key on its way down through the document. */
interface Column {
  /** What is left of the path; none when the value is known. */
  readonly rest: readonly string[];
  readonly value: Value;
  readonly found: boolean;
  /** The value is the array that is about to be taken apart. */
  readonly open?: boolean;
  /** The path goes on with a position of the array around: the element that stands there. */
  readonly place?: Value;
}

/**
 * The keys of a document, for indexes and for sorting: one for each element of the array that the paths meet. Fields below
 * the same array take their values from the same element.
 * @throws CommandError 171 for two arrays side by side, 16746 for a number that could be a position and a field's name.
 */
export function keyRows(document: Value, paths: readonly (readonly string[])[]): KeyRow[] {
  const rows: KeyRow[] = [];
  expand(
    document,
    paths.map((rest) => ({ rest, value: null, found: false })),
    rows,
  );
  return rows;
}

function expand(current: Value, columns: readonly Column[], rows: KeyRow[]): void {
  let array: Value[] | undefined;
  let arrayPath = '';
  let whole = false;
  const next = columns.map((column): Column => {
    if (column.rest.length === 0) return column;
    if (Array.isArray(column.place)) whole = true;
    const dug = dig(current, column);
    if (!dug.open || !Array.isArray(dug.value)) return dug;
    const path = column.rest.slice(0, column.rest.length - dug.rest.length).join('.');
    if (array && array !== dug.value)
      throw new CommandError(171, `cannot index parallel arrays [${path}] [${arrayPath}]`);
    array = dug.value;
    arrayPath = path;
    return dug;
  });
  if (!array) {
    rows.push({
      values: next.map(({ value }) => value),
      found: next.reduce((sum, { found }) => sum + Number(found), 0),
    });
    return;
  }
  const elements = array.length === 0 ? [undefined] : array;
  for (const element of elements) {
    const below = next.map((column) => inElement(column, array as Value[], element, whole && elements === array));
    expand(isDocument(element) ? element : {}, below, rows);
  }
}

/** A column below one element of the array. With `whole` an array that ends a path stays as it is. */
function inElement(column: Column, array: Value[], element: Value, whole: boolean): Column {
  if (!column.open) return column;
  const { rest } = column;
  if (rest.length === 0) return { rest, value: whole ? array : element, found: true };
  const position = rest[0] as string;
  return Object.hasOwn(array, position) && position !== 'length'
    ? { rest, value: null, found: false, place: array[Number(position)] }
    : { rest, value: null, found: false };
}

/** Goes down through documents to a value, to a missing field, or to the first array. */
function dig(from: Value, { rest, place }: Column): Column {
  let current = from;
  let at = 0;
  if (place !== undefined) {
    if (field(from, rest[0] as string) !== undefined)
      throw new CommandError(
        16746,
        `Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), field: '${rest[0]}'`,
      );
    current = place;
    at = 1;
  }
  for (; at < rest.length && !Array.isArray(current); at++) current = field(current, rest[at] as string);
  if (Array.isArray(current)) return { rest: rest.slice(at), value: current, found: true, open: true };
  return { rest: [], value: current ?? null, found: current !== undefined };
}
