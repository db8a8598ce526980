import { compare } from '../bson/compare.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import { visitLeaves } from './path.js';

export interface SortOrder {
  /** Paths and directions, in order. */
  readonly fields: readonly { path: string; direction: 1 | -1 }[];
  readonly compare: (a: Document, b: Document) => number;
}

/** Compiles a sort specification. A field that is an array sorts by its least (ascending) or greatest element. */
export function compileSort(spec: Document): SortOrder {
  const fields = Object.entries(spec).map(([path, value]) => ({ path, direction: direction(path, value) }));
  const readers = fields.map(({ path, direction }) => ({ direction, parts: path.split('.') }));
  return {
    fields,
    compare(a, b) {
      for (const { parts, direction } of readers) {
        const order = compare(sortValue(a, parts, direction), sortValue(b, parts, direction)) * direction;
        if (order !== 0) return order;
      }
      return 0;
    },
  };
}

function direction(path: string, value: Value): 1 | -1 {
  if (isDocument(value) && '$meta' in value) throw notImplemented('sort by $meta');
  const number = asNumber(value);
  if (number !== 1 && number !== -1)
    throw new CommandError(15975, `$sort key ordering must be 1 (for ascending) or -1 (for descending), for ${path}`);
  return number;
}

function sortValue(document: Value, parts: readonly string[], direction: 1 | -1): Value {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && isDocument(document)) {
    const value = Object.hasOwn(document, only) ? document[only] : undefined;
    if (!Array.isArray(value)) return value ?? null;
  }
  let best: Value;
  let any = false;
  visitLeaves(document, parts, (leaf) => {
    // The array as a whole comes last; it counts only as the empty array, which sorts below null.
    const value = Array.isArray(leaf) ? (leaf.length === 0 ? undefined : best) : (leaf ?? null);
    if (Array.isArray(leaf) && leaf.length > 0) return false;
    if (!any || compare(value, best) * direction < 0) best = value;
    any = true;
    return false;
  });
  return any ? best : null;
}
