import { check, decode, decodeLeaving } from '../bson/decode.js';
import { checkDepth } from '../bson/encode.js';
import { asNumber, type Document, RawDocument, truthy } from '../bson/values.js';
import type { UpdateStatement } from '../engine/change.js';
import { type Context, flag, type Handler, optionalDocument, statementEnvironment } from '../engine/context.js';
import { insertOne, remove, removeOne, update, updateOne } from '../engine/write-operations.js';
import { CommandError } from '../errors.js';
import { compileProjection } from '../query/projection.js';
import { checkPart } from './arguments.js';
import { bulkWrite } from './bulk-write.js';
import { isUnacknowledged } from './concerns.js';
import { arrayFiltersOf, runStatements, sortOfOne, writeError } from './statements.js';

/** The most statements in one command. */
const MAX_WRITE_BATCH = 100_000;

interface Totals extends Document {
  n: number;
  writeErrors: Document[];
}

/**
 * Runs the statements until one fails, or all of them when the command is unordered. In a transaction the first error
 * ends the transaction.
 */
async function runAll<T extends Totals>(
  context: Context,
  total: number,
  start: T,
  run: (i: number, totals: T) => Promise<void>,
): Promise<Document> {
  if (total === 0 || total > MAX_WRITE_BATCH)
    throw new CommandError(16, `Write batch sizes must be between 1 and ${MAX_WRITE_BATCH}. Got ${total} operations.`);
  const ordered = context.command.ordered !== false;
  const totals = await runStatements(context, total, start, async (i, sums) => {
    try {
      await run(i, sums);
      return true;
    } catch (error) {
      sums.writeErrors.push(writeError(error, i));
      return !ordered && !context.transaction;
    }
  });
  if (isUnacknowledged(context.command)) return { n: 0, ok: 1 };
  const { writeErrors, ...reply } = totals;
  if (writeErrors.length === 0) return { ...reply, ok: 1 };
  if (context.transaction && context.session) context.engine.sessions.abort(context.session);
  return { ...reply, writeErrors, ok: 1 };
}

const insert: Handler = async (context) => {
  const documents = context.documents('documents');
  const levels = documents.map(check);
  return runAll(context, documents.length, { n: 0, writeErrors: [] }, async (i, totals) => {
    checkDepth(levels[i] ?? 0);
    await context.statement(() =>
      insertOne(context, context.findOrCreate(context.db, context.collectionName), documents[i] as Buffer),
    );
    totals.n++;
  });
};

function updateStatement(context: Context, given: Document): UpdateStatement {
  return {
    filter: optionalDocument(given.q, 'update.updates.q') ?? {},
    update: given.u,
    multi: flag(given.multi),
    upsert: flag(given.upsert),
    arrayFilters: arrayFiltersOf(given.arrayFilters),
    hint: given.hint,
    sort: sortOfOne(given.sort, given.multi),
    environment: statementEnvironment(context, given.collation, given.c),
  };
}

/** A replacement may be stored as it came. */
const UPDATE = new Set(['u']);

interface UpdateTotals extends Totals {
  nModified: number;
  upserted: Document[];
}

const updateCommand: Handler = async (context) => {
  const statements = context.documents('updates').map((bytes) => decodeLeaving(bytes, UPDATE));
  for (const statement of statements) checkPart(statement, 'update.updates');
  const start: UpdateTotals = { n: 0, nModified: 0, upserted: [], writeErrors: [] };
  const { upserted, ...reply } = await runAll(context, statements.length, start, async (index, totals) => {
    const statement = updateStatement(context, statements[index] as Document);
    const result = await update(context, context.db, context.collectionName, statement);
    totals.n += result.matched;
    totals.nModified += result.modified;
    if ('upserted' in result) {
      totals.n++;
      totals.upserted.push({ index, _id: result.upserted });
    }
  });
  return Array.isArray(upserted) && upserted.length > 0 ? { upserted, ...reply } : reply;
};

