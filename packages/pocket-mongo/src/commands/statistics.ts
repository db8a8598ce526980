import { statfsSync } from 'node:fs';
import { successor } from '../bson/keys.js';
import { asNumber, type Document } from '../bson/values.js';
import type { Context, Handler } from '../engine/context.js';
import { badValue, CommandError } from '../errors.js';
import { capStats } from '../storage/cap.js';
import type { Collection } from '../storage/catalog.js';

/** So many records are measured; of the others it is taken that they are as long in the mean. */
const SAMPLE = 2000;
/** Records counted or measured between two looks at the clock. */
const STEP = 500;
const COUNT_STEP = 10_000;
/** What LMDB adds to each record. */
const NODE_BYTES = 10;

interface Measure {
  readonly count: number;
  /** Of the values, in bytes. */
  readonly valueBytes: number;
  /** Of keys and values as they are stored, in bytes. */
  readonly storedBytes: number;
}

/** Counts the records that begin with a prefix and measures them. */
async function measure({ writer, pace }: Context, prefix: string): Promise<Measure> {
  const all = { from: prefix, to: successor(prefix) };
  let [count, looked, values, keys] = [0, 0, 0, 0];
  for (let left: typeof all | undefined = all; left; ) {
    const counted = writer.count(left, COUNT_STEP);
    count += counted.count;
    left = counted.rest;
    if (pace.due) await pace.rest();
  }
  for (let left: typeof all | undefined = all; left && looked < SAMPLE; ) {
    const chunk = writer.read(left, false, STEP);
    for (const { key, value } of chunk.entries) {
      looked++;
      values += value.length;
      keys += key.length + NODE_BYTES;
    }
    left = chunk.rest;
    if (pace.due) await pace.rest();
  }
  const scale = looked === 0 ? 0 : count / Math.min(looked, count);
  return { count, valueBytes: Math.round(values * scale), storedBytes: Math.round((values + keys) * scale) };
}

interface CollectionSize {
  readonly count: number;
  readonly size: number;
  readonly storageSize: number;
  readonly indexSizes: Readonly<Record<string, number>>;
  readonly totalIndexSize: number;
}

/** Counts are exact; sizes are estimated from the first documents and entries where there are many. */
export async function sizeOfCollection(context: Context, collection: Collection): Promise<CollectionSize> {
  const { count, valueBytes, storedBytes } = await measure(context, collection.prefix);
  const indexSizes: Record<string, number> = {};
  let totalIndexSize = 0;
  for (const index of collection.indexes) {
    // The documents are their own index on _id.
    const bytes = index.isId ? 0 : (await measure(context, index.prefix)).storedBytes;
    indexSizes[index.name] = bytes;
    totalIndexSize += bytes;
  }
  return { count, size: valueBytes, storageSize: storedBytes, indexSizes, totalIndexSize };
}

/** Bytes that a database takes on disk, estimated. */
export async function sizeOfDatabase(context: Context, db: string): Promise<bigint> {
  let total = 0;
  for (const collection of context.engine.catalog.collections(db)) {
    if (collection.view) continue;
    const { storageSize, totalIndexSize } = await sizeOfCollection(context, collection);
    total += storageSize + totalIndexSize;
  }
  return BigInt(total);
}

function scaleOf(given: Document, what: string): number {
  const scale = given.scale === undefined || given.scale === null ? 1 : asNumber(given.scale);
  if (scale === undefined)
    throw new CommandError(14, `BSON field '${what}.scale' is the wrong type, expected type 'number'`);
  if (scale < 1) throw badValue(`BSON field '${what}.scale' value must be >= 1, actual value '${scale}'`);
  return Math.trunc(scale);
}

