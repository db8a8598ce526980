import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { asNumber, Binary, type Document, isDocument, type Value } from '../bson/values.js';
import type { Context, Handler } from '../engine/context.js';
import { SESSION_LIFETIME_MS } from '../engine/sessions.js';
import { CommandError, notImplemented } from '../errors.js';

/** The version whose behaviour is the model, and its wire version. */
export const VERSION = '8.0.4';
export const WIRE_VERSION = 25;
const MAX_BSON_SIZE = 16 * 1024 * 1024;
export const MAX_MESSAGE_SIZE = 48_000_000;

/** One member of a replica set of one: drivers then allow sessions, transactions and retryable writes. */
const hello: Handler = ({ engine, request }) => ({
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  secondary: false,
  setName: 'pocket',
  setVersion: 1,
  hosts: [engine.address],
  primary: engine.address,
  me: engine.address,
  maxBsonObjectSize: MAX_BSON_SIZE,
  maxMessageSizeBytes: MAX_MESSAGE_SIZE,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: SESSION_LIFETIME_MS / 60_000,
  connectionId: request.connectionId,
  minWireVersion: 0,
  maxWireVersion: WIRE_VERSION,
  readOnly: false,
  ok: 1,
});

const ok: Handler = () => ({ ok: 1 });

const buildInfo: Handler = () => ({
  version: VERSION,
  versionArray: [8, 0, 4, 0],
  gitVersion: 'pocket-mongo',
  modules: [],
  bits: 64,
  debug: false,
  maxBsonObjectSize: MAX_BSON_SIZE,
  storageEngines: ['lmdb'],
  ok: 1,
});

const serverStatus: Handler = ({ engine }) => ({
  host: hostname(),
  version: VERSION,
  process: 'pocket-mongo',
  pid: BigInt(process.pid),
  uptime: (Date.now() - engine.startedAt) / 1000,
  localTime: new Date(),
  connections: { current: engine.connections() },
  metrics: { cursor: { open: { total: engine.cursors.size } } },
  mem: { resident: Math.round(process.memoryUsage.rss() / 1024 / 1024) },
  storageEngine: { name: 'lmdb', supportsCommittedReads: true, persistent: true },
  ok: 1,
});

function sessionsOf(command: Document, name: string): Value[] {
  const list = command[name];
  return Array.isArray(list) ? list : [];
}

const endSessions: Handler = ({ engine, command }) => {
  for (const lsid of sessionsOf(command, 'endSessions')) engine.sessions.end(lsid);
  return { ok: 1 };
};

const killSessions: Handler = ({ engine, command }) => {
  const list = sessionsOf(command, 'killSessions');
  if (list.length === 0) engine.sessions.killAll();
  for (const lsid of list) engine.sessions.kill(lsid);
  return { ok: 1 };
};

const killAll: Handler = ({ engine }) => {
  engine.sessions.killAll();
  return { ok: 1 };
};

const getParameter: Handler = ({ engine, command }) => {
  const known: Record<string, Value> = {
    featureCompatibilityVersion: { version: '8.0' },
    transactionLifetimeLimitSeconds: engine.sessions.transactionLifetimeMs / 1000,
  };
  if (command.getParameter === '*') return { ...known, ok: 1 };
  const found = Object.fromEntries(Object.entries(known).filter(([name]) => name in command));
  if (Object.keys(found).length === 0) throw new CommandError(72, 'no option found to get');
  return { ...found, ok: 1 };
};

const setParameter: Handler = ({ engine, command }) => {
  const seconds = asNumber(command.transactionLifetimeLimitSeconds);
  if (seconds === undefined) throw notImplemented('setParameter of anything but transactionLifetimeLimitSeconds');
  const was = engine.sessions.transactionLifetimeMs / 1000;
  engine.sessions.transactionLifetimeMs = seconds * 1000;
  return { was, ok: 1 };
};

const configureFailPoint: Handler = ({ engine, command }) => {
  engine.failPoints.configure(command);
  return { ok: 1 };
};

const commitTransaction: Handler = async (context: Context) => {
  const session = transactional(context);
  context.engine.sessions.commit(session, context.command);
  return { ok: 1 };
};

const abortTransaction: Handler = (context: Context) => {
  context.engine.sessions.abortCommand(transactional(context), context.command);
  return { ok: 1 };
};

function transactional({ session, command }: Context) {
  if (!session || command.autocommit !== false)
    throw new CommandError(125, 'commitTransaction and abortTransaction must be run within a transaction');
  return session;
}

const startSession: Handler = () => ({
  id: { id: new Binary(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), Binary.SUBTYPE_UUID) },
  timeoutMinutes: SESSION_LIFETIME_MS / 60_000,
  ok: 1,
});

const connectionStatus: Handler = () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 });

const dbStats: Handler = ({ engine, db }) => {
  const collections = engine.catalog.collections(db);
  return {
    db,
    collections: collections.length,
    indexes: collections.reduce((sum, { indexes }) => sum + indexes.length, 0),
    ok: 1,
  };
};

/** Commands about the server, its connections and sessions. */
export const serverCommands: Readonly<Record<string, Handler>> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: ok,
  buildInfo,
  buildinfo: buildInfo,
  serverStatus,
  hostInfo: () => ({
    system: { currentTime: new Date(), hostname: hostname() },
    os: { type: process.platform },
    ok: 1,
  }),
  dbStats,
  endSessions,
  refreshSessions: ok,
  startSession,
  killSessions,
  killAllSessions: killAll,
  killAllSessionsByPattern: killAll,
  getParameter,
  setParameter,
  configureFailPoint,
  connectionStatus,
  commitTransaction,
  abortTransaction,
  getLog: () => ({ totalLinesWritten: 0, log: [], ok: 1 }),
  whatsmyuri: () => ({ you: 'local', ok: 1 }),
};

export function isHello(name: string): boolean {
  return name === 'hello' || name === 'isMaster' || name === 'ismaster';
}

export function appNameOf(command: Document): string | undefined {
  const client = command.client;
  const application = isDocument(client) ? client.application : undefined;
  return isDocument(application) && typeof application.name === 'string' ? application.name : undefined;
}
