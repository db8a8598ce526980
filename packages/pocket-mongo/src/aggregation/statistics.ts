import { successor } from '../bson/keys.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { sessionName } from '../engine/sessions.js';
import { CommandError } from '../errors.js';
import { capStats } from '../storage/cap.js';
import type { Collection } from '../storage/catalog.js';
import { type Counted, type KeyRange, scan } from '../storage/view.js';
import { currentOp } from './current-op.js';
import { Beat, type StageDefinition, type Surroundings } from './stage.js';

function emptyObject(argument: Value, name: string, code: number): void {
  if (!isDocument(argument) || Object.keys(argument).length > 0)
    throw new CommandError(code, `The ${name} stage specification must be an empty object.`);
}

function* indexRows({ context, collection }: Surroundings): Generator<Document> {
  const found = context.find(context.db, collection ?? '');
  for (const index of found?.indexes ?? []) {
    if (index.building) continue;
    yield {
      name: index.name,
      key: index.key,
      host: context.engine.address,
      accesses: { ops: BigInt(index.uses), since: new Date(context.engine.startedAt) },
      spec: index.spec,
    };
  }
}

const indexStats: StageDefinition = {
  first: 'collection',
  notInTransactions: true,
  compile(argument, surroundings) {
    emptyObject(argument, '$indexStats', 28803);
    return () => indexRows(surroundings);
  },
};

function checkCollStats(argument: Value): Document {
  if (!isDocument(argument))
    throw new CommandError(14, "BSON field '$collStats' is the wrong type, expected type 'object'");
  const known = ['latencyStats', 'storageStats', 'count', 'queryExecStats'];
  for (const [key, value] of Object.entries(argument)) {
    if (!known.includes(key)) throw new CommandError(40415, `BSON field '$collStats.${key}' is an unknown field.`);
    if (!isDocument(value))
      throw new CommandError(14, `BSON field '$collStats.${key}' is the wrong type, expected type 'object'`);
  }
  return argument;
}

/** How many bytes the documents and the entries of each index take, as they lie under their keys. */
function* sizes({ context }: Surroundings, prefix: string): Generator<undefined, number> {
  const beat = new Beat();
  let total = 0;
  for (const { key, value } of scan(context.writer, { from: prefix, to: successor(prefix) })) {
    total += key.length + value.length;
    if (beat.due) yield undefined;
  }
  return total;
}

/** Keys counted at once. */
const COUNT_STEP = 10_000;

function* countAll({ context }: Surroundings, prefix: string): Generator<undefined, number> {
  let left: KeyRange | undefined = { from: prefix, to: successor(prefix) };
  let total = 0;
  while (left) {
    const { count, rest }: Counted = context.writer.count(left, COUNT_STEP);
    total += count;
    left = rest;
    yield undefined;
  }
  return total;
}

function* storageStats(
  surroundings: Surroundings,
  collection: Collection,
  scale: number,
): Generator<undefined, Document> {
  const documents = yield* countAll(surroundings, collection.prefix);
  const size = yield* sizes(surroundings, collection.prefix);
  const indexSizes: Document = {};
  let totalIndexSize = 0;
  for (const index of collection.secondary) {
    const bytes = yield* sizes(surroundings, index.prefix);
    indexSizes[index.name] = Math.floor(bytes / scale);
    totalIndexSize += bytes;
  }
  return {
    size: Math.floor(size / scale),
    count: documents,
    ...(documents > 0 ? { avgObjSize: Math.floor(size / documents) } : {}),
    storageSize: Math.floor(size / scale),
    freeStorageSize: 0,
    ...capStats(collection.capped, scale),
    ...(collection.options.timeseries === undefined ? {} : { timeseries: collection.options.timeseries }),
    nindexes: collection.indexes.length,
    indexDetails: {},
    indexBuilds: collection.indexes.filter(({ building }) => building).map(({ name }) => name),
    totalIndexSize: Math.floor(totalIndexSize / scale),
    indexSizes: { _id_: 0, ...indexSizes },
    totalSize: Math.floor((size + totalIndexSize) / scale),
    scaleFactor: scale,
  };
}

function* collRows(argument: Document, surroundings: Surroundings): Generator<Document | undefined> {
  const { context, collection: name = '' } = surroundings;
  const collection = context.find(context.db, name);
  const ns = `${context.db}.${name}`;
  if (!collection && (argument.count || argument.storageStats || argument.queryExecStats))
    throw new CommandError(
      26,
      `Unable to retrieve ${argument.count ? 'count' : 'storageStats'} in $collStats stage :: caused by :: Collection [${ns}] not found.`,
    );
  const row: Document = { ns, host: context.engine.address, localTime: new Date() };
  const none = () => ({ latency: 0n, ops: 0n, queryableEncryptionLatencyMicros: 0n });
  if (argument.latencyStats)
    row.latencyStats = { reads: none(), writes: none(), commands: none(), transactions: none() };
  if (collection && isDocument(argument.storageStats))
    row.storageStats = yield* storageStats(surroundings, collection, asNumber(argument.storageStats.scale) ?? 1);
  if (collection && argument.count) row.count = yield* countAll(surroundings, collection.prefix);
  if (argument.queryExecStats) row.queryExecStats = { collectionScans: { total: 0n, nonTailable: 0n } };
  yield row;
}

const collStats: StageDefinition = {
  first: 'collection',
  notInTransactions: true,
  compile(argument, surroundings) {
    const given = checkCollStats(argument);
    return () => collRows(given, surroundings);
  },
};

/** There is no cache of plans: each query is planned for itself. */
const planCacheStats: StageDefinition = {
  first: 'collection',
  notInTransactions: true,
  compile(argument) {
    if (!isDocument(argument)) throw new CommandError(9, '$planCacheStats value must be an object.');
    for (const key of Object.keys(argument))
      if (key !== 'allHosts')
        throw new CommandError(9, "$planCacheStats parameters object may contain only 'allHosts' field.");
    return () => [];
  },
};

function checkListSessions(argument: Value, name: string): void {
  if (!isDocument(argument)) throw new CommandError(14, `${name} options must be specified in an object`);
  for (const key of Object.keys(argument))
    if (key !== 'allUsers' && key !== 'users')
      throw new CommandError(40415, `BSON field '${name}.${key}' is an unknown field.`);
}

function* sessionRows({ context }: Surroundings): Generator<Document> {
  for (const { id, lastUse } of context.engine.sessions.all())
    yield { _id: sessionName(id), lastUse: new Date(lastUse) };
}

const listLocalSessions: StageDefinition = {
  first: 'database',
  notInTransactions: true,
  compile(argument, surroundings) {
    checkListSessions(argument, '$listLocalSessions');
    return () => sessionRows(surroundings);
  },
};

const listSessions: StageDefinition = {
  first: 'collection',
  notInTransactions: true,
  compile(argument, surroundings) {
    checkListSessions(argument, '$listSessions');
    const ns = `${surroundings.context.db}.${surroundings.collection ?? ''}`;
    if (ns !== 'config.system.sessions')
      throw new CommandError(73, `$listSessions may only be run against config.system.sessions`);
    return () => sessionRows(surroundings);
  },
};

/** Stages that tell about the server instead of reading documents. */
export const statisticsStages: Readonly<Record<string, StageDefinition>> = {
  $collStats: collStats,
  $currentOp: currentOp,
  $indexStats: indexStats,
  $listLocalSessions: listLocalSessions,
  $listSessions: listSessions,
  $planCacheStats: planCacheStats,
};
