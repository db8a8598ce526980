import type { ClientBulkWriteModel, Document } from 'mongodb';
import type { Handlers } from '../context.js';
import { specifiedClientResult, withNullId } from '../driver-deviations.js';
import { InvalidTest } from '../failures.js';
import type { ObservedClient } from '../observed-client.js';
import { openedChangeStream } from './cursor.js';

async function databases({ client }: ObservedClient, options: Document): Promise<Document[]> {
  const { databases } = await client.db('admin').admin().listDatabases(options);
  return databases;
}

/** `[{ insertOne: {...} }]` of the tests as `[{ name: 'insertOne', ... }]` of the driver. */
function model(written: Document): ClientBulkWriteModel {
  const [entry, ...others] = Object.entries(written);
  if (!entry || others.length > 0) throw new InvalidTest('a model of a bulk write has one key');
  const [name, fields] = entry;
  return { name, ...fields, ...(name === 'insertOne' ? { document: withNullId(fields.document) } : {}) };
}

export const clientOperations: Handlers<ObservedClient> = {
  listDatabases: databases,
  listDatabaseObjects: databases,
  listDatabaseNames: async (target, options) =>
    (await databases(target, { ...options, nameOnly: true })).map(({ name }) => name),
  clientBulkWrite: async ({ client }, { models, ...options }) =>
    specifiedClientResult(await client.bulkWrite(models.map(model), options)),
  createChangeStream: ({ client }, { pipeline, ...options }) => openedChangeStream(client.watch(pipeline, options)),
  watch: ({ client }, { pipeline, ...options }) => openedChangeStream(client.watch(pipeline, options)),
  appendMetadata: async ({ client }, { driverInfoOptions }) => client.appendMetadata(driverInfoOptions),
  close: ({ client }) => client.close(),
};
