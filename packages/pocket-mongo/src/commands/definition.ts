import type { Document, Value } from '../bson/values.js';
import { type Context, documentOf, flag, type Handler } from '../engine/context.js';
import { createIndexes } from '../engine/index-build.js';
import { badValue, CommandError } from '../errors.js';
import { collMod } from './coll-mod.js';
import { create } from './create.js';
import { dropIndexes } from './drop-indexes.js';
import { listCollections, listDatabases, listIndexes } from './list.js';

const drop: Handler = (context) => context.statement(() => dropNow(context));

function dropNow(context: Context): Document {
  const collection = context.definition(context.db, context.collectionName);
  if (!collection) return { ok: 1 };
  context.waitForUsers(collection);
  const nIndexesWas = collection.indexes.length;
  context.engine.catalog.drop(collection);
  return { ...(collection.view ? {} : { nIndexesWas }), ns: collection.ns, ok: 1 };
}

const dropDatabase: Handler = (context) =>
  context.statement(() => {
    const collections = context.engine.catalog.collections(context.db);
    for (const collection of collections) context.waitForUsers(collection);
    for (const collection of collections) context.engine.catalog.drop(collection);
    if (collections.length > 0) context.engine.catalog.tellDatabaseDropped(context.db);
    return { dropped: context.db, ok: 1 };
  });

const renameCollection: Handler = (context) => {
  return context.statement(() => renameNow(context));
};

function renameNow(context: Context): Document {
  const { command, engine } = context;
  const from = namespaceOf(command.renameCollection, 'renameCollection');
  const to = namespaceOf(command.to, 'to');
  if (from.db === to.db && from.name === to.name) throw new CommandError(20, "Can't rename a collection to itself");
  const collection = engine.catalog.find(from.db, from.name);
  if (!collection) throw new CommandError(26, `Source collection ${from.db}.${from.name} does not exist`);
  if (collection.view) throw new CommandError(166, `cannot rename view: ${collection.ns}`);
  if (collection.timeField !== undefined)
    throw new CommandError(20, `Cannot rename a time-series collection: ${collection.ns}`);
  const target = engine.catalog.find(to.db, to.name);
  if (target?.view) throw new CommandError(166, `cannot rename to an existing view: ${target.ns}`);
  if (target && !flag(command.dropTarget)) throw new CommandError(48, 'target namespace exists');
  context.waitForUsers(collection);
  if (target) {
    context.waitForUsers(target);
    engine.catalog.drop(target, true);
  }
  engine.catalog.rename(collection, to.db, to.name, target);
  return { ok: 1 };
}

function namespaceOf(given: Value, what: string): { db: string; name: string } {
  if (typeof given !== 'string')
    throw new CommandError(14, `BSON field 'renameCollection.${what}' is the wrong type, expected type 'string'`);
  const dot = given.indexOf('.');
  if (dot < 1 || dot === given.length - 1) throw new CommandError(73, `Invalid namespace specified '${given}'`);
  return { db: given.slice(0, dot), name: given.slice(dot + 1) };
}

const createIndexesCommand: Handler = async (context) => {
  const { indexes } = context.command;
  if (!Array.isArray(indexes) || indexes.length === 0) throw badValue('Must specify at least one index to create');
  const specs = indexes.map((spec) => documentOf(spec, 'createIndexes.indexes'));
  const { before, after, createdCollection } = await createIndexes(context, context.db, context.collectionName, specs);
  return {
    numIndexesBefore: before,
    numIndexesAfter: after,
    createdCollectionAutomatically: createdCollection,
    ...(before === after ? { note: 'all indexes already exist' } : {}),
    ok: 1,
  };
};

/** Commands that change or list what exists. */
export const definitionCommands: Readonly<Record<string, Handler>> = {
  create,
  drop,
  dropDatabase,
  renameCollection,
  createIndexes: createIndexesCommand,
  dropIndexes,
  deleteIndexes: dropIndexes,
  listCollections,
  listIndexes,
  listDatabases,
  collMod,
};
