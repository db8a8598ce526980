import type { Fields } from '../bson/decode.js';
import { type Document, isDocument, type Value } from '../bson/values.js';

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
    } else if (key === '$expr') {
      if (!addExpression(condition, roots)) return false;
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

/** The top-level fields of its document that an expression looks at. */
export function expressionRoots(expression: Value): Fields {
  const roots = new Set<string>();
  return addExpression(expression, roots) ? roots : 'all';
}

function addExpression(expression: Value, roots: Set<string>): boolean {
  if (typeof expression === 'string') return addPath(expression, roots);
  if (Array.isArray(expression)) return expression.every((element) => addExpression(element, roots));
  if (!isDocument(expression)) return true;
  for (const [key, value] of Object.entries(expression)) {
    if (key === '$literal' || key === '$const') continue;
    if (key === '$getField' && !(isDocument(value) && 'input' in value)) return false;
    if (!addExpression(value, roots)) return false;
  }
  return true;
}

function addPath(path: string, roots: Set<string>): boolean {
  if (!path.startsWith('$')) return true;
  if (!path.startsWith('$$')) {
    roots.add(rootOf(path.slice(1)));
    return true;
  }
  const [name, root] = path.slice(2).split('.');
  if (name !== 'ROOT' && name !== 'CURRENT') return true;
  if (root === undefined) return false;
  roots.add(root);
  return true;
}
