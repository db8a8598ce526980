import { cpus, hostname, release, totalmem, type } from 'node:os';
import { currentOperations } from '../aggregation/current-op.js';
import { asNumber, type Document, isDocument } from '../bson/values.js';
import type { Engine, Handler } from '../engine/context.js';
import { SESSION_LIFETIME_MS } from '../engine/sessions.js';
import { CommandError } from '../errors.js';
import { compileFilter } from '../query/matcher.js';
import { administrationCommands } from './administration.js';
import { getParameter, setParameter } from './parameters.js';
import { optimes, replicaSetCommands, SET_NAME } from './replica-set.js';
import { sessionCommands } from './sessions.js';
import { statisticsCommands } from './statistics.js';
import { testCommands } from './test-commands.js';
import { TOPOLOGY_VERSION } from './topology-version.js';
import { userCommands } from './users.js';
import { VERSION, WIRE_VERSION } from './version.js';

const MAX_BSON_SIZE = 16 * 1024 * 1024;
export const MAX_MESSAGE_SIZE = 48_000_000;

/** One member of a replica set of one: drivers then allow sessions, transactions and retryable writes. */
const hello: Handler = ({ engine, request }) => ({
  helloOk: true,
  topologyVersion: TOPOLOGY_VERSION,
  isWritablePrimary: true,
  ismaster: true,
  secondary: false,
  setName: SET_NAME,
  setVersion: 1,
  hosts: [engine.address],
  primary: engine.address,
  me: engine.address,
  lastWrite: lastWrite(engine),
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

/** Without it drivers refuse a read preference with `maxStalenessSeconds`. */
function lastWrite(engine: Engine): Document {
  const { optime, date } = optimes(engine);
  return { opTime: optime, lastWriteDate: date, majorityOpTime: optime, majorityWriteDate: date };
}

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

const serverStatus: Handler = ({ engine }) => {
  const { operations, cursors, sessions } = engine;
  const counters = Object.entries(operations.counters).map(([name, count]) => [name, BigInt(count)]);
  const transactions = [...sessions.all()].filter(({ transaction }) => transaction).length;
  return {
    host: hostname(),
    version: VERSION,
    process: 'pocket-mongo',
    pid: BigInt(process.pid),
    uptime: (Date.now() - engine.startedAt) / 1000,
    uptimeMillis: BigInt(Date.now() - engine.startedAt),
    localTime: new Date(),
    connections: { current: engine.connections() },
    opcounters: Object.fromEntries(counters),
    logicalSessionRecordCache: { activeSessionsCount: [...sessions.all()].length },
    transactions: { currentOpen: BigInt(transactions) },
    metrics: { cursor: { timedOut: BigInt(cursors.timedOut), open: cursors.counts() } },
    mem: { bits: 64, resident: Math.round(process.memoryUsage.rss() / 1024 / 1024), supported: true },
    repl: { setName: SET_NAME, isWritablePrimary: true, secondary: false, hosts: [engine.address], me: engine.address },
    storageEngine: { name: 'lmdb', supportsCommittedReads: true, persistent: true },
    ok: 1,
  };
};

const hostInfo: Handler = () => ({
  system: {
    currentTime: new Date(),
    hostname: hostname(),
    cpuAddrSize: 64,
    memSizeMB: BigInt(Math.floor(totalmem() / 1024 / 1024)),
    numCores: cpus().length,
    cpuArch: process.arch,
    numaEnabled: false,
  },
  os: { type: process.platform, name: type(), version: release() },
  extra: {},
  ok: 1,
});

const configureFailPoint: Handler = ({ engine, command }) => {
  const count = engine.failPoints.configure(command);
  return { count, ok: 1 };
};

/** What runs and what is open; the fields of the command filter it. */
const currentOp: Handler = (context) => {
  const {
    currentOp: _,
    $all,
    $ownOps,
    $truncateOps,
    $db,
    lsid,
    $clusterTime,
    $readPreference,
    ...filter
  } = context.command;
  const match = compileFilter(filter);
  return { inprog: [...currentOperations(context, {})].filter(match), ok: 1 };
};

const killOp: Handler = ({ engine, command }) => {
  const id = asNumber(command.op);
  if (id === undefined) throw new CommandError(4, 'Missing expected field "op"');
  engine.operations.kill(id);
  return { info: 'attempting to kill op', ok: 1 };
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
  hostInfo,
  currentOp,
  killOp,
  getParameter,
  setParameter,
  configureFailPoint,
  whatsmyuri: () => ({ you: 'local', ok: 1 }),
  features: () => ({ js: { utf8: true }, oidMachine: 0, ok: 1 }),
  ...statisticsCommands,
  ...administrationCommands,
  ...sessionCommands,
  ...replicaSetCommands,
  ...userCommands,
  ...testCommands,
};

export function isHello(name: string): boolean {
  return name === 'hello' || name === 'isMaster' || name === 'ismaster';
}

export function appNameOf(command: Document): string | undefined {
  const client = command.client;
  const application = isDocument(client) ? client.application : undefined;
  return isDocument(application) && typeof application.name === 'string' ? application.name : undefined;
}
