import { execute } from '../plan/execute.js';
import type { Catalog, Collection } from '../storage/catalog.js';
import type { DocumentWriter } from '../storage/documents.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { Store } from '../storage/store.js';
import { Blocked, type Claims, PlainWriter } from './transaction.js';

/** Documents deleted between two pauses, so that others get their turn. */
const STEP = 200;

/** Deletes what the TTL indexes say has expired. Documents that a transaction holds wait for the next round. */
export async function deleteExpired(
  store: Store,
  catalog: Catalog,
  documents: DocumentWriter,
  claims: Claims,
  now = Date.now(),
): Promise<number> {
  let deleted = 0;
  for (const db of catalog.databaseNames()) {
    for (const collection of catalog.collections(db)) {
      for (const index of collection.secondary) {
        if (index.expireAfterSeconds !== undefined)
          deleted += await expire(store, documents, claims, collection, index, now);
      }
    }
  }
  if (deleted > 0) await store.durable();
  return deleted;
}

async function expire(
  store: Store,
  documents: DocumentWriter,
  claims: Claims,
  collection: Collection,
  index: IndexDefinition,
  now: number,
): Promise<number> {
  const [path] = index.paths;
  const limit = new Date(now - (index.expireAfterSeconds ?? 0) * 1000);
  const filter = { ...index.partial, [path as string]: { $lt: limit } };
  const writer = new PlainWriter(store, claims);
  let deleted = 0;
  for (const found of execute(store, collection, { filter, hint: index.name, needs: collection.fields })) {
    if (!found) continue;
    try {
      documents.remove(writer, collection, found.fields);
      deleted++;
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
    }
    if (deleted % STEP === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return deleted;
}
