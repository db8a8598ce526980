import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { type Context, count, documentOf, flag, type Handler, optionalDocument } from '../engine/context.js';
import { Blocked, PlainWriter } from '../engine/transaction.js';
import { CommandError, notImplemented } from '../errors.js';
import { compileFilter } from '../query/matcher.js';
import type { Collection } from '../storage/catalog.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import { scan } from '../storage/view.js';

const CREATE_OPTIONS = new Set([
  'create',
  'comment',
  'writeConcern',
  'lsid',
  '$db',
  '$clusterTime',
  '$readPreference',
  'txnNumber',
  'autocommit',
  'startTransaction',
  'readConcern',
  'maxTimeMS',
  'apiVersion',
  'autoIndexId',
]);

const create: Handler = (context) => {
  const { command, engine } = context;
  for (const option of Object.keys(command)) {
    if (option === 'capped' && !flag(command.capped)) continue;
    if (!CREATE_OPTIONS.has(option)) throw notImplemented(`create with ${option}`);
  }
  if (engine.catalog.find(context.db, context.collectionName)) {
    throw new CommandError(48, `Collection ${context.ns} already exists.`);
  }
  engine.catalog.create(context.db, context.collectionName, {});
  return { ok: 1 };
};

const drop: Handler = (context) => context.statement(() => dropNow(context));

function dropNow(context: Context): Document {
  const collection = context.engine.catalog.find(context.db, context.collectionName);
  if (!collection) return { ok: 1 };
  waitForTransactions(context, collection);
  const nIndexesWas = collection.indexes.length;
  context.engine.catalog.drop(collection);
  return { nIndexesWas, ns: collection.ns, ok: 1 };
}

const dropDatabase: Handler = (context) =>
  context.statement(() => {
    const collections = context.engine.catalog.collections(context.db);
    for (const collection of collections) waitForTransactions(context, collection);
    for (const collection of collections) context.engine.catalog.drop(collection);
    return { dropped: context.db, ok: 1 };
  });

const renameCollection: Handler = ({ command, engine }) => {
  const [from, to] = [String(command.renameCollection), String(command.to)].map((ns) => {
    const dot = ns.indexOf('.');
    return { db: ns.slice(0, dot), name: ns.slice(dot + 1) };
  }) as [{ db: string; name: string }, { db: string; name: string }];
  const collection = engine.catalog.find(from.db, from.name);
  if (!collection) throw new CommandError(26, `Source collection ${from.db}.${from.name} does not exist`);
  const target = engine.catalog.find(to.db, to.name);
  if (target && !flag(command.dropTarget)) throw new CommandError(48, 'target namespace exists');
  if (target) engine.catalog.drop(target);
  engine.catalog.rename(collection, to.db, to.name);
  return { ok: 1 };
};

const createIndexes: Handler = (context) => context.statement(() => createIndexesNow(context));

/** An open transaction's writes know nothing of a new index or a drop: it must end first. */
function waitForTransactions(context: Context, collection: Collection): void {
  for (const [key, transaction] of context.engine.sessions.claims) {
    if (key.startsWith(collection.prefix)) throw new Blocked(transaction.ended);
  }
}

function createIndexesNow(context: Context): Document {
  const { command, engine } = context;
  if (!Array.isArray(command.indexes) || command.indexes.length === 0)
    throw new CommandError(2, 'Must specify at least one index to create');
  const created = engine.catalog.find(context.db, context.collectionName) === undefined;
  const collection = engine.catalog.findOrCreate(context.db, context.collectionName);
  waitForTransactions(context, collection);
  const before = collection.indexes.length;
  const added: IndexDefinition[] = [];
  try {
    for (const wanted of command.indexes) {
      const index = engine.catalog.addIndex(collection, documentOf(wanted, 'createIndexes.indexes'));
      if (!index) continue;
      added.push(index);
      build(context, collection, index);
    }
  } catch (error) {
    for (const index of added) engine.catalog.dropIndex(collection, index);
    throw error;
  }
  if (added.length > 0) engine.catalog.save(collection);
  const note = added.length === 0 ? { note: 'all indexes already exist' } : {};
  return {
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes.length,
    createdCollectionAutomatically: created,
    ...note,
    ok: 1,
  };
}

