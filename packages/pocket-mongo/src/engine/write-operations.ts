import { decode, decodeFields, outline } from '../bson/decode.js';
import { encode, encodeStored } from '../bson/encode.js';
import { withId } from '../bson/field-order.js';
import { BSONRegExp, type Document, isDocument, ObjectId, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { execute, type Found, prepare, type Query, refind, run } from '../plan/execute.js';
import type { Access } from '../plan/plan.js';
import type { Environment } from '../query/environment.js';
import { compileFilter } from '../query/matcher.js';
import { typeName } from '../query/operators-basic.js';
import { checkSameId } from '../query/update.js';
import type { Collection } from '../storage/catalog.js';
import { type Change, compileChange, compileUpdater, stamp, TIMESTAMP, type UpdateStatement } from './change.js';
import type { Context } from './context.js';
import { upsertDocument } from './upsert.js';

export interface UpdateResult {
  matched: number;
  modified: number;
  upserted?: Value;
  /** The bytes of the last document that matched, as it was and as it is. */
  before?: Buffer;
  after?: Buffer;
}

/** One delete statement, whichever command it came in. */
export interface DeleteStatement {
  readonly filter: Document;
  readonly multi: boolean;
  readonly hint?: Value;
  readonly environment: Environment;
}

/** Stores a new document, given as bytes that have been checked. Returns the bytes as stored. */
export function insertOne(context: Context, collection: Collection, given: Buffer): Buffer {
  const bytes = completed(given);
  const fields = decodeFields(bytes, collection.fields);
  checkId(fields._id);
  validate(context, collection, bytes, undefined);
  context.engine.documents.insert(context.writer, collection, fields, bytes);
  return bytes;
}

/** Checks a new state of a document against its collection's rules. @throws CommandError 2, 121, 263. */
function validate(context: Context, collection: Collection, bytes: Buffer, before: Found | undefined): void {
  const { validator, timeField } = collection;
  checkTransaction(context, collection);
  if (timeField !== undefined && !(decodeFields(bytes, new Set([timeField]))[timeField] instanceof Date))
    throw badValue(`'${timeField}' must be present and contain a valid BSON UTC datetime value`);
  if (validator && !context.bypassesValidation) validator.check(decode(bytes), before && (() => before.document));
}

function checkTransaction(context: Context, { capped, ns, timeField }: Collection): void {
  if (!context.transaction) return;
  if (capped)
    throw new CommandError(
      263,
      `Collection '${ns}' is a capped collection. Writes in transactions are not allowed on capped collections.`,
    );
  if (timeField !== undefined)
    throw new CommandError(263, `Cannot write to time-series collection ${ns} in a multi-document transaction.`);
}

/** A new document with its `_id` in front and its empty timestamps filled in; otherwise byte for byte as it came. */
function completed(given: Buffer): Buffer {
  const elements = outline(given);
  const ids = elements.filter(({ name }) => name === '_id');
  if (ids.length > 1) throw badValue("can't have multiple _id fields in one document");
  const [id] = ids;
  if (elements.some(({ type, name }) => type === TIMESTAMP && name !== '_id')) return stamped(given);
  if (id && id === elements[0]) return Buffer.from(given);
  const parts = id
    ? [given.subarray(id.start, id.end), given.subarray(4, id.start), given.subarray(id.end)]
    : [encode({ _id: new ObjectId() }).subarray(4, -1), given.subarray(4)];
  const bytes = Buffer.concat([given.subarray(0, 4), ...parts]);
  bytes.writeInt32LE(bytes.length, 0);
  return bytes;
}

function stamped(given: Buffer): Buffer {
  const document = decode(given);
  const whole = withId(document._id === undefined ? new ObjectId() : document._id, document);
  stamp(whole);
  return encodeStored(whole);
}

/** @throws CommandError 53 for a type that `_id` cannot have, 52 for names with a dollar in it. */
function checkId(id: Value): void {
  if (Array.isArray(id) || id instanceof BSONRegExp || id === undefined)
    throw new CommandError(53, `The '_id' value cannot be of type ${typeName(id)}`);
  if (isDocument(id)) checkIdFields(id);
}

function checkIdFields(value: Value): void {
  if (Array.isArray(value)) {
    for (const element of value) checkIdFields(element);
    return;
  }
  if (!isDocument(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name.startsWith('$') && name !== '$ref' && name !== '$id' && name !== '$db')
      throw new CommandError(52, `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`);
    checkIdFields(inner);
  }
}

/** Runs an update statement. One of a single document is atomic; one of many takes its documents one after another. */
export async function update(
  context: Context,
  db: string,
  name: string,
  statement: UpdateStatement,
): Promise<UpdateResult> {
  return statement.multi
    ? updateMany(context, db, name, statement)
    : context.statement(() => updateOne(context, db, name, statement));
}

function queryOf(
  { filter, hint, environment }: UpdateStatement | DeleteStatement,
  { fields: needs }: Collection,
  sort?: Document,
  limit?: number,
): Query {
  return { filter, hint, environment, needs, sort, limit };
}

/** Without a pause: all that it needs is claimed and checked before the first write. */
export function updateOne(context: Context, db: string, name: string, statement: UpdateStatement): UpdateResult {
  const collection = context.find(db, name);
  if (!collection) return updateNone(context, db, name, statement);
  const change = compileChange(statement, collection, context.engine.changes.log);
  const query = queryOf(statement, collection, statement.sort, 1);
  for (const found of execute(context.writer, collection, query)) {
    if (!found) continue;
    const result: UpdateResult = { matched: 1, modified: 0 };
    changeOne(context, collection, change, found, result);
    return result;
  }
  return updateNone(context, db, name, statement);
}

function changeOne(context: Context, collection: Collection, change: Change, found: Found, result: UpdateResult): void {
  const { fields, bytes, updateDescription } = change(found);
  checkSameId(found.fields, fields);
  result.before = found.bytes;
  result.after = bytes;
  // MongoDB too checks for a conflict only where something changes.
  if (bytes.equals(found.bytes)) return;
  validate(context, collection, bytes, found);
  context.engine.documents.update(
    context.writer,
    collection,
    found.key,
    found.fields,
    fields,
    bytes,
    updateDescription,
  );
  result.modified++;
}

async function updateMany(
  context: Context,
  db: string,
  name: string,
  statement: UpdateStatement,
): Promise<UpdateResult> {
  const collection = context.find(db, name);
  if (!collection) return context.statement(() => updateNone(context, db, name, statement));
  const change = compileChange(statement, collection, context.engine.changes.log);
  const result: UpdateResult = { matched: 0, modified: 0 };
  await forEachFound(context, collection, queryOf(statement, collection), (found, current) => {
    changeOne(context, current, change, found, result);
    result.matched++;
  });
  return result.matched > 0 ? result : context.statement(() => updateNone(context, db, name, statement));
}

/** No document matches: an upsert inserts one. Filter and update are checked in any case. */
function updateNone(context: Context, db: string, name: string, statement: UpdateStatement): UpdateResult {
  const updater = compileUpdater(statement);
  compileFilter(statement.filter, statement.environment);
  if (!statement.upsert) return { matched: 0, modified: 0 };
  const document = upsertDocument(statement, updater);
  const after = insertOne(context, context.findOrCreate(db, name), encodeStored(document));
  return { matched: 0, modified: 0, upserted: document._id ?? null, after };
}

/** Runs a delete statement and returns how many documents are gone. */
export async function remove(context: Context, db: string, name: string, statement: DeleteStatement): Promise<number> {
  const collection = context.find(db, name);
  if (!collection) {
    compileFilter(statement.filter, statement.environment);
    return 0;
  }
  const query = queryOf(statement, collection);
  if (!statement.multi) return context.statement(() => (removeOne(context, collection, query) ? 1 : 0));
  let removed = 0;
  await forEachFound(context, collection, query, (found, current) => {
    checkTransaction(context, current);
    context.engine.documents.remove(context.writer, current, found.key, found.fields);
    removed++;
  });
  return removed;
}

/** Removes the first document of a query and returns it. */
export function removeOne(context: Context, collection: Collection, query: Query): Found | undefined {
  for (const found of execute(context.writer, collection, { ...query, limit: 1 })) {
    if (!found) continue;
    checkTransaction(context, collection);
    context.engine.documents.remove(context.writer, collection, found.key, found.fields);
    return found;
  }
  return undefined;
}

/** Documents changed between two waits for the disk, which bounds what waits in memory to be written. */
const STEP = 1000;

/**
 * Does something with each document of a query. Where a change may move a document in what is read, all are found first,
 * so that none comes twice. Others may run in between, so each document is looked at again before its turn.
 */
async function forEachFound(
  context: Context,
  collection: Collection,
  query: Query,
  work: (found: Found, current: Collection) => void,
): Promise<void> {
  const { pace, writer } = context;
  const prepared = prepare(writer, collection, query);
  const found = pace.through(run(writer, collection, query, prepared));
  const source = staysInPlace(prepared.choice.plan.access) ? found : await all(found);
  let current = collection;
  let again = refind(writer, { ...query, needs: current.fields });
  let left = STEP;
  for await (const { key } of source) {
    if (--left === 0) {
      left = STEP;
      if (!context.transaction) await pace.until(context.engine.store.durable());
    }
    if (pace.due) await pace.rest();
    const { fields } = current;
    current = stillThere(context, collection);
    if (current.fields !== fields) {
      again = refind(writer, { ...query, needs: current.fields });
    }
    await context.statement(() => {
      const document = again(key);
      if (document) work(document, current);
    });
  }
}

async function all(found: AsyncIterable<Found>): Promise<{ readonly key: string }[]> {
  const keys: { readonly key: string }[] = [];
  for await (const { key } of found) keys.push({ key });
  return keys;
}

/** `_id` never changes: a document found by it, or by reading them all, is met once. */
function staysInPlace(access: Access): boolean {
  return access.kind === 'scan' || access.kind === 'ids' || (access.kind === 'index' && access.index.isId);
}

/** The collection as it is after others have run: its indexes and options may have changed. */
function stillThere(context: Context, { db, name, id, uuid }: Collection): Collection {
  const current = context.find(db, name);
  if (current?.id !== id)
    throw new CommandError(175, `collection dropped or renamed. UUID ${uuid.toUUID().toString()}`);
  return current;
}
