import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { successor } from '../bson/keys.js';
import { asNumber, type Document } from '../bson/values.js';
import { checkCollection } from '../check/collection.js';
import type { Problem } from '../check/problems.js';
import { type Context, flag, type Handler } from '../engine/context.js';
import { CommandError, notImplemented } from '../errors.js';
import { typeName } from '../query/operator.js';
import { orderRange } from '../storage/capped.js';
import type { Collection } from '../storage/catalog.js';
import { scan } from '../storage/view.js';
import { fileMd5 } from './file-md5.js';
import { SET_NAME } from './replica-set.js';

function existing(context: Context, what: string): Collection {
  const collection = context.definition(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `Collection '${context.ns}' does not exist to ${what}.`);
  if (collection.view) throw new CommandError(166, `Cannot ${what} a view`);
  return collection;
}

/** Holds the documents of one moment and all index entries to each other, while others go on writing. */
const validate: Handler = async (context) => {
  const { command, engine, pace, ns } = context;
  if (flag(command.repair)) throw notImplemented('validate with repair');
  const collection = existing(context, 'validate');
  const snapshot = engine.store.snapshot();
  try {
    const steps = checkCollection(snapshot, collection);
    let step = steps.next();
    for (; !step.done; step = steps.next()) if (pace.due) await pace.rest();
    const { documents, keysPerIndex, problems } = step.value;
    return { ns, uuid: collection.uuid, ...validation(collection, documents, keysPerIndex, problems.all()), ok: 1 };
  } finally {
    snapshot.close();
  }
};

function validation(
  collection: Collection,
  nrecords: number,
  keysPerIndex: Readonly<Record<string, number>>,
  problems: readonly Problem[],
): Document {
  const details = Object.keys(keysPerIndex).map((name) => [
    name,
    { valid: !problems.some(({ index }) => index === name), spec: collection.index(name)?.spec },
  ]);
  const broken = problems.filter(({ kind }) => kind === 'document').length;
  const listed = (kind: Problem['kind']) =>
    problems.filter((one) => one.kind === kind).map(({ index = '', what }) => ({ indexName: index, what }));
  return {
    nInvalidDocuments: broken,
    nNonCompliantDocuments: 0,
    nrecords,
    nIndexes: Object.keys(keysPerIndex).length,
    keysPerIndex: { ...keysPerIndex },
    indexDetails: Object.fromEntries(details),
    valid: problems.length === 0,
    repaired: false,
    warnings: [],
    errors: problems.map(({ what }) => what),
    extraIndexEntries: listed('extraIndexEntry'),
    missingIndexEntries: listed('missingIndexEntry'),
    corruptRecords: [],
  };
}

/** Collections whose contents `dbHash` is of: as MongoDB hashes them, so that two databases can be compared. */
const dbHash: Handler = async (context) => {
  const { command, db, engine, pace } = context;
  const start = Date.now();
  const wanted = Array.isArray(command.collections) ? new Set(command.collections) : undefined;
  const found = engine.catalog
    .collections(db)
    .filter(({ name, view }) => !view && !name.startsWith('system.') && (!wanted || wanted.has(name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const whole = createHash('md5');
  const collections: Document = {};
  for (const collection of found) {
    const hash = createHash('md5');
    for (const bytes of contents(context, collection)) {
      hash.update(bytes);
      if (pace.due) await pace.rest();
    }
    collections[collection.name] = hash.digest('hex');
    whole.update(collections[collection.name] as string);
  }
  return {
    host: hostname(),
    collections,
    capped: found.filter(({ capped }) => capped).map(({ name }) => name),
    uuids: Object.fromEntries(found.map(({ name, uuid }) => [name, uuid])),
    md5: whole.digest('hex'),
    timeMillis: Date.now() - start,
    ok: 1,
  };
};

/** The documents by `_id`, of a capped collection in the order of insertion. */
function* contents({ writer }: Context, collection: Collection): Generator<Buffer> {
  if (!collection.capped) {
    const all = { from: collection.prefix, to: successor(collection.prefix) };
    for (const { value } of scan(writer, all)) yield value;
    return;
  }
  for (const { value } of scan(writer, orderRange(collection))) {
    const bytes = writer.get(collection.prefix + value.latin1Slice());
    if (bytes) yield bytes;
  }
}

/** LMDB uses free pages again; the file itself never becomes smaller. */
const compact: Handler = (context) => {
  existing(context, 'compact');
  return { bytesFreed: 0n, ok: 1 };
};

const fsync: Handler = async ({ command, engine }) => {
  if (flag(command.lock)) throw notImplemented('fsync with lock');
  await engine.store.durable();
  return { numFiles: 1, ok: 1 };
};

const profile: Handler = ({ command }) => {
  const level = asNumber(command.profile);
  if (level === undefined)
    throw new CommandError(14, `BSON field 'profile.profile' is the wrong type '${typeName(command.profile)}'`);
  if (level > 0) throw notImplemented('the profiler');
  for (const option of ['slowms', 'sampleRate', 'filter'])
    if (command[option] !== undefined) throw notImplemented(`option ${option} of profile`);
  return { was: 0, slowms: 100, sampleRate: 1, ok: 1 };
};

const LOGS = ['global', 'startupWarnings'];

/** Nothing is logged: what goes wrong is told to who asked, or to the application. */
const getLog: Handler = ({ command: { getLog: name } }) => {
  if (typeof name !== 'string')
    throw new CommandError(14, `Argument to getLog must be of type String; found ${typeName(name)}`);
  if (name === '*') return { names: LOGS, ok: 1 };
  if (!LOGS.includes(name)) throw new CommandError(96, `no RamLog named: ${name}`);
  return { totalLinesWritten: 0, log: [], ok: 1 };
};

const getCmdLineOpts: Handler = ({ engine }) => ({
  argv: ['pocket-mongo'],
  parsed: { storage: { dbPath: engine.store.path }, replication: { replSet: SET_NAME } },
  ok: 1,
});

const TOP_KINDS = ['queries', 'getmore', 'insert', 'update', 'remove', 'commands'];

const top: Handler = ({ engine }) => {
  const totals: Document = { note: 'all times in microseconds' };
  for (const [ns, uses] of engine.operations.used()) {
    const dot = ns.indexOf('.');
    if (!engine.catalog.find(ns.slice(0, dot), ns.slice(dot + 1))) continue;
    const of = (kinds: readonly string[]) => {
      const found = kinds.map((kind) => uses.get(kind));
      const time = found.reduce((sum, use) => sum + (use?.microseconds ?? 0), 0);
      return { time: BigInt(Math.round(time)), count: BigInt(found.reduce((sum, use) => sum + (use?.count ?? 0), 0)) };
    };
    totals[ns] = {
      total: of(TOP_KINDS),
      readLock: of(['queries', 'getmore', 'commands']),
      writeLock: of(['insert', 'update', 'remove']),
      ...Object.fromEntries(TOP_KINDS.map((kind) => [kind, of([kind])])),
    };
  }
  return { totals, ok: 1 };
};

/** Commands for who looks after the database. */
export const administrationCommands: Readonly<Record<string, Handler>> = {
  validate,
  dbHash,
  filemd5: fileMd5,
  compact,
  fsync,
  profile,
  getLog,
  getCmdLineOpts,
  top,
  /** Plans are not remembered. */
  planCacheClear: () => ({ ok: 1 }),
  logRotate: () => ({ ok: 1 }),
};
