import { rawFields } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { type Document, isDocument, truthy, type Value } from '../bson/values.js';
import {
  type Context,
  checkCollation,
  documentOf,
  flag,
  type Handler,
  optionalDocument,
  refuse,
} from '../engine/context.js';
import { deleteDocuments, insertOne, type UpdateStatement, updateDocuments } from '../engine/write-operations.js';
import { badValue, CommandError, codeName } from '../errors.js';
import { execute } from '../plan/execute.js';
import { compileProjection } from '../query/projection.js';

/** A write error as it stands in a reply, at the index of its statement. */
export function writeError(error: unknown, index: number): Document {
  if (!(error instanceof CommandError)) throw error;
  // What ends the whole transaction is the command's error, not the statement's.
  if (error.labels.length > 0 || [112, 251, 256].includes(error.code)) throw error;
  return { index, code: error.code, codeName: codeName(error.code), ...error.extra, errmsg: error.message } as Document;
}

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
  if (documents.length === 0) throw badValue('Write batch sizes must be between 1 and 100000. Got 0 operations.');
  const collection = context.engine.catalog.findOrCreate(context.db, context.collectionName);
  let n = 0;
  const errors = await runStatements(context, documents.length, (i) => {
    const { document, bytes } = documents[i] as (typeof documents)[number];
    insertOne(context, collection, document, bytes);
    n++;
  });
  return withErrors({ n }, errors);
};

export function arrayFiltersOf(value: Value): Document[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new CommandError(14, 'arrayFilters must be an array');
  return value.map((filter) => documentOf(filter, 'arrayFilters'));
}

/** Which of several matching documents an update of one takes. */
function sortOfOne(sort: Value, multi: Value): Document | undefined {
  if (sort !== undefined && flag(multi)) throw new CommandError(9, 'Cannot specify sort with multi=true');
  return optionalDocument(sort, 'sort');
}

