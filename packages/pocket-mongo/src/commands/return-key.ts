import { documentOf } from '../bson/field-order.js';
import { BINARY } from '../bson/ordering.js';
import type { Document } from '../bson/values.js';
import { notImplemented } from '../errors.js';
import type { Access } from '../plan/plan.js';
import { keyRows } from '../query/key-values.js';

/**
 * What `returnKey` shows of a document: the key by which the index has found it, nothing of what is found without an index.
 * Keys cannot be turned back, so it is made anew from the document. @throws CommandError 238 where that does not tell it
 */
export function keyOf(access: Access): (document: Document) => Document {
  if (access.kind === 'scan') return () => ({});
  if (access.kind === 'union') throw notImplemented('returnKey of a query that reads several ranges or indexes');
  const { paths, key, ordering } = access.index;
  if (ordering !== BINARY || Object.values(key).includes('hashed'))
    throw notImplemented('returnKey of an index with a collation or a hash');
  const parts = paths.map((path) => path.split('.'));
  return (document) => {
    const [row, ...others] = keyRows(document, parts);
    if (!row || others.length > 0) throw notImplemented('returnKey of a document with several keys');
    return documentOf(paths.map((path, i) => [path, row.values[i] ?? null]));
  };
}
