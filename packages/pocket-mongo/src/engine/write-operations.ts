import { decode, decodeFields, outline } from '../bson/decode.js';
import { encodeStored } from '../bson/encode.js';
import { type Document, isDocument, ObjectId, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { execute, type Found } from '../plan/execute.js';
import { compileFilter, type Variables } from '../query/matcher.js';
import { checkSameId } from '../query/update.js';
import type { Collection } from '../storage/catalog.js';
import { compileChange, compileUpdater, stamp, TIMESTAMP, type UpdateStatement } from './change.js';
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

/** Stores a new document, given as bytes that have been checked. Returns the bytes as stored. */
export function insertOne(context: Context, collection: Collection, given: Buffer): Buffer {
  const names = outline(given);
  const asItCame =
    names[0]?.name === '_id' && names.every(({ type, name }, i) => type !== TIMESTAMP && (name !== '_id' || i === 0));
  const bytes = asItCame ? Buffer.from(given) : completed(decode(given));
  const fields = decodeFields(bytes, collection.fields);
  checkFieldNames(fields);
  context.engine.documents.insert(context.writer, collection, fields, bytes);
  return bytes;
}

/** A new document with its `_id` in front and its empty timestamps filled in. */
function completed(given: Document): Buffer {
  const document = { _id: given._id === undefined ? new ObjectId() : given._id, ...given };
  stamp(document);
  return encodeStored(document);
}

function checkFieldNames(document: Document): void {
  const { _id: id } = document;
  if (isDocument(id) && Object.keys(id).some((name) => name.startsWith('$'))) {
    throw new CommandError(52, `_id fields may not contain '$'-prefixed fields`);
  }
}

/** The documents to change, all found before the first is written. */
function findAll(context: Context, collection: Collection, statement: UpdateStatement): Found[] {
  const { filter, hint, sort, multi, variables } = statement;
  const found: Found[] = [];
  for (const one of execute(context.writer, collection, {
    filter,
    hint,
    sort,
    limit: multi ? undefined : 1,
    variables,
    needs: collection.fields,
  }))
    if (one) found.push(one);
  return found;
}

export function updateDocuments(context: Context, db: string, name: string, statement: UpdateStatement): UpdateResult {
  const collection = context.engine.catalog.find(db, name);
  if (!collection) return updateNone(context, db, name, statement);
  const change = compileChange(statement, collection);
  const found = findAll(context, collection, statement);
  if (found.length === 0) return updateNone(context, db, name, statement);
  const result: UpdateResult = { matched: found.length, modified: 0 };
  for (const one of found) {
    const { fields, bytes } = change(one);
    checkSameId(one.fields, fields);
    result.before = one.bytes;
    result.after = bytes;
    // MongoDB too checks for a conflict only where something changes.
    if (bytes.equals(one.bytes)) continue;
    context.engine.documents.update(context.writer, collection, one.fields, fields, bytes);
    result.modified++;
  }
  return result;
}

/** No document matches: an upsert inserts one. Filter and update are checked in any case. */
function updateNone(context: Context, db: string, name: string, statement: UpdateStatement): UpdateResult {
  const update = compileUpdater(statement);
  compileFilter(statement.filter, statement.variables);
  if (!statement.upsert) return { matched: 0, modified: 0 };
  const document = upsertDocument(statement, update);
  const after = insertOne(context, context.engine.catalog.findOrCreate(db, name), encodeStored(document));
  return { matched: 0, modified: 0, upserted: document._id ?? null, after };
}

/** Deletes and returns how many; `limit` 0 means all. */
export function deleteDocuments(
  context: Context,
  db: string,
  name: string,
  filter: Document,
  limit: number,
  hint: Value,
  variables: Variables,
): number {
  const collection = context.engine.catalog.find(db, name);
  if (!collection) {
    compileFilter(filter, variables);
    return 0;
  }
  const found: Found[] = [];
  const query = { filter, hint, limit: limit || undefined, variables, needs: collection.fields };
  for (const one of execute(context.writer, collection, query)) if (one) found.push(one);
  for (const one of found) context.engine.documents.remove(context.writer, collection, one.fields);
  return found.length;
}
