import { MaxKey } from 'mongodb';
import { compare } from './order.js';
import { type Doc, isDoc, type Missing, own, type Value } from './values.js';

/** What an index or a sort makes of the values of one document; `code` is that of MongoDB's error. */
export type Keys = { keys: (Value | Missing)[][] } | { code: number };

interface Column {
  /** What is left of the path; none: the value is known. */
  readonly rest: readonly string[];
  readonly value: Value | Missing;
  /** For a path that goes on with a position of the array around: what stands there. */
  readonly place?: { readonly element: Value; readonly array: readonly Value[] } | undefined;
}

/** Stands for a field that is not there until the key is made; then it counts as null. */
const NOTHING = new MaxKey();

class KeyError extends Error {
  constructor(readonly code: number) {
    super(String(code));
  }
}

/**
 * One key for each element of the one array that the paths may meet: a field that is missing counts as null, the end of a
 * path in an empty array as less than null. Two arrays side by side are refused (171), and so is a name that could be a
 * field and a position (16746).
 */
export function keysOf(doc: Doc, paths: readonly string[], sparse = false): Keys {
  try {
    const columns = paths.map((path) => ({ rest: path.split('.'), value: undefined }));
    const keys = expand(doc, columns).filter((key) => !sparse || key.some((value) => value !== NOTHING));
    return { keys: keys.map((key) => key.map((value) => (value === NOTHING ? null : value))) };
  } catch (error) {
    if (error instanceof KeyError) return { code: error.code };
    throw error;
  }
}

/** Goes down through documents to a value, a missing field, or the first array. */
function dig(from: Value | Missing, parts: readonly string[]): { found: Value | Missing; rest: readonly string[] } {
  let current = from;
  for (let i = 0; i < parts.length; i++) {
    if (Array.isArray(current)) return { found: current, rest: parts.slice(i) };
    current = isDoc(current) ? own(current, parts[i] as string) : undefined;
  }
  return { found: current, rest: [] };
}

function expand(obj: Value | Missing, columns: readonly Column[]): (Value | Missing)[][] {
  const arrays = new Set<readonly Value[]>();
  let nested = false;
  const dug = columns.map((column) => {
    const [name, ...after] = column.rest;
    if (name === undefined) return { ...column, open: false };
    const here = isDoc(obj) && own(obj, name) !== undefined;
    if (here && column.place) throw new KeyError(16746);
    if (column.place && Array.isArray(column.place.element)) nested = true;
    const { found, rest } = column.place
      ? dig(column.place.element, after)
      : dig(isDoc(obj) ? obj : undefined, column.rest);
    if (Array.isArray(found)) {
      arrays.add(found);
      return { rest, value: found as Value, open: true };
    }
    return { rest: [], value: found === undefined ? NOTHING : found, open: false };
  });
  const [array, second] = arrays;
  if (second) throw new KeyError(171);
  if (!array) return [dug.map(({ value }) => value)];
  const elements: readonly (Value | Missing)[] = array.length === 0 ? [undefined] : array;
  return elements.flatMap((element) =>
    expand(
      element,
      dug.map(({ rest, value, open }): Column => {
        if (!open) return { rest: [], value };
        if (rest.length === 0) return { rest, value: nested && array.length > 0 ? value : element };
        const position = rest[0] as string;
        const at = Object.hasOwn(array, position) && position !== 'length' ? array[Number(position)] : undefined;
        return { rest, value: undefined, place: at === undefined ? undefined : { element: at, array } };
      }),
    ),
  );
}

export function compareKeys(
  a: readonly (Value | Missing)[],
  b: readonly (Value | Missing)[],
  directions: readonly number[],
): number {
  for (const [i, direction] of directions.entries()) {
    const order = compare(a[i], b[i]) * direction;
    if (order !== 0) return order;
  }
  return 0;
}

/** A document sorts by its first key in the wanted order. */
export function sortKey(doc: Doc, sort: Readonly<Record<string, number>>): (Value | Missing)[] | { code: number } {
  const made = keysOf(doc, Object.keys(sort));
  if ('code' in made) return { code: made.code === 171 ? 2 : made.code };
  const directions = Object.values(sort);
  return made.keys.reduce((best, key) => (compareKeys(key, best, directions) < 0 ? key : best));
}
