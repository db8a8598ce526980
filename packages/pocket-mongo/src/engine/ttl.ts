import { asNumber } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { execute, type Found, type Query, refind } from '../plan/execute.js';
import type { Catalog, Collection } from '../storage/catalog.js';
import type { DocumentWriter } from '../storage/documents.js';
import type { Store } from '../storage/store.js';
import { Pace } from './pace.js';
import { Blocked, type Claims, PlainWriter } from './transaction.js';

/** Documents deleted between two flushes, which bounds what waits in memory. */
const STEP = 500;

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
      for (const query of expiredIn(collection, now))
        deleted += await deleteAll(store, documents, claims, collection, query);
    }
  }
  if (deleted > 0) await store.durable();
  return deleted;
}

/** Queries for what has expired: by TTL indexes, and by the collection's own `expireAfterSeconds`. */
function expiredIn(collection: Collection, now: number): Query[] {
  const before = (seconds: number) => ({ $lt: new Date(now - seconds * 1000) });
  const queries: Query[] = [];
  for (const index of collection.secondary) {
    const { paths, partial, expireAfterSeconds: seconds, building } = index;
    if (seconds !== undefined && !building)
      queries.push({ filter: { ...partial, [paths[0] as string]: before(seconds) }, index });
  }
  const seconds = asNumber(collection.options.expireAfterSeconds);
  // Of a time series the documents are found by their time, of a clustered collection by `_id`.
  if (seconds !== undefined) queries.push({ filter: { [collection.timeField ?? '_id']: before(seconds) } });
  return queries;
}

async function deleteAll(
  store: Store,
  documents: DocumentWriter,
  claims: Claims,
  collection: Collection,
  query: Query,
): Promise<number> {
  const writer = new PlainWriter(store, claims);
  const pace = new Pace();
  const wanted = { ...query, needs: collection.fields };
  const again = refind(store, wanted);
  let deleted = 0;
  try {
    for await (const { key } of pace.through(execute(store, collection, wanted))) {
      // Its date may have been moved while others had their turn.
      const found = again(key);
      if (found && removed(documents, writer, collection, found)) deleted++;
      if (deleted % STEP === 0) await store.durable();
    }
  } catch (error) {
    // The collection or the index was dropped meanwhile.
    if (!(error instanceof CommandError && error.code === 175)) throw error;
  }
  return deleted;
}

function removed(
  documents: DocumentWriter,
  writer: PlainWriter,
  collection: Collection,
  { key, fields }: Found,
): boolean {
  try {
    documents.remove(writer, collection, key, fields);
    return true;
  } catch (error) {
    if (!(error instanceof Blocked)) throw error;
    return false;
  }
}
