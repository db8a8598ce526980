import { encode } from '../bson/encode.js';
import type { Document } from '../bson/values.js';
import { type Context, count, flag, type Handler, optionalDocument } from '../engine/context.js';
import { CommandError } from '../errors.js';
import { compileFilter } from '../query/matcher.js';
import type { Collection } from '../storage/catalog.js';
import { sizeOfDatabase } from './statistics.js';

function list(context: Context, ns: string, documents: readonly Document[]): Promise<Document> {
  const cursor = optionalDocument(context.command.cursor, 'cursor');
  const source = documents.map((document) => encode(document))[Symbol.iterator]();
  return context.engine.cursors.first(context, ns, source, {
    batchSize: count(cursor?.batchSize, 'cursor.batchSize') ?? documents.length + 1,
  });
}

export const listCollections: Handler = (context) => {
  const { command, db } = context;
  const match = compileFilter(optionalDocument(command.filter, 'listCollections.filter') ?? {});
  const shape = flag(command.nameOnly) ? nameOf : described;
  // The filter sees the whole description, whatever is shown of it.
  const found = context.engine.catalog.collections(db).filter((collection) => match(described(collection)));
  return list(context, `${db}.$cmd.listCollections`, found.sort(byName).map(shape));
};

function byName(a: Collection, b: Collection): number {
  return a.name < b.name ? -1 : 1;
}

function nameOf({ name, type }: Collection): Document {
  return { name, type };
}

function described(collection: Collection): Document {
  const { name, type, options, uuid, indexes } = collection;
  if (type === 'view') return { name, type, options, info: { readOnly: true } };
  const info = { readOnly: false, uuid };
  if (type === 'timeseries' || options.clusteredIndex !== undefined) return { name, type, options, info };
  return { name, type, options, info, idIndex: indexes[0]?.spec };
}

export const listIndexes: Handler = (context) => {
  const collection = context.find(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.ns}`);
  return list(
    context,
    context.ns,
    collection.indexes.filter(({ building }) => !building).map(({ spec }) => spec),
  );
};

export const listDatabases: Handler = async (context) => {
  const { command, engine } = context;
  const match = compileFilter(optionalDocument(command.filter, 'listDatabases.filter') ?? {});
  const nameOnly = flag(command.nameOnly);
  const databases: Document[] = [];
  for (const name of engine.catalog.databaseNames().sort()) {
    const document = { name, sizeOnDisk: nameOnly ? 0n : await sizeOfDatabase(context, name), empty: false };
    if (match(document)) databases.push(document);
  }
  if (nameOnly) return { databases: databases.map(({ name }) => ({ name })), ok: 1 };
  const totalSize = databases.reduce((sum, { sizeOnDisk }) => sum + (sizeOnDisk as bigint), 0n);
  return { databases, totalSize, totalSizeMb: totalSize / 1048576n, ok: 1 };
};
