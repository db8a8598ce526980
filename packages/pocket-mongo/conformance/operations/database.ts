import type { Db, Document, RunCommandCursor } from 'mongodb';
import type { Handlers } from '../context.js';
import { openedChangeStream, openedCursor } from './cursor.js';

function commandCursor(db: Db, args: Document): RunCommandCursor {
  const { command, commandName: _name, batchSize, maxTimeMS, comment, ...options } = args;
  const cursor = db.runCursorCommand(command, options);
  if (batchSize !== undefined) cursor.setBatchSize(batchSize);
  if (maxTimeMS !== undefined) cursor.setMaxTimeMS(maxTimeMS);
  if (comment !== undefined) cursor.setComment(comment);
  return cursor;
}

const collections = (db: Db, { filter, ...options }: Document): Promise<Document[]> =>
  db.listCollections(filter ?? {}, options).toArray();

export const databaseOperations: Handlers<Db> = {
  aggregate: (db, { pipeline, ...options }) => db.aggregate(pipeline, options).toArray(),
  createChangeStream: (db, { pipeline, ...options }) => openedChangeStream(db.watch(pipeline, options)),
  watch: (db, { pipeline, ...options }) => openedChangeStream(db.watch(pipeline, options)),
  createCollection: (db, { collection, ...options }) => db.createCollection(collection, options),
  createView: async (db, { name, viewOn, pipeline, ...options }) =>
    void (await db.createCollection(name, { viewOn, pipeline, ...options })),
  createCommandCursor: (db, args) => openedCursor(commandCursor(db, args)),
  dropCollection: (db, { collection, ...options }) => db.dropCollection(collection, options),
  dropDatabase: (db, options) => db.dropDatabase(options),
  listCollections: collections,
  listCollectionObjects: collections,
  listCollectionNames: async (db, args) => (await collections(db, { ...args, nameOnly: true })).map(({ name }) => name),
  modifyCollection: (db, { collection, ...options }) => db.command({ collMod: collection, ...options }),
  runCommand: (db, { command, commandName: _name, ...options }) => db.command(command, options),
  runCursorCommand: (db, args) => commandCursor(db, args).toArray(),
};
