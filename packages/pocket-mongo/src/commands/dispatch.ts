import { type Document, isDocument } from '../bson/values.js';
import { Context, type Engine, type Handler, type Request, type Retry } from '../engine/context.js';
import type { Failure } from '../engine/fail-points.js';
import type { Session } from '../engine/sessions.js';
import { PlainWriter } from '../engine/transaction.js';
import { codeName } from '../error-codes.js';
import { CommandError } from '../errors.js';
import { checkApiVersion } from './api-version.js';
import { checkArguments } from './arguments.js';
import { ADMIN_ONLY, describeCommands } from './command-list.js';
import { checkReadConcern, snapshotTime, writeConcernOf } from './concerns.js';
import { definitionCommands } from './definition.js';
import { errorLabels } from './error-labels.js';
import { readCommands } from './read.js';
import { isHello, serverCommands } from './server.js';
import { TOPOLOGY_VERSION } from './topology-version.js';
import { unknownCommand } from './users.js';
import { writeCommands } from './write.js';

const commands: Readonly<Record<string, Handler>> = {
  ...serverCommands,
  ...readCommands,
  ...writeCommands,
  ...definitionCommands,
  listCommands: () => ({ commands: describeCommands(Object.keys(commands)), ok: 1 }),
};

/** All commands, for the documentation. */
export const commandNames: readonly string[] = Object.keys(commands);

/** After these the reply waits until what they wrote is on disk. */
const WRITING = new Set([...Object.keys(writeCommands), ...Object.keys(definitionCommands), 'commitTransaction']);
const IN_TRANSACTIONS = new Set([
  'abortTransaction',
  'aggregate',
  'bulkWrite',
  'commitTransaction',
  'create',
  'createIndexes',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'findandmodify',
  'getMore',
  'insert',
  'killCursors',
  'update',
]);

/**
 * Runs one command and makes its reply, errors included.
 * @param wait what a `hello` waits for; a fail point that is set meanwhile has no effect on it
 */
export async function dispatch(
  engine: Engine,
  request: Request,
  appName: string | undefined,
  wait?: () => Promise<void>,
): Promise<Document | 'close'> {
  const { command } = request;
  const [name = ''] = Object.keys(command);
  const failure = engine.failPoints.hit(name, command, appName);
  if (failure) {
    if (failure.blockMs > 0) await new Promise((resolve) => setTimeout(resolve, failure.blockMs));
    if (failure.closeConnection) return 'close';
    if (failure.error) return failed(engine, command, name, failure.error, failure);
  }
  await wait?.();
  const reply = await run(engine, failure ? { ...request, heldMs: failure.blockMs } : request, name);
  if (reply === 'close') return reply;
  // A new time for each write: no snapshot of that time was taken before it.
  reply.operationTime = WRITING.has(name) ? engine.clock.tick() : engine.clock.now;
  const writeConcernError = failure?.writeConcernError;
  if (!writeConcernError) return reply;
  const labels = failure.labels ?? errorLabels({ command, name, writeConcernCode: writeConcernError.code });
  return withVersion(
    { ...reply, writeConcernError, ...(labels.length > 0 ? { errorLabels: [...labels] } : {}) },
    writeConcernError.code,
  );
}

/** The reply to a command that a fail point lets fail; its transaction is over when it can only be tried as a whole. */
function failed(
  engine: Engine,
  command: Document,
  name: string,
  error: Document,
  { labels: given, knowsCursor }: Failure,
): Document {
  const labels = given ?? errorLabels({ command, name, code: error.code, knowsCursor });
  if (labels.includes('TransientTransactionError')) engine.sessions.kill(command.lsid);
  return withVersion(given || labels.length > 0 ? { ...error, errorLabels: [...labels] } : error, error.code);
}

/**
 * With the version of the topology drivers see that the member is no other than before, and go on with it at once.
 * MongoDB sends it with the errors of a member that is no primary; a member that ends has it only in its last seconds.
 */
function withVersion(reply: Document, code: unknown): Document {
  return NOT_PRIMARY.has(Number(code)) ? { ...reply, topologyVersion: TOPOLOGY_VERSION } : reply;
}

const NOT_PRIMARY = new Set([189, 10107, 10058, 11602, 13435, 13436]);

async function run(engine: Engine, request: Request, name: string): Promise<Document | 'close'> {
  const { command } = request;
  const handler = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (!handler) throw unknownCommand(name);
    checkApiVersion(command, name);
    checkArguments(command, request.sequences);
    if (typeof command.$db !== 'string') throw new CommandError(40414, "OP_MSG requests require a '$db' argument");
    if (ADMIN_ONLY.has(name) && command.$db !== 'admin')
      throw new CommandError(13, `${name} may only be run against the admin database.`);
    const session = isHello(name) ? undefined : engine.sessions.of(command.lsid);
    checkReadConcern(command, name);
    if (session && command.autocommit === false) return await inTransaction(engine, request, session, name, handler);
    if (command.startTransaction !== undefined)
      throw new CommandError(72, "'startTransaction' requires 'autocommit: false'");
    if (session && command.txnNumber !== undefined && Object.hasOwn(writeCommands, name))
      return await retryable(engine, request, session, handler);
    return await plain(engine, request, session, name, handler);
  } catch (error) {
    return errorReply(error);
  }
}