/** What `$collStats` calls `storageStats`, and `collStats` gives. */
export async function storageStats(context: Context, collection: Collection, scale: number): Promise<Document> {
  const { count, size, storageSize, indexSizes, totalIndexSize } = await sizeOfCollection(context, collection);
  const scaled = (bytes: number) => Math.floor(bytes / scale);
  const { capped, options } = collection;
  return {
    size: scaled(size),
    count,
    ...(count > 0 ? { avgObjSize: Math.floor(size / count) } : {}),
    numOrphanDocs: 0,
    storageSize: scaled(storageSize),
    freeStorageSize: 0,
    ...capStats(capped, scale),
    ...(options.timeseries === undefined ? {} : { timeseries: options.timeseries }),
    nindexes: collection.indexes.length,
    indexDetails: {},
    indexBuilds: collection.indexes.filter(({ building }) => building).map(({ name }) => name),
    totalIndexSize: scaled(totalIndexSize),
    indexSizes: Object.fromEntries(Object.entries(indexSizes).map(([name, bytes]) => [name, scaled(bytes)])),
    totalSize: scaled(storageSize + totalIndexSize),
    scaleFactor: scale,
  };
}

const NOTHING = {
  size: 0,
  count: 0,
  numOrphanDocs: 0,
  storageSize: 0,
  totalSize: 0,
  nindexes: 0,
  totalIndexSize: 0,
  indexDetails: {},
  indexSizes: {},
};

const collStats: Handler = async (context) => {
  const { command, ns } = context;
  const scale = scaleOf(command, 'collStats');
  const collection = context.find(context.db, context.collectionName);
  if (!collection) return { ns, ...NOTHING, scaleFactor: scale, ok: 1 };
  return { ns, ...(await storageStats(context, collection, scale)), ok: 1 };
};

const dbStats: Handler = async (context) => {
  const { command, db, engine } = context;
  const scale = scaleOf(command, 'dbStats');
  let [views, objects, dataSize, storageSize, indexes, indexSize, collections] = [0, 0, 0, 0, 0, 0, 0];
  for (const collection of engine.catalog.collections(db)) {
    if (collection.view) {
      views++;
      continue;
    }
    const size = await sizeOfCollection(context, collection);
    collections++;
    objects += size.count;
    dataSize += size.size;
    storageSize += size.storageSize;
    indexSize += size.totalIndexSize;
    indexes += collection.indexes.length;
  }
  return {
    db,
    collections: BigInt(collections),
    views: BigInt(views),
    objects: BigInt(objects),
    avgObjSize: objects > 0 ? dataSize / objects : 0,
    dataSize: dataSize / scale,
    storageSize: storageSize / scale,
    indexes: BigInt(indexes),
    indexSize: indexSize / scale,
    totalSize: (storageSize + indexSize) / scale,
    scaleFactor: BigInt(scale),
    ...disk(engine.store.path, scale),
    ok: 1,
  };
};

function disk(path: string, scale: number): Document {
  try {
    const { bsize, blocks, bavail } = statfsSync(path);
    return { fsUsedSize: ((blocks - bavail) * bsize) / scale, fsTotalSize: (blocks * bsize) / scale };
  } catch {
    return {};
  }
}

const dataSize: Handler = async (context) => {
  const start = Date.now();
  if (context.command.min !== undefined || context.command.max !== undefined)
    throw new CommandError(238, 'dataSize of a part of a collection is not implemented by pocket-mongo');
  const [db = '', ...rest] = String(context.command[context.name]).split('.');
  const collection = context.find(db, rest.join('.'));
  const found = collection ? await measure(context, collection.prefix) : { count: 0, valueBytes: 0 };
  return {
    estimate: found.count > SAMPLE,
    size: BigInt(found.valueBytes),
    numObjects: BigInt(found.count),
    millis: BigInt(Date.now() - start),
    ok: 1,
  };
};

/** Commands that measure what is stored. */
export const statisticsCommands: Readonly<Record<string, Handler>> = {
  collStats,
  collstats: collStats,
  dbStats,
  dbstats: dbStats,
  dataSize,
  datasize: dataSize,
};