export function updateStatement(context: Context, given: Document): UpdateStatement {
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

const update: Handler = async (context) => {
  const statements = context.documents('updates');
  const upserted: Document[] = [];
  let n = 0;
  let nModified = 0;
  const errors = await runStatements(context, statements.length, (index) => {
    const { document } = statements[index] as (typeof statements)[number];
    const result = updateDocuments(context, context.db, context.collectionName, updateStatement(context, document));
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
  const statements = context.documents('deletes');
  let n = 0;
  const errors = await runStatements(context, statements.length, (i) => {
    const { document } = statements[i] as (typeof statements)[number];
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

function projected(context: Context, document: Document | undefined): Document | null {
  const { fields, query } = context.command;
  if (!document) return null;
  const spec = optionalDocument(fields, 'findAndModify.fields');
  if (!spec || Object.keys(spec).length === 0) return document;
  return compileProjection(spec, optionalDocument(query, 'findAndModify.query') ?? {}, context.variables)(document);
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
    })) {
      if (!found) continue;
      engine.documents.remove(writer, collection, found.document);
      return { lastErrorObject: { n: 1 }, value: projected(context, found.document), ok: 1 };
    }
  }
  return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
}

interface BulkTotals {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

/** MongoDB 8's `bulkWrite`: writes to several collections in one message. */
const bulkWrite: Handler = async (context) => {
  const { command } = context;
  if (context.db !== 'admin') throw new CommandError(13, 'bulkWrite may only be run against the admin database.');
  const ops = context.documents('ops');
  const namespaces = context.documents('nsInfo').map(({ document }) => splitNamespace(document.ns));
  const totals: BulkTotals = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
  const results: Document[] = [];
  const ordered = command.ordered !== false;
  const errorsOnly = flag(command.errorsOnly);
  for (let idx = 0; idx < ops.length; idx++) {
    try {
      const result = await context.statement(() =>
        bulkOperation(context, ops[idx] as (typeof ops)[number], namespaces, totals),
      );
      if (!errorsOnly) results.push({ ok: 1, idx, ...result });
    } catch (error) {
      const { index: _, codeName: __, ...rest } = writeError(error, idx);
      totals.nErrors++;
      results.push({ ok: 0, idx, n: 0, ...rest });
      if (ordered || context.transaction) break;
    }
  }
  if (totals.nErrors > 0 && context.transaction && context.session) context.engine.sessions.abort(context.session);
  return bulkReply(context, results, totals);
};

async function bulkReply(context: Context, results: Document[], totals: BulkTotals): Promise<Document> {
  const cursorOptions = optionalDocument(context.command.cursor, 'bulkWrite.cursor');
  const batchSize = cursorOptions?.batchSize === undefined ? Number.POSITIVE_INFINITY : Number(cursorOptions.batchSize);
  if (results.length <= batchSize && results.length < 1000) {
    return { cursor: { id: 0n, firstBatch: results, ns: 'admin.$cmd.bulkWrite' }, ...totals, ok: 1 };
  }
  const source = results.map((result) => encode(result))[Symbol.iterator]();
  const reply = await context.engine.cursors.first('admin.$cmd.bulkWrite', source, {
    batchSize,
    session: context.session?.id,
  });
  return { ...reply, ...totals, ok: 1 };
}

function splitNamespace(ns: Value): { db: string; name: string } {
  const text = String(ns);
  const dot = text.indexOf('.');
  if (dot < 1 || dot === text.length - 1) throw new CommandError(73, `Invalid namespace specified '${text}'`);
  return { db: text.slice(0, dot), name: text.slice(dot + 1) };
}

function bulkOperation(
  context: Context,
  op: { document: Document; bytes: Buffer },
  namespaces: readonly { db: string; name: string }[],
  totals: BulkTotals,
): Document {
  const { document } = op;
  const [kind = ''] = Object.keys(document);
  const namespace = namespaces[Number(document[kind])];
  if (!namespace) throw badValue(`BulkWrite ops entry has an invalid nsInfo index.`);
  if (kind === 'insert') return bulkInsert(context, op, namespace, totals);
  if (kind === 'update') return bulkUpdate(context, document, namespace, totals);
  if (kind === 'delete') return bulkDelete(context, document, namespace, totals);
  throw new CommandError(9, `Unrecognized field in bulkWrite operation: ${kind}`);
}

function bulkInsert(
  context: Context,
  op: { document: Document; bytes: Buffer },
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Document {
  const given = documentOf(op.document.document, 'document');
  const bytes = rawField(op.bytes, 'document');
  insertOne(context, context.engine.catalog.findOrCreate(db, name), given, bytes);
  totals.nInserted++;
  return { n: 1 };
}

function bulkUpdate(
  context: Context,
  op: Document,
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Document {
  checkCollation(op.collation);
  const result = updateDocuments(context, db, name, {
    filter: documentOf(op.filter, 'filter'),
    update: op.updateMods,
    multi: flag(op.multi),
    upsert: flag(op.upsert),
    arrayFilters: arrayFiltersOf(op.arrayFilters),
    hint: op.hint,
    sort: sortOfOne(op.sort, op.multi),
    variables: { ...context.variables, ...(isDocument(op.constants) ? op.constants : {}) },
  });
  totals.nMatched += result.matched;
  totals.nModified += result.modified;
  if (!('upserted' in result)) return { n: result.matched, nModified: result.modified };
  totals.nUpserted++;
  return { n: 1, nModified: 0, upserted: { _id: result.upserted } };
}

function bulkDelete(
  context: Context,
  op: Document,
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Document {
  checkCollation(op.collation);
  const n = deleteDocuments(
    context,
    db,
    name,
    documentOf(op.filter, 'filter'),
    flag(op.multi) ? 0 : 1,
    op.hint,
    context.variables,
  );
  totals.nDeleted += n;
  return { n };
}

function rawField(bytes: Buffer, name: string): Buffer {
  const found = rawFields(bytes, 0).get(name);
  if (!found) throw new CommandError(40414, `BSON field '${name}' is missing but a required field`);
  return found;
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
