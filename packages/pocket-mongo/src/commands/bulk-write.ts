import { decode, decodeLeaving } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { type Document, isDocument, RawDocument, type Value } from '../bson/values.js';
import { type Context, checkCollation, documentOf, flag, type Handler, optionalDocument } from '../engine/context.js';
import { deleteDocuments, insertOne, updateDocuments } from '../engine/write-operations.js';
import { badValue, CommandError } from '../errors.js';
import { arrayFiltersOf, sortOfOne, writeError } from './statements.js';

interface BulkTotals {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

/** Documents that may be stored as they came. */
const AS_BYTES = new Set(['document', 'updateMods']);

/** MongoDB 8's `bulkWrite`: writes to several collections in one message. */
export const bulkWrite: Handler = async (context) => {
  const { command } = context;
  if (context.db !== 'admin') throw new CommandError(13, 'bulkWrite may only be run against the admin database.');
  const ops = context.documents('ops').map((bytes) => decodeLeaving(bytes, AS_BYTES));
  const namespaces = context.documents('nsInfo').map((bytes) => splitNamespace(decode(bytes).ns));
  const totals: BulkTotals = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
  const results: Document[] = [];
  const ordered = command.ordered !== false;
  const errorsOnly = flag(command.errorsOnly);
  for (let idx = 0; idx < ops.length; idx++) {
    try {
      const result = await context.statement(() => bulkOperation(context, ops[idx] as Document, namespaces, totals));
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
  document: Document,
  namespaces: readonly { db: string; name: string }[],
  totals: BulkTotals,
): Document {
  const [kind = ''] = Object.keys(document);
  const namespace = namespaces[Number(document[kind])];
  if (!namespace) throw badValue(`BulkWrite ops entry has an invalid nsInfo index.`);
  if (kind === 'insert') return bulkInsert(context, document, namespace, totals);
  if (kind === 'update') return bulkUpdate(context, document, namespace, totals);
  if (kind === 'delete') return bulkDelete(context, document, namespace, totals);
  throw new CommandError(9, `Unrecognized field in bulkWrite operation: ${kind}`);
}

function bulkInsert(
  context: Context,
  op: Document,
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Document {
  const { document } = op;
  if (!(document instanceof RawDocument))
    throw new CommandError(14, "BSON field 'document' is the wrong type, expected type 'object'");
  insertOne(context, context.engine.catalog.findOrCreate(db, name), document.bytes);
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
