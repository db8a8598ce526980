import { check, decode, decodeLeaving } from '../bson/decode.js';
import { type Document, isDocument, RawDocument, truthy } from '../bson/values.js';
import type { UpdateStatement } from '../engine/change.js';
import { type Context, checkCollation, flag, type Handler, optionalDocument, refuse } from '../engine/context.js';
import { deleteDocuments, insertOne, updateDocuments } from '../engine/write-operations.js';
import { badValue, CommandError } from '../errors.js';
import { execute } from '../plan/execute.js';
import { compileProjection } from '../query/projection.js';
import { bulkWrite } from './bulk-write.js';
import { arrayFiltersOf, sortOfOne, writeError } from './statements.js';

/** Runs the statements of a command until one fails, or all of them when it is unordered. */
async function runStatements(context: Context, total: number, run: (i: number) => void): Promise<Document[]> {
  const ordered = context.command.ordered !== false;
  const errors: Document[] = [];
  for (let i = 0; i < total; i++) {
    try {
      await context.statement(() => run(i));
    } catch (error) {
      errors.push(writeError(error, i));
      if (ordered || context.transaction) break;
    }
  }
  if (errors.length > 0 && context.transaction && context.session) context.engine.sessions.abort(context.session);
  return errors;
}

function withErrors(reply: Document, errors: Document[]): Document {
  return errors.length > 0 ? { ...reply, writeErrors: errors, ok: 1 } : { ...reply, ok: 1 };
}

const insert: Handler = async (context) => {
  const documents = context.documents('documents');
  documents.forEach(check);
  if (documents.length === 0) throw badValue('Write batch sizes must be between 1 and 100000. Got 0 operations.');
  const collection = context.engine.catalog.findOrCreate(context.db, context.collectionName);
  let n = 0;
  const errors = await runStatements(context, documents.length, (i) => {
    insertOne(context, collection, documents[i] as Buffer);
    n++;
  });
  return withErrors({ n }, errors);
};

function updateStatement(context: Context, given: Document): UpdateStatement {
  checkCollation(given.collation);
  return {
    filter: optionalDocument(given.q, 'update.updates.q') ?? {},
    update: given.u,
    multi: flag(given.multi),
    upsert: flag(given.upsert),
    arrayFilters: arrayFiltersOf(given.arrayFilters),
    hint: given.hint,
    sort: sortOfOne(given.sort, given.multi),
    variables: { ...context.variables, ...(isDocument(given.c) ? given.c : {}) },
  };
}

/** A replacement may be stored as it came. */
const UPDATE = new Set(['u']);

const update: Handler = async (context) => {
  const statements = context.documents('updates').map((bytes) => decodeLeaving(bytes, UPDATE));
  const upserted: Document[] = [];
  let n = 0;
  let nModified = 0;
  const errors = await runStatements(context, statements.length, (index) => {
    const statement = updateStatement(context, statements[index] as Document);
    const result = updateDocuments(context, context.db, context.collectionName, statement);
    n += result.matched;
    nModified += result.modified;
    if ('upserted' in result) {
      n++;
      upserted.push({ index, _id: result.upserted });
    }
  });
  return withErrors({ n, nModified, ...(upserted.length > 0 ? { upserted } : {}) }, errors);
};

const remove: Handler = async (context) => {
  const statements = context.documents('deletes').map((bytes) => decode(bytes));
  let n = 0;
  const errors = await runStatements(context, statements.length, (i) => {
    const document = statements[i] as Document;
    checkCollation(document.collation);
    const filter = optionalDocument(document.q, 'delete.deletes.q') ?? {};
    n += deleteDocuments(
      context,
      context.db,
      context.collectionName,
      filter,
      truthy(document.limit) ? 1 : 0,
      document.hint,
      context.variables,
    );
  });
  return withErrors({ n }, errors);
};

const findAndModify: Handler = async (context) => {
  const { command } = context;
  checkCollation(command.collation);
  refuse(command, ['bypassEmptyTsReplacement']);
  const removing = flag(command.remove);
  if (removing && command.update !== undefined)
    throw new CommandError(9, "Cannot specify both an 'update' and 'remove'=true");
  if (removing && flag(command.upsert))
    throw new CommandError(9, "Cannot specify both 'upsert'=true and 'remove'=true");
  if (removing && flag(command.new))
    throw new CommandError(
      9,
      "Cannot specify both 'new'=true and 'remove'=true; 'remove' always returns the deleted document",
    );
  if (!removing && command.update === undefined)
    throw new CommandError(9, "Either an update or 'remove'=true must be specified");
  return context.statement(() => (removing ? findAndRemove(context) : findAndUpdate(context)));
};

function projected(context: Context, bytes: Buffer | undefined): Document | RawDocument | null {
  const { fields, query } = context.command;
  if (!bytes) return null;
  const spec = optionalDocument(fields, 'findAndModify.fields');
  if (!spec || Object.keys(spec).length === 0) return new RawDocument(bytes);
  const project = compileProjection(spec, optionalDocument(query, 'findAndModify.query') ?? {}, context.variables);
  return project(decode(bytes));
}

function findAndUpdate(context: Context): Document {
  const { command } = context;
  const result = updateDocuments(context, context.db, context.collectionName, {
    filter: optionalDocument(command.query, 'findAndModify.query') ?? {},
    update: command.update,
    multi: false,
    upsert: flag(command.upsert),
    arrayFilters: arrayFiltersOf(command.arrayFilters),
    hint: command.hint,
    sort: optionalDocument(command.sort, 'findAndModify.sort'),
    variables: context.variables,
  });
  const inserted = 'upserted' in result;
  const n = inserted ? 1 : result.matched;
  const lastErrorObject: Document = {
    n,
    updatedExisting: result.matched > 0,
    ...(inserted ? { upserted: result.upserted } : {}),
  };
  return { lastErrorObject, value: projected(context, flag(command.new) ? result.after : result.before), ok: 1 };
}

function findAndRemove(context: Context): Document {
  const { command, engine, writer } = context;
  const collection = engine.catalog.find(context.db, context.collectionName);
  const filter = optionalDocument(command.query, 'findAndModify.query') ?? {};
  const sort = optionalDocument(command.sort, 'findAndModify.sort');
  if (collection) {
    for (const found of execute(writer, collection, {
      filter,
      sort,
      hint: command.hint,
      limit: 1,
      variables: context.variables,
      needs: collection.fields,
    })) {
      if (!found) continue;
      engine.documents.remove(writer, collection, found.fields);
      return { lastErrorObject: { n: 1 }, value: projected(context, found.bytes), ok: 1 };
    }
  }
  return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
}

/** Commands that drivers may retry: their reply is remembered with the session's transaction number. */
export const writeCommands: Readonly<Record<string, Handler>> = {
  insert,
  update,
  delete: remove,
  findAndModify,
  findandmodify: findAndModify,
  bulkWrite,
};
