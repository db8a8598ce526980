import { hostname } from 'node:os';
import { type Document, isDocument, type Value } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import type { Operation } from '../engine/operations.js';
import { type Session, sessionName } from '../engine/sessions.js';
import { CommandError } from '../errors.js';
import type { StageDefinition } from './stage.js';

const OPTIONS = new Set([
  'allUsers',
  'idleConnections',
  'idleCursors',
  'idleSessions',
  'localOps',
  'backtrace',
  'truncateOps',
  'targetAllNodes',
]);

/** How MongoDB names what a command does. */
const KINDS: Readonly<Record<string, string>> = {
  find: 'query',
  getMore: 'getmore',
  insert: 'insert',
  update: 'update',
  delete: 'remove',
};

function operationRow({ id, startedAt, context }: Operation): Document {
  const { lsid, $db, $clusterTime, ...command } = context.command;
  const target = command[context.name];
  const microseconds = Math.round((performance.now() - startedAt) * 1000);
  return {
    type: 'op',
    host: hostname(),
    desc: `conn${context.request.connectionId}`,
    connectionId: context.request.connectionId,
    active: true,
    currentOpTime: new Date().toISOString(),
    threaded: true,
    opid: id,
    ...(lsid === undefined ? {} : { lsid }),
    secs_running: BigInt(Math.floor(microseconds / 1e6)),
    microsecs_running: BigInt(microseconds),
    op: KINDS[context.name] ?? 'command',
    ns: `${context.db}.${typeof target === 'string' ? target : '$cmd.aggregate'}`,
    redacted: false,
    command: { ...command, $db: context.db },
    numYields: 0,
    waitingForLock: false,
  };
}

/** A transaction that is open while its client does something else. */
function idleRow(session: Session, startedAt: number, lifetimeMs: number): Document {
  const open = BigInt(Date.now() - startedAt) * 1000n;
  return {
    type: 'idleSession',
    host: hostname(),
    desc: 'inactive transaction',
    active: false,
    currentOpTime: new Date().toISOString(),
    lsid: sessionName(session.id),
    transaction: {
      parameters: { txnNumber: session.txnNumber, autocommit: false },
      startWallClockTime: new Date(startedAt).toISOString(),
      timeOpenMicros: open,
      timeInactiveMicros: BigInt(Date.now() - session.lastUse) * 1000n,
      expiryTime: new Date(startedAt + lifetimeMs).toISOString(),
    },
  };
}

/** What runs, and what is open and waits for its client. */
export function* currentOperations(
  { engine }: Context,
  { idleSessions = true, idleCursors = false }: { idleSessions?: Value; idleCursors?: Value },
): Generator<Document> {
  const busy = new Set<string | undefined>();
  for (const operation of engine.operations.all()) {
    busy.add(operation.context.session?.id);
    yield operationRow(operation);
  }
  if (idleSessions)
    for (const session of engine.sessions.all()) {
      const { transaction } = session;
      if (transaction && !busy.has(session.id))
        yield idleRow(session, transaction.startedAt, engine.sessions.transactionLifetimeMs);
    }
  if (idleCursors)
    for (const cursor of engine.cursors.described())
      yield { type: 'idleCursor', host: hostname(), active: false, ...cursor };
}

function checkOptions(argument: Value): Document {
  if (!isDocument(argument)) throw new CommandError(9, '$currentOp options must be specified in an object, but found');
  for (const [key, value] of Object.entries(argument)) {
    if (!OPTIONS.has(key)) throw new CommandError(9, `Unrecognized option '${key}' in $currentOp stage.`);
    if (typeof value !== 'boolean')
      throw new CommandError(9, `The '${key}' parameter of the $currentOp stage must be a boolean value`);
  }
  return argument;
}

export const currentOp: StageDefinition = {
  first: 'database',
  notInTransactions: true,
  compile(argument, { context }) {
    const options = checkOptions(argument);
    if (context.db !== 'admin')
      throw new CommandError(73, "$currentOp must be run against the 'admin' database with {aggregate: 1}");
    return () => currentOperations(context, options);
  },
};
