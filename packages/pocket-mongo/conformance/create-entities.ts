import {
  type ClientSessionOptions,
  type CollectionOptions,
  Db,
  type DbOptions,
  type Document,
  GridFSBucket,
  type GridFSBucketOptions,
} from 'mongodb';
import { driverOptions } from './driver-options.js';
import type { Entities } from './entities.js';
import { InvalidTest, SkipTest } from './failures.js';
import { ObservedClient } from './observed-client.js';
import type { EntityDescription } from './schema.js';
import { Thread } from './thread.js';
import { isPlainObject } from './values.js';

/** What entities are made with. */
export interface Making {
  readonly entities: Entities;
  readonly uri: string;
  /** Whether clients look at the server often, to notice failures soon. */
  readonly quick: boolean;
}

/** Makes the entities in the order given. @throws InvalidTest for an entity that cannot be */
export async function createEntities(descriptions: readonly EntityDescription[], making: Making): Promise<void> {
  for (const description of descriptions) {
    const [type = '', ...others] = Object.keys(description);
    const make = Object.hasOwn(MAKERS, type) ? MAKERS[type] : undefined;
    if (!make || others.length > 0) throw new InvalidTest(`unknown entity ${Object.keys(description).join(', ')}`);
    const details = (description as Document)[type] as Document;
    if (typeof details?.id !== 'string') throw new InvalidTest(`${type} without an id`);
    const entity = make(details, making);
    // First known, then connected: so it is closed when it cannot connect.
    making.entities.add(details.id, entity);
    if (entity instanceof ObservedClient) await entity.connect();
  }
}

type Maker = (details: Document, making: Making) => unknown;

const MAKERS: Readonly<Record<string, Maker>> = {
  client,
  database: ({ client: name, databaseName, databaseOptions }, { entities }) =>
    entities.client(name).client.db(databaseName, driverOptions(databaseOptions ?? {}, entities) as DbOptions),
  collection: ({ database, collectionName, collectionOptions }, { entities }) =>
    entities
      .of(database, Db)
      .collection(collectionName, driverOptions(collectionOptions ?? {}, entities) as CollectionOptions),
  session: ({ client: name, sessionOptions = {} }, { entities }) => {
    const { defaultTransactionOptions, ...options } = sessionOptions as Document;
    if (options.snapshotTime !== undefined) throw new SkipTest('driver: sessions have no snapshotTime option');
    const session: ClientSessionOptions = driverOptions(options, entities);
    if (defaultTransactionOptions)
      session.defaultTransactionOptions = driverOptions(defaultTransactionOptions, entities);
    return entities.client(name).client.startSession(session);
  },
  bucket: ({ database, bucketOptions }, { entities }) =>
    new GridFSBucket(
      entities.of(database, Db),
      driverOptions(bucketOptions ?? {}, entities) as unknown as GridFSBucketOptions,
    ),
  thread: () => new Thread(),
  clientEncryption: () => {
    throw new SkipTest('encryption: ClientEncryption');
  },
};

function client(details: Document, { entities, uri, quick }: Making): ObservedClient {
  const made = new ObservedClient(uri, details, quick);
  for (const { id, events } of (details.storeEventsAsEntities ?? []) as { id: string; events: string[] }[]) {
    const list: Document[] = [];
    entities.add(id, list);
    for (const name of events) {
      const type = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
      made.onEvent(type, (event) => list.push({ ...stored(event), name, observedAt: Date.now() / 1000 }));
    }
  }
  return made;
}

/** An event as a document of values that BSON has; commands and replies may be left out. */
function stored(event: Document): Document {
  const { command: _command, reply: _reply, ...rest } = event;
  const entries = Object.entries(rest).map(([key, value]) => [key, value instanceof Error ? value.message : value]);
  return Object.fromEntries(entries.filter(([, value]) => typeof value !== 'object' || isPlainObject(value)));
}
