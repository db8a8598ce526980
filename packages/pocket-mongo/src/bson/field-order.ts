import type { Document, Value } from './values.js';

/**
 * JavaScript puts names that look like array indices in front of an object's others, in ascending order; BSON keeps fields
 * as they came. So a document with such a name also holds the set of its names in their order, under a symbol. Whoever
 * adds, removes, copies or lists fields of any name does it with the functions here. Documents without such names have no
 * set and pay with a look at one character.
 */
const ORDER = Symbol('order');

type Ordered = Document & { [ORDER]?: Set<string> };

/** The last name that is an array index is one less. */
const INDEX_LIMIT = 2 ** 32 - 1;
const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** False until the first document that holds a set: nothing needs to look for one before. */
let anyOrdered = false;

function startsWithDigit(name: string): boolean {
  const first = name.charCodeAt(0);
  return first <= 0x39 && first >= 0x30;
}

/** True for a name that JavaScript moves to the front. */
export function isArrayIndex(name: string): boolean {
  return startsWithDigit(name) && INDEX.test(name) && Number(name) < INDEX_LIMIT;
}

function setOrder(document: Document, names: Set<string>): void {
  anyOrdered = true;
  // Not enumerable: a copy by spread has none rather than one that two documents share.
  Object.defineProperty(document, ORDER, { value: names, writable: true, configurable: true });
}

/** Tells the order of a new document's fields; a name that came twice keeps its first place. */
export function keepOrder(document: Document, given: readonly string[]): void {
  const native = Object.keys(document);
  if (given.some((name, i) => name !== native[i])) setOrder(document, new Set(given));
}

/** Sets a field; a new one comes behind all others. */
export function put(document: Document, name: string, value: Value): void {
  if (isArrayIndex(name) || (anyOrdered && (document as Ordered)[ORDER])) append(document, name);
  if (name === '__proto__')
    Object.defineProperty(document, name, { value, enumerable: true, writable: true, configurable: true });
  else document[name] = value;
}

function append(document: Document, name: string): void {
  if (Object.hasOwn(document, name)) return;
  const order = (document as Ordered)[ORDER];
  if (order) order.add(name);
  else setOrder(document, new Set(Object.keys(document)).add(name));
}

/** Removes a field. */
export function remove(document: Document, name: string): void {
  if (anyOrdered) (document as Ordered)[ORDER]?.delete(name);
  delete document[name];
}

/** The names of a document's fields, in their order. */
export function fieldNames(document: Document): string[] {
  const names = Object.keys(document);
  const first = names[0];
  return first !== undefined && startsWithDigit(first) ? ordered(document, names) : names;
}

function ordered(document: Document, names: string[]): string[] {
  const order = (document as Ordered)[ORDER];
  if (!order) return names;
  // What was set past `put` comes last.
  if (order.size !== names.length) for (const name of names) order.add(name);
  return [...order];
}

/** As `Object.entries`, in the order of the fields. */
export function entriesOf(document: Document): [string, Value][] {
  return fieldNames(document).map((name) => [name, document[name]]);
}

/** As `Object.fromEntries`, in the order given. */
export function documentOf(entries: Iterable<readonly [string, Value]>): Document {
  const result: Document = {};
  for (const [name, value] of entries) put(result, name, value);
  return result;
}

/** A copy of the top level. */
export function copyOf(document: Document): Document {
  const copy = { ...document };
  const order = anyOrdered ? (document as Ordered)[ORDER] : undefined;
  if (order) setOrder(copy, new Set(order));
  return copy;
}

/** The document with this `_id`, in front of its other fields. */
export function withId(id: Value, document: Document): Document {
  const result: Document = { _id: id };
  for (const name of fieldNames(document)) if (name !== '_id') put(result, name, document[name]);
  return result;
}
