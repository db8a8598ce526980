import { isDocument, type Value } from '../bson/values.js';

const INDEX = /^(0|[1-9]\d*)$/;

export function isIndex(part: string): boolean {
  return INDEX.test(part);
}

export function field(value: Value, name: string): Value {
  return isDocument(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

type Visit = (leaf: Value) => boolean;

/**
 * Visits what a dotted path means in a query: arrays on the way are looked through element by element, and a number may
 * also be a position in an array. The value at the end is visited as it is (an array as one value); undefined stands for
 * a field that a document lacks. What a position at the end of the path stands for goes to `visitElement`. Stops, and
 * returns true, as soon as a visitor does.
 */
export function visitPath(
  value: Value,
  parts: readonly string[],
  from: number,
  visit: Visit,
  visitElement: Visit = visit,
): boolean {
  let current = value;
  for (let i = from; i < parts.length; i++) {
    const part = parts[i] as string;
    if (Array.isArray(current)) return visitArray(current, parts, i, visit, visitElement);
    current = field(current, part);
  }
  return visit(current);
}

function visitArray(
  array: readonly Value[],
  parts: readonly string[],
  at: number,
  visit: Visit,
  visitElement: Visit,
): boolean {
  const part = parts[at] as string;
  if (isIndex(part) && Number(part) < array.length) {
    const element = array[Number(part)];
    // Nothing is below a scalar: no field is missing there either.
    if (
      at + 1 === parts.length
        ? visitElement(element)
        : isContainer(element) && visitPath(element, parts, at + 1, visit, visitElement)
    )
      return true;
  }
  for (const element of array) {
    if (isDocument(element) && visitPath(element, parts, at, visit, visitElement)) return true;
  }
  return false;
}

function isContainer(value: Value): boolean {
  return Array.isArray(value) || isDocument(value);
}

/**
 * As `visitPath`, but an array at the end is visited element by element first and then as a whole, unless its position in
 * another array led there.
 */
export function visitLeaves(value: Value, parts: readonly string[], visit: Visit): boolean {
  const visitAll: Visit = (leaf) => {
    if (Array.isArray(leaf)) for (const element of leaf) if (visit(element)) return true;
    return visit(leaf);
  };
  return visitPath(value, parts, 0, visitAll, visit);
}