const deleteCommand: Handler = async (context) => {
  const statements = context.documents('deletes').map((bytes) => decode(bytes));
  for (const statement of statements) {
    checkPart(statement, 'delete.deletes');
    const limit = asNumber(statement.limit);
    if (limit !== 0 && limit !== 1)
      throw new CommandError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
  }
  return runAll(context, statements.length, { n: 0, writeErrors: [] }, async (i, totals) => {
    const { q, limit, hint, collation } = statements[i] as Document;
    totals.n += await remove(context, context.db, context.collectionName, {
      filter: optionalDocument(q, 'delete.deletes.q') ?? {},
      multi: !truthy(limit),
      hint,
      environment: statementEnvironment(context, collation),
    });
  });
};

const findAndModify: Handler = async (context) => {
  const { command } = context;
  const removing = flag(command.remove);
  if (removing && command.update !== undefined)
    throw new CommandError(9, 'Cannot specify both an update and remove=true');
  if (removing && flag(command.upsert)) throw new CommandError(9, 'Cannot specify both upsert=true and remove=true ');
  if (removing && flag(command.new))
    throw new CommandError(
      9,
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  if (!removing && command.update === undefined)
    throw new CommandError(9, 'Either an update or remove=true must be specified');
  const project = projectorOf(context);
  return context.statement(() => (removing ? findAndRemove(context, project) : findAndUpdate(context, project)));
};

/** MongoDB says of a duplicate key here where it was met, and of the same in an update it does not. */
function whereMet(error: unknown): unknown {
  if (!(error instanceof CommandError) || error.code !== 11000) return error;
  const message = `Plan executor error during findAndModify :: caused by :: ${error.message}`;
  return new CommandError(error.code, message, error.labels, error.extra);
}

type Project = (bytes: Buffer | undefined) => Document | RawDocument | null;

/** `fields`, checked before anything is written. */
function projectorOf(context: Context): Project {
  const { fields, query } = context.command;
  const spec = optionalDocument(fields, 'findAndModify.fields');
  if (!spec || Object.keys(spec).length === 0) return (bytes) => (bytes ? new RawDocument(bytes) : null);
  const filter = optionalDocument(query, 'findAndModify.query') ?? {};
  const project = compileProjection(spec, filter, context.environment);
  return (bytes) => (bytes ? project(decode(bytes)) : null);
}

function findAndUpdate(context: Context, project: Project): Document {
  try {
    return findAndChange(context, project);
  } catch (error) {
    throw whereMet(error);
  }
}

function findAndChange(context: Context, project: Project): Document {
  const { command } = context;
  const result = updateOne(context, context.db, context.collectionName, {
    filter: optionalDocument(command.query, 'findAndModify.query') ?? {},
    update: command.update,
    multi: false,
    upsert: flag(command.upsert),
    arrayFilters: arrayFiltersOf(command.arrayFilters),
    hint: command.hint,
    sort: optionalDocument(command.sort, 'findAndModify.sort'),
    environment: context.environment,
  });
  const inserted = 'upserted' in result;
  const n = inserted ? 1 : result.matched;
  const lastErrorObject: Document = {
    n,
    updatedExisting: result.matched > 0,
    ...(inserted ? { upserted: result.upserted } : {}),
  };
  return { lastErrorObject, value: project(flag(command.new) ? result.after : result.before), ok: 1 };
}

function findAndRemove(context: Context, project: Project): Document {
  const { command } = context;
  const collection = context.find(context.db, context.collectionName);
  const removed =
    collection &&
    removeOne(context, collection, {
      filter: optionalDocument(command.query, 'findAndModify.query') ?? {},
      sort: optionalDocument(command.sort, 'findAndModify.sort'),
      hint: command.hint,
      environment: context.environment,
      needs: collection.fields,
    });
  return { lastErrorObject: { n: removed ? 1 : 0 }, value: project(removed?.bytes), ok: 1 };
}

/** Commands that drivers may retry: their reply is remembered with the session's transaction number. */
export const writeCommands: Readonly<Record<string, Handler>> = {
  insert,
  update: updateCommand,
  delete: deleteCommand,
  findAndModify,
  findandmodify: findAndModify,
  bulkWrite,
};