/** Adds what is stored already. The build is one write of the store: all of it or nothing survives a crash. */
function build(context: Context, collection: Collection, index: IndexDefinition): void {
  const { store, documents, sessions } = context.engine;
  const writer = new PlainWriter(store, sessions.claims);
  for (const { value } of scan(store, { from: collection.prefix, to: successor(collection.prefix) })) {
    documents.index(writer, collection, index, decode(value));
  }
}

const dropIndexes: Handler = (context) => {
  const { engine, command } = context;
  const collection = engine.catalog.find(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `ns not found ${context.ns}`);
  const nIndexesWas = collection.indexes.length;
  for (const index of wantedIndexes(collection, command.index)) {
    if (index.isId) throw new CommandError(72, 'cannot drop _id index');
    engine.catalog.dropIndex(collection, index);
  }
  return { nIndexesWas, ok: 1 };
};

function wantedIndexes(collection: Collection, wanted: Value): readonly IndexDefinition[] {
  if (wanted === '*') return [...collection.secondary];
  if (Array.isArray(wanted)) return wanted.flatMap((name) => wantedIndexes(collection, name));
  const found =
    typeof wanted === 'string'
      ? collection.index(wanted)
      : collection.indexes.find((index) => JSON.stringify(index.key) === JSON.stringify(wanted));
  if (!found)
    throw new CommandError(
      27,
      `index not found with name [${typeof wanted === 'string' ? wanted : JSON.stringify(wanted)}]`,
    );
  return [found];
}

function list(context: Context, ns: string, documents: readonly Document[]): Promise<Document> {
  const cursor = optionalDocument(context.command.cursor, 'cursor');
  const source = documents.map((document) => encode(document))[Symbol.iterator]();
  return context.engine.cursors.first(ns, source, { batchSize: count(cursor?.batchSize, 'cursor.batchSize') ?? 1000 });
}

const listCollections: Handler = (context) => {
  const filter = compileFilter(optionalDocument(context.command.filter, 'filter') ?? {});
  const nameOnly = flag(context.command.nameOnly);
  const documents = context.engine.catalog.collections(context.db).map((collection): Document => {
    const { name, options, uuid } = collection;
    if (nameOnly) return { name, type: 'collection' };
    return {
      name,
      type: 'collection',
      options,
      info: { readOnly: false, uuid },
      idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
    };
  });
  return list(context, `${context.db}.$cmd.listCollections`, documents.filter(filter));
};

const listIndexes: Handler = (context) => {
  const collection = context.engine.catalog.find(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.ns}`);
  return list(
    context,
    context.ns,
    collection.indexes.map(({ spec }) => spec),
  );
};

const listDatabases: Handler = ({ engine, command }) => {
  const match = compileFilter(optionalDocument(command.filter, 'filter') ?? {});
  const databases = engine.catalog
    .databaseNames()
    .sort()
    .map((name): Document => ({ name, sizeOnDisk: 0n, empty: false }))
    .filter(match);
  if (flag(command.nameOnly)) return { databases: databases.map(({ name }) => ({ name })), ok: 1 };
  return { databases, totalSize: 0n, totalSizeMb: 0n, ok: 1 };
};

const collMod: Handler = (context) => {
  const { command, engine } = context;
  const collection = engine.catalog.find(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.ns}`);
  const change = command.index;
  if (!isDocument(change) || asNumber(change.expireAfterSeconds) === undefined)
    throw notImplemented('collMod of anything but expireAfterSeconds');
  const [index] = wantedIndexes(collection, (change.name ?? change.keyPattern) as Value);
  if (!index) throw new CommandError(27, 'index not found');
  const old = index.expireAfterSeconds;
  engine.catalog.replaceIndex(collection, index, { ...index.spec, expireAfterSeconds: change.expireAfterSeconds });
  return { expireAfterSeconds_old: old, expireAfterSeconds_new: change.expireAfterSeconds, ok: 1 };
};

/** Commands that change or list what exists. */
export const definitionCommands: Readonly<Record<string, Handler>> = {
  create,
  drop,
  dropDatabase,
  renameCollection,
  createIndexes,
  dropIndexes,
  deleteIndexes: dropIndexes,
  listCollections,
  listIndexes,
  listDatabases,
  collMod,
};
