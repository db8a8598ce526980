import { type Document, isDocument } from '../bson/values.js';
import { Context, type Engine, type Handler, type Request } from '../engine/context.js';
import type { Session } from '../engine/sessions.js';
import { PlainWriter } from '../engine/transaction.js';
import { CommandError, codeName } from '../errors.js';
import { definitionCommands } from './definition.js';
import { readCommands } from './read.js';
import { isHello, serverCommands } from './server.js';
import { writeCommands } from './write.js';

const commands: Readonly<Record<string, Handler>> = {
  ...serverCommands,
  ...readCommands,
  ...writeCommands,
  ...definitionCommands,
};

/** After these the reply waits until what they wrote is on disk. */
const WRITING = new Set([...Object.keys(writeCommands), ...Object.keys(definitionCommands), 'commitTransaction']);
const NOT_IN_TRANSACTIONS = new Set([
  'count',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'renameCollection',
  'listCollections',
  'listIndexes',
  'explain',
  'collMod',
]);

/** Runs one command and makes its reply, errors included. */
export async function dispatch(
  engine: Engine,
  request: Request,
  appName: string | undefined,
): Promise<Document | 'close'> {
  const { command } = request;
  const [name = ''] = Object.keys(command);
  const failure = engine.failPoints.hit(name, appName);
  if (failure) {
    if (failure.blockMs > 0) await new Promise((resolve) => setTimeout(resolve, failure.blockMs));
    if (failure.closeConnection) return 'close';
    if (failure.error) return abortedByFailPoint(engine, command, failure.error);
  }
  const reply = await run(engine, request, name);
  if (!failure?.writeConcernError) return reply;
  return {
    ...reply,
    writeConcernError: failure.writeConcernError,
    ...(failure.labels ? { errorLabels: [...failure.labels] } : {}),
  };
}

function abortedByFailPoint(engine: Engine, command: Document, error: Document): Document {
  const transient =
    command.autocommit === false && !('errorLabels' in error) && Object.keys(command)[0] !== 'commitTransaction';
  const code = Number(error.code);
  if (transient && TRANSIENT.has(code)) {
    engine.sessions.kill(command.lsid);
    return { ...error, errorLabels: ['TransientTransactionError'] };
  }
  if (!('errorLabels' in error) && command.txnNumber !== undefined && RETRYABLE.has(code))
    return { ...error, errorLabels: ['RetryableWriteError'] };
  return error;
}

/** Codes after which a driver may try a write again on what it takes for the new primary. */
const RETRYABLE = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);
const TRANSIENT = new Set([...RETRYABLE, 24, 112, 246, 251]);

async function run(engine: Engine, request: Request, name: string): Promise<Document> {
  const { command } = request;
  const handler = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (!handler) throw new CommandError(59, `no such command: '${name}'`);
    if (typeof command.$db !== 'string') throw new CommandError(40414, "OP_MSG requests require a '$db' argument");
    const session = isHello(name) ? undefined : engine.sessions.of(command.lsid);
    if (session && command.autocommit === false) return await inTransaction(engine, request, session, name, handler);
    checkReadConcern(command, name);
    if (command.startTransaction !== undefined)
      throw new CommandError(72, "'startTransaction' requires 'autocommit: false'");
    if (session && command.txnNumber !== undefined && Object.hasOwn(writeCommands, name))
      return await retryable(engine, request, session, handler);
    return await plain(engine, request, session, name, handler);
  } catch (error) {
    return errorReply(error);
  }
}

/** Snapshot reads outside transactions are for a few commands only; other levels make no difference here. */
function checkReadConcern(command: Document, name: string): void {
  const level = isDocument(command.readConcern) ? command.readConcern.level : undefined;
  if (level === 'snapshot' && !['find', 'aggregate', 'distinct', 'getMore'].includes(name)) {
    throw new CommandError(72, `Command ${name} does not support { readConcern: { level: "snapshot" } }`);
  }
}

async function plain(
  engine: Engine,
  request: Request,
  session: Session | undefined,
  name: string,
  handler: Handler,
): Promise<Document> {
  const writer = new PlainWriter(engine.store, engine.sessions.claims);
  const context = new Context(engine, request, session, undefined, writer);
  const reply = await handler(context);
  if (WRITING.has(name) || context.readsOnlyDurable) await engine.store.durable();
  return reply;
}

/** A write with a number of its own: doing it again gives the first reply. */
async function retryable(engine: Engine, request: Request, session: Session, handler: Handler): Promise<Document> {
  const known = engine.sessions.remembered(session, request.command);
  if (known) {
    const reply = await known;
    await engine.store.durable();
    return reply;
  }
  const number = session.txnNumber;
  const writer = new PlainWriter(engine.store, engine.sessions.claims);
  const running = (async () => {
    const reply = await handler(new Context(engine, request, session, undefined, writer));
    if (session.txnNumber === number) engine.sessions.record(session, reply);
    await engine.store.durable();
    return reply;
  })();
  session.retryable ??= running;
  try {
    return await running;
  } catch (error) {
    // Nothing was done: the same number may be used again.
    if (session.retryable === running) {
      session.retryable = undefined;
      session.txnNumber = number - 1n;
    }
    throw error;
  }
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
    const reply = await handler(new Context(engine, request, session, undefined, writer));
    if (name === 'commitTransaction') await engine.store.durable();
    return reply;
  }
  const transaction = engine.sessions.transactionFor(session, request.command);
  try {
    if (NOT_IN_TRANSACTIONS.has(name))
      throw new CommandError(263, `Cannot run '${name}' in a multi-document transaction.`);
    return await handler(new Context(engine, request, session, transaction, transaction));
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