/** A command outside transactions that is no retryable write. */
async function plain(
  engine: Engine,
  request: Request,
  session: Session | undefined,
  name: string,
  handler: Handler,
): Promise<Document> {
  const concern = writeConcernOf(request.command, name);
  const snapshot = snapshotTime(request.command);
  const reader = snapshot && name !== 'getMore' ? engine.snapshots.at(snapshot.time) : undefined;
  const writer = reader ?? new PlainWriter(engine.store, engine.sessions.claims);
  const context = new Context(engine, request, session, undefined, writer);
  const reply = await engine.operations.run(context, handler);
  if ((WRITING.has(name) && concern.durable) || context.readsOnlyDurable) await engine.store.durable();
  if (reader) (isDocument(reply.cursor) ? reply.cursor : reply).atClusterTime = reader.time;
  return concern.failure ? { ...reply, writeConcernError: concern.failure } : reply;
}

/** A write with a number of its own: doing it again gives the first reply. */
async function retryable(
  engine: Engine,
  request: Request,
  session: Session,
  handler: Handler,
): Promise<Document | 'close'> {
  const known = engine.sessions.remembered(session, request.command);
  if (known) {
    const reply = await known;
    await engine.store.durable();
    return reply;
  }
  const concern = writeConcernOf(request.command, '');
  const failure = engine.failPoints.transactionalWrite(statementsOf(request));
  if (failure?.before !== undefined) {
    if (failure.closeConnection) return 'close';
    throw new CommandError(failure.before, 'failing the write before it is committed, for a fail point');
  }
  const number = session.txnNumber;
  const writer = new PlainWriter(engine.store, engine.sessions.claims);
  const retry: Retry = {
    progress: session.progress,
    save: (progress) => {
      if (session.txnNumber === number) engine.sessions.recordProgress(session, progress);
    },
  };
  const running = (async () => {
    const reply = await engine.operations.run(new Context(engine, request, session, undefined, writer, retry), handler);
    if (session.txnNumber === number) engine.sessions.record(session, reply);
    if (concern.durable) await engine.store.durable();
    return concern.failure ? { ...reply, writeConcernError: concern.failure } : reply;
  })();
  session.retryable ??= running;
  try {
    const reply = await running;
    return failure?.closeConnection ? 'close' : reply;
  } catch (error) {
    // Nothing was done, or what was done is remembered: the same number may be used again.
    if (session.retryable === running) {
      session.retryable = undefined;
      if (!session.progress) session.txnNumber = number - 1n;
    }
    throw error;
  }
}

/** How many writes of a command commit by themselves. */
function statementsOf({ command, sequences }: Request): number {
  const list = ['updates', 'deletes', 'ops'].map((name) => sequences.get(name) ?? command[name]).find(Array.isArray);
  return list?.length ?? 1;
}

async function inTransaction(
  engine: Engine,
  request: Request,
  session: Session,
  name: string,
  handler: Handler,
): Promise<Document> {
  const writer = new PlainWriter(engine.store, engine.sessions.claims);
  if (name === 'commitTransaction' || name === 'abortTransaction') {
    const concern = writeConcernOf(request.command, name);
    const reply = await engine.operations.run(new Context(engine, request, session, undefined, writer), handler);
    if (name === 'commitTransaction' && concern.durable) await engine.store.durable();
    return concern.failure ? { ...reply, writeConcernError: concern.failure } : reply;
  }
  const transaction = engine.sessions.transactionFor(session, request.command);
  try {
    writeConcernOf(request.command, name);
    if (!IN_TRANSACTIONS.has(name))
      throw new CommandError(263, `Cannot run '${name}' in a multi-document transaction.`);
    return await engine.operations.run(new Context(engine, request, session, transaction, transaction), handler);
  } catch (error) {
    // Any error ends the transaction, as in MongoDB.
    if (session.transaction === transaction) engine.sessions.abort(session);
    throw error;
  }
}

/** The reply for an error; one that is not MongoDB's own is shown as an internal error. */
export function errorReply(error: unknown): Document {
  if (error instanceof CommandError) {
    const labels = error.labels.length > 0 ? { errorLabels: [...error.labels] } : {};
    return {
      ok: 0,
      errmsg: error.message,
      code: error.code,
      codeName: codeName(error.code),
      ...(error.extra as Document),
      ...labels,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { ok: 0, errmsg: message, code: 1, codeName: codeName(1) };
}
