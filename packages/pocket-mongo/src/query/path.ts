import { isDocument, type Value } from '../bson/values.js';

const INDEX = /^(0|[1-9]\d*)$/;

export function isIndex(part: string): boolean {
  return INDEX.test(part);
}

export function field(value: Value, name: string): Value {
  return isDocument(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/**
 * Visits what a dotted path means in a query: arrays on the way are looked through element by element, and a number may
 * also be a position in an array. The value at the end is visited as it is (an array as one value); undefined stands for
 * a missing field. Stops, and returns true, as soon as `visit` does.
 */
export function visitPath(
  value: Value,
  parts: readonly string[],
  from: number,
  visit: (leaf: Value) => boolean,
): boolean {
  let current = value;
  for (let i = from; i < parts.length; i++) {
    const part = parts[i] as string;
    if (Array.isArray(current)) return visitArray(current, parts, i, visit);
    current = field(current, part);
  }
  return visit(current);
}

function visitArray(
  array: readonly Value[],
  parts: readonly string[],
  at: number,
  visit: (leaf: Value) => boolean,
): boolean {
  const part = parts[at] as string;
  if (isIndex(part) && Number(part) < array.length && visitPath(array[Number(part)], parts, at + 1, visit)) return true;
  for (const element of array) {
    if (isDocument(element) && visitPath(element, parts, at, visit)) return true;
  }
  return false;
}

/** As `visitPath`, but an array at the end is visited element by element first and then as a whole. */
export function visitLeaves(value: Value, parts: readonly string[], visit: (leaf: Value) => boolean): boolean {
  return visitPath(value, parts, 0, (leaf) => {
    if (Array.isArray(leaf)) for (const element of leaf) if (visit(element)) return true;
    return visit(leaf);
  });
}
