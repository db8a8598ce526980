import type { AnyBulkWriteOperation, Collection, Document, FindCursor } from 'mongodb';
import type { Handlers } from '../context.js';
import { withNullId } from '../driver-deviations.js';
import { InvalidTest, SkipTest } from '../failures.js';
import { openedChangeStream, openedCursor } from './cursor.js';

/** The ways of waiting for more that `cursorType` stands for. */
const CURSOR_TYPES: Readonly<Record<string, Document>> = {
  nonTailable: {},
  tailable: { tailable: true },
  tailableAwait: { tailable: true, awaitData: true },
};

function found(collection: Collection, { filter, cursorType, ...options }: Document): FindCursor {
  const waiting = cursorType === undefined ? {} : CURSOR_TYPES[cursorType];
  if (!waiting) throw new InvalidTest(`unknown cursorType ${cursorType}`);
  return collection.find(filter ?? {}, { ...options, ...waiting });
}

/** An update of no document says so with `null`, where the specifications leave the field out. */
function withoutNullId(result: Document): Document {
  const { upsertedId, ...rest } = result;
  return upsertedId === null && !rest.upsertedCount ? rest : result;
}

function request(written: AnyBulkWriteOperation): AnyBulkWriteOperation {
  if (!('insertOne' in written)) return written;
  return { insertOne: { document: withNullId(written.insertOne.document) } };
}

/** A test of retryable writes has written its requests as the fields of one document. */
function listed(requests: AnyBulkWriteOperation[] | Document): AnyBulkWriteOperation[] {
  if (Array.isArray(requests)) return requests;
  return Object.entries(requests).map(([name, fields]) => ({ [name]: fields }) as unknown as AnyBulkWriteOperation);
}

const indexes = (collection: Collection, options: Document): Promise<Document[]> =>
  collection.listIndexes(options).toArray();

export const collectionOperations: Handlers<Collection> = {
  aggregate: (collection, { pipeline, ...options }) => collection.aggregate(pipeline, options).toArray(),
  bulkWrite: (collection, { requests, ...options }) => collection.bulkWrite(listed(requests).map(request), options),
  count: (collection, { filter, ...options }) => collection.count(filter, options),
  countDocuments: (collection, { filter, ...options }) => collection.countDocuments(filter, options),
  createChangeStream: (collection, { pipeline, ...options }) => openedChangeStream(collection.watch(pipeline, options)),
  watch: (collection, { pipeline, ...options }) => openedChangeStream(collection.watch(pipeline, options)),
  createFindCursor: (collection, args) => openedCursor(found(collection, args)),
  createIndex: (collection, { keys, ...options }) => collection.createIndex(keys, options),
  createSearchIndex: (collection, { model }) => collection.createSearchIndex(model),
  createSearchIndexes: (collection, { models }) => collection.createSearchIndexes(models),
  deleteMany: (collection, { filter, ...options }) => collection.deleteMany(filter, options),
  deleteOne: (collection, { filter, ...options }) => collection.deleteOne(filter, options),
  distinct: (collection, { fieldName, filter, ...options }) => collection.distinct(fieldName, filter ?? {}, options),
  drop: (collection, options) => collection.drop(options),
  dropIndex: (collection, { name, ...options }) => collection.dropIndex(name, options),
  dropIndexes: (collection, options) => collection.dropIndexes(options),
  dropSearchIndex: (collection, { name }) => collection.dropSearchIndex(name),
  estimatedDocumentCount: (collection, options) => collection.estimatedDocumentCount(options),
  find: (collection, args) => found(collection, args).toArray(),
  findOne: (collection, { filter, ...options }) => collection.findOne(filter ?? {}, options),
  findOneAndDelete: (collection, { filter, ...options }) => collection.findOneAndDelete(filter, options),
  findOneAndReplace: (collection, { filter, replacement, ...options }) =>
    collection.findOneAndReplace(filter, replacement, options),
  findOneAndUpdate: (collection, { filter, update, ...options }) =>
    collection.findOneAndUpdate(filter, update, options),
  insertMany: (collection, { documents, ...options }) => collection.insertMany(documents.map(withNullId), options),
  insertOne: (collection, { document, ...options }) => collection.insertOne(withNullId(document), options),
  listIndexes: indexes,
  listIndexNames: async (collection, options) => (await indexes(collection, options)).map(({ name }) => name),
  listSearchIndexes: (collection, { name, aggregationOptions, ...options }) => {
    const all = { ...aggregationOptions, ...options };
    return (name === undefined ? collection.listSearchIndexes(all) : collection.listSearchIndexes(name, all)).toArray();
  },
  mapReduce: () => {
    throw new SkipTest('driver: has no mapReduce');
  },
  rename: async (collection, { to, ...options }) => void (await collection.rename(to, options)),
  replaceOne: async (collection, { filter, replacement, ...options }) =>
    withoutNullId(await collection.replaceOne(filter, replacement, options)),
  updateMany: async (collection, { filter, update, ...options }) =>
    withoutNullId(await collection.updateMany(filter, update, options)),
  updateOne: async (collection, { filter, update, ...options }) =>
    withoutNullId(await collection.updateOne(filter, update, options)),
  updateSearchIndex: (collection, { name, definition }) => collection.updateSearchIndex(name, definition),
};
