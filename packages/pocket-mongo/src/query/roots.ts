import type { Fields } from '../bson/decode.js';
import { type Document, isDocument } from '../bson/values.js';

const CLAUSES = new Set(['$and', '$or', '$nor']);

/** The top-level fields that a filter looks at. */
export function rootsOf(filter: Document): Fields {
  const roots = new Set<string>();
  return addRoots(filter, roots) ? roots : 'all';
}

function addRoots(filter: Document, roots: Set<string>): boolean {
  for (const [key, condition] of Object.entries(filter)) {
    if (CLAUSES.has(key) && Array.isArray(condition)) {
      for (const clause of condition) if (isDocument(clause) && !addRoots(clause, roots)) return false;
    } else if (key.startsWith('$')) {
      if (key !== '$comment') return false;
    } else {
      roots.add(rootOf(key));
    }
  }
  return true;
}

/** The first name of a dotted path. */
export function rootOf(path: string): string {
  const dot = path.indexOf('.');
  return dot < 0 ? path : path.slice(0, dot);
}

export function union(some: Iterable<Fields>): Fields {
  const all = new Set<string>();
  for (const fields of some) {
    if (fields === 'all') return 'all';
    for (const field of fields) all.add(field);
  }
  return all;
}
