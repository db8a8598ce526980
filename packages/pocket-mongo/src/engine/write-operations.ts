import { ObjectId } from 'bson';
import { equal } from '../bson/compare.js';
import { decode } from '../bson/decode.js';
import { encodeStored } from '../bson/encode.js';
import { type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { execute, type Found } from '../plan/execute.js';
import { compileFilter, isOperators, type Variables } from '../query/matcher.js';
import { compilePipelineUpdate } from '../query/pipeline-update.js';
import { checkSameId, compileUpdate, type Updater } from '../query/update.js';
import type { Collection } from '../storage/catalog.js';
import type { Context } from './context.js';

/** One update statement, whichever command it came in. */
export interface UpdateStatement {
  readonly filter: Document;
  readonly update: Value;
  readonly multi: boolean;
  readonly upsert: boolean;
  readonly arrayFilters: readonly Document[];
  readonly hint?: Value;
  readonly sort?: Document | undefined;
  readonly variables: Variables;
}

export interface UpdateResult {
  matched: number;
  modified: number;
  upserted?: Value;
  before?: Document | undefined;
  after?: Document | undefined;
}

const ID_BYTES = Buffer.from('_id\0');

/** Stores a new document: its own bytes where `_id` already comes first. Returns the document as stored. */
export function insertOne(context: Context, collection: Collection, given: Document, bytes: Buffer): Document {
  const first = bytes.length > 9 && bytes.subarray(5, 9).equals(ID_BYTES);
  const stamped = Object.values(given).some((value) => value instanceof Timestamp && value.isZero());
  let document = given;
  let stored: Buffer;
  if (first && !stamped) {
    stored = Buffer.from(bytes);
  } else {
    document = { _id: given._id === undefined ? new ObjectId() : given._id, ...given };
    if (stamped) stamp(document);
    stored = encodeStored(document);
  }
  checkFieldNames(document);
  context.engine.documents.insert(context.writer, collection, document, stored);
  return document;
}

/** An empty timestamp at the top of a new document means now. */
function stamp(document: Document): void {
  for (const [name, value] of Object.entries(document)) {
    if (name !== '_id' && value instanceof Timestamp && value.isZero())
      document[name] = new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 });
  }
}

function checkFieldNames(document: Document): void {
  const { _id: id } = document;
  if (isDocument(id) && Object.keys(id).some((name) => name.startsWith('$'))) {
    throw new CommandError(52, `_id fields may not contain '$'-prefixed fields`);
  }
}

/** An update document with operators, a replacement, or a pipeline. */
export function compileChange(
  statement: Pick<UpdateStatement, 'update' | 'multi' | 'arrayFilters' | 'variables'>,
): Updater {
  const { update, multi, arrayFilters } = statement;
  if (Array.isArray(update)) {
    if (arrayFilters.length > 0)
      throw new CommandError(9, 'arrayFilters may not be specified for pipeline-syle updates');
    return compilePipelineUpdate(update, statement.variables);
  }
  if (!isDocument(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  if (isOperators(update)) return compileUpdate(update, arrayFilters);
  if (multi) throw new CommandError(9, 'multi update is not supported for replacement-style update');
  if (arrayFilters.length > 0)
    throw new CommandError(9, 'arrayFilters may not be specified for replacement-style updates');
  const replacement: Document = update;
  return (before) => {
    for (const name of Object.keys(replacement)) {
      if (name.startsWith('$'))
        throw new CommandError(
          52,
          `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
        );
    }
    const id = replacement._id ?? before._id;
    const { _id: _, ...rest } = replacement;
    const after = id === undefined ? rest : { _id: id, ...rest };
    stamp(after);
    return after;
  };
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
  }))
    if (one) found.push(one);
  return found;
}

export function updateDocuments(context: Context, db: string, name: string, statement: UpdateStatement): UpdateResult {
  const change = compileChange(statement);
  const collection = context.engine.catalog.find(db, name);
  const found = collection ? findAll(context, collection, statement) : [];
  if (!collection || found.length === 0) {
    if (!statement.upsert) {
      compileFilter(statement.filter, statement.variables);
      return { matched: 0, modified: 0 };
    }
    const document = upsertDocument(statement, change);
    insertOne(context, context.engine.catalog.findOrCreate(db, name), document, encodeStored(document));
    return { matched: 0, modified: 0, upserted: document._id ?? null, after: document };
  }
  const result: UpdateResult = { matched: found.length, modified: 0 };
  for (const one of found) {
    const before = decode(one.bytes);
    const after = change(decode(one.bytes), statement, false);
    if (after._id === undefined) after._id = before._id;
    checkSameId(before, after);
    const bytes = encodeStored(after);
    result.before = before;
    result.after = after;
    if (bytes.equals(one.bytes)) {
      // MongoDB too checks for a conflict only where something changes.
      continue;
    }
    context.engine.documents.update(context.writer, collection, before, after, bytes);
    result.modified++;
  }
  return result;
}

/** The document an upsert inserts: the filter's equalities, then the update, with `_id` first. */
function upsertDocument(statement: UpdateStatement, change: Updater): Document {
  const seed: Document = {};
  const equalities: (readonly [string, Value])[] = [];
  collectEqualities(statement.filter, equalities);
  const isReplacement = isDocument(statement.update) && !isOperators(statement.update);
  for (const [path, value] of equalities) if (!isReplacement || path === '_id') setPath(seed, path, value);
  const made = change(seed, statement, true);
  const wanted = equalities.find(([path]) => path === '_id');
  if (wanted && made._id !== undefined && !equal(made._id, wanted[1])) {
    throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
  return { _id: made._id === undefined ? new ObjectId() : made._id, ...withoutId(made) };
}

function withoutId(document: Document): Document {
  const { _id: _, ...rest } = document;
  return rest;
}

function collectEqualities(filter: Document, found: (readonly [string, Value])[]): void {
  for (const [key, condition] of Object.entries(filter)) {
    if (key === '$and' && Array.isArray(condition))
      for (const clause of condition) collectEqualities(clause as Document, found);
    else if (key === '$or' && Array.isArray(condition) && condition.length === 1)
      collectEqualities(condition[0] as Document, found);
    else if (key.startsWith('$')) continue;
    else addEquality(key, condition, found);
  }
}

function addEquality(path: string, condition: Value, found: (readonly [string, Value])[]): void {
  let value: Value = condition;
  if (isOperators(condition)) {
    if ('$eq' in condition) value = condition.$eq;
    else if (Array.isArray(condition.$in) && condition.$in.length === 1) value = condition.$in[0];
    else if (Array.isArray(condition.$all) && condition.$all.length === 1) value = condition.$all[0];
    else return;
  }
  if (typeof value === 'object' && value !== null && value.constructor.name === 'BSONRegExp') return;
  if (found.some(([taken]) => taken === path))
    throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
  found.push([path, value]);
}

function setPath(document: Document, path: string, value: Value): void {
  const parts = path.split('.');
  let level = document;
  for (const part of parts.slice(0, -1)) {
    const next = level[part];
    const made = isDocument(next) ? next : {};
    level[part] = made;
    level = made;
  }
  level[parts.at(-1) as string] = value;
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
  for (const one of execute(context.writer, collection, { filter, hint, limit: limit || undefined, variables }))
    if (one) found.push(one);
  for (const one of found) context.engine.documents.remove(context.writer, collection, one.document);
  return found.length;
}
