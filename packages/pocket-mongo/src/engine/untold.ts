import { decode } from '../bson/decode.js';
import { RawDocument } from '../bson/values.js';
import { compareDocuments } from '../query/update-description.js';
import type { Catalog, Collection } from '../storage/catalog.js';
import type { Change } from '../storage/change.js';
import { documentKey } from '../storage/change-log.js';
import { PREFIX_LENGTH } from '../storage/sorted-table.js';
import type { Transaction } from './transaction.js';

/**
 * What a transaction changes, found by comparing: for one that began before anybody listened, and so did not note it.
 * The order is that of the documents, not of the writes.
 */
export function untoldChanges(transaction: Transaction, catalog: Catalog): Change[] {
  const collections = new Map<string, Collection>();
  for (const db of catalog.databaseNames())
    for (const collection of catalog.collections(db)) collections.set(collection.prefix, collection);
  for (const collection of transaction.made()) collections.set(collection.prefix, collection);
  const changes: Change[] = [];
  for (const { key, before, after } of transaction.differences()) {
    const collection = collections.get(key.slice(0, PREFIX_LENGTH));
    const change = collection && changeOf(collection, before, after);
    if (change) changes.push(change);
  }
  return changes;
}

function changeOf(collection: Collection, before: Buffer | undefined, after: Buffer | undefined): Change | undefined {
  const { db, name: coll, uuid } = collection;
  const of = { db, coll, uuid };
  if (before && after) {
    if (before.equals(after)) return undefined;
    const old = decode(before);
    const updateDescription = compareDocuments(old, decode(after));
    return { op: 'update', ...of, documentKey: documentKey(old), updateDescription };
  }
  if (after) return { op: 'insert', ...of, documentKey: documentKey(decode(after)), document: new RawDocument(after) };
  return before && { op: 'delete', ...of, documentKey: documentKey(decode(before)) };
}
