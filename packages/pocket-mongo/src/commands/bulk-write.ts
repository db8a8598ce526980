import { check, decode, decodeLeaving } from '../bson/decode.js';
import { checkDepth, encode } from '../bson/encode.js';
import { type Document, RawDocument, type Value } from '../bson/values.js';
import {
  type Context,
  documentOf,
  flag,
  type Handler,
  optionalDocument,
  statementEnvironment,
} from '../engine/context.js';
import { insertOne, remove, update } from '../engine/write-operations.js';
import { badValue, CommandError } from '../errors.js';
import { checkPart } from './arguments.js';
import { arrayFiltersOf, runStatements, sortOfOne, writeError } from './statements.js';

interface BulkTotals extends Document {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
  results: Document[];
}

const KINDS = new Set(['insert', 'update', 'delete']);

/** Documents that may be stored as they came. */
const AS_BYTES = new Set(['document', 'updateMods']);

/** MongoDB 8's `bulkWrite`: writes to several collections in one message. */
export const bulkWrite: Handler = async (context) => {
  const { command } = context;
  const ops = context.documents('ops').map((bytes) => decodeLeaving(bytes, AS_BYTES));
  for (const op of ops) checkOperation(op);
  const namespaces = context.documents('nsInfo').map((bytes) => {
    const entry = decode(bytes);
    checkPart(entry, 'bulkWrite.nsInfo');
    return splitNamespace(entry.ns);
  });
  const ordered = command.ordered !== false;
  const errorsOnly = flag(command.errorsOnly);
  const { results, ...totals } = await runStatements(context, ops.length, noneYet(), async (idx, sums) => {
    try {
      const result = await bulkOperation(context, ops[idx] as Document, namespaces, sums);
      if (!errorsOnly) sums.results.push({ ok: 1, idx, ...result });
      return true;
    } catch (error) {
      const { index: _, codeName: __, ...rest } = writeError(error, idx);
      sums.nErrors++;
      sums.results.push({ ok: 0, idx, n: 0, ...rest });
      return !ordered && !context.transaction;
    }
  });
  if (totals.nErrors > 0 && context.transaction && context.session) context.engine.sessions.abort(context.session);
  return bulkReply(context, results, totals);
};

function checkOperation(op: Document): void {
  const [kind = ''] = Object.keys(op);
  if (!KINDS.has(kind)) throw new CommandError(9, `Unrecognized field in bulkWrite operation: ${kind}`);
  checkPart(op, `bulkWrite.ops.${kind}`);
}

function noneYet(): BulkTotals {
  return { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0, results: [] };
}

async function bulkReply(context: Context, results: Document[], totals: Document): Promise<Document> {
  const cursorOptions = optionalDocument(context.command.cursor, 'bulkWrite.cursor');
  const batchSize = cursorOptions?.batchSize === undefined ? Number.POSITIVE_INFINITY : Number(cursorOptions.batchSize);
  // Results can be large, with upserted ids or errors in them, so that there may be more than fit into a reply.
  const reply = await context.engine.cursors.first(context, RESULTS, encoded(results), { batchSize });
  return { ...reply, ...totals, ok: 1 };
}

/** The namespace of the results' cursor. */
const RESULTS = 'admin.$cmd.bulkWrite';

function* encoded(results: Iterable<Document>): Generator<Buffer> {
  for (const result of results) yield encode(result);
}

function splitNamespace(ns: Value): { db: string; name: string } {
  const text = String(ns);
  const dot = text.indexOf('.');
  if (dot < 1 || dot === text.length - 1) throw new CommandError(73, `Invalid namespace specified '${text}'`);
  return { db: text.slice(0, dot), name: text.slice(dot + 1) };
}

async function bulkOperation(
  context: Context,
  document: Document,
  namespaces: readonly { db: string; name: string }[],
  totals: BulkTotals,
): Promise<Document> {
  const [kind = ''] = Object.keys(document);
  const namespace = namespaces[Number(document[kind])];
  if (!namespace) throw badValue(`BulkWrite ops entry has an invalid nsInfo index.`);
  if (kind === 'insert') return bulkInsert(context, document, namespace, totals);
  if (kind === 'update') return bulkUpdate(context, document, namespace, totals);
  return bulkDelete(context, document, namespace, totals);
}

async function bulkInsert(
  context: Context,
  op: Document,
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Promise<Document> {
  const { document } = op;
  if (!(document instanceof RawDocument))
    throw new CommandError(14, "BSON field 'document' is the wrong type, expected type 'object'");
  checkDepth(check(document.bytes));
  await context.statement(() => insertOne(context, context.findOrCreate(db, name), document.bytes));
  totals.nInserted++;
  return { n: 1 };
}

async function bulkUpdate(
  context: Context,
  op: Document,
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Promise<Document> {
  const result = await update(context, db, name, {
    filter: documentOf(op.filter, 'filter'),
    update: op.updateMods,
    multi: flag(op.multi),
    upsert: flag(op.upsert),
    arrayFilters: arrayFiltersOf(op.arrayFilters),
    hint: op.hint,
    sort: sortOfOne(op.sort, op.multi),
    environment: statementEnvironment(context, op.collation, op.constants, context.find(db, name)),
  });
  totals.nMatched += result.matched;
  totals.nModified += result.modified;
  if (!('upserted' in result)) return { n: result.matched, nModified: result.modified };
  totals.nUpserted++;
  return { n: 1, nModified: 0, upserted: { _id: result.upserted } };
}

async function bulkDelete(
  context: Context,
  op: Document,
  { db, name }: { db: string; name: string },
  totals: BulkTotals,
): Promise<Document> {
  const n = await remove(context, db, name, {
    filter: documentOf(op.filter, 'filter'),
    multi: flag(op.multi),
    hint: op.hint,
    environment: statementEnvironment(context, op.collation, undefined, context.find(db, name)),
  });
  totals.nDeleted += n;
  return { n };
}
