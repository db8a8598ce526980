import { ObjectId } from 'bson';
import { equal } from '../bson/compare.js';
import { decode, decodeFields, outline } from '../bson/decode.js';
import { encode, encodeStored } from '../bson/encode.js';
import { type Document, isDocument, RawDocument, Timestamp, type Value } from '../bson/values.js';
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
  /** A document as bytes must have been checked. */
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
  /** The bytes of the last document that matched, as it was and as it is. */
  before?: Buffer;
  after?: Buffer;
}

/** BSON's type number of a timestamp, which may have to be filled in. */
const TIMESTAMP = 0x11;

/** Stores a new document, given as bytes that have been checked. Returns the bytes as stored. */
export function insertOne(context: Context, collection: Collection, given: Buffer): Buffer {
  const names = outline(given);
  const asItCame = names[0]?.name === '_id' && !names.some(({ type }) => type === TIMESTAMP);
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

/** What becomes of a document: its bytes, and at least the fields that indexes are made of. */
interface Changed {
  readonly fields: Document;
  readonly bytes: Buffer;
}

type Change = (found: Found) => Changed;

function compileChange(statement: UpdateStatement, collection: Collection): Change {
  const replacement = plainReplacement(statement);
  if (replacement) return replaceBy(replacement, collection);
  const update = compileUpdater(statement);
  return (found) => {
    const after = update(decode(found.bytes), statement, false);
    if (after._id === undefined) after._id = found.fields._id;
    return { fields: after, bytes: encodeStored(after) };
  };
}

/** A replacement that can be stored as it came, but perhaps for a missing `_id`; undefined for all other updates. */
function plainReplacement({ update, multi, arrayFilters }: UpdateStatement): Buffer | undefined {
  if (!(update instanceof RawDocument) || multi || arrayFilters.length > 0) return undefined;
  const names = outline(update.bytes);
  const plain = names.every(
    ({ type, name }, i) => type !== TIMESTAMP && !name.startsWith('$') && (name !== '_id' || i === 0),
  );
  return plain ? update.bytes : undefined;
}

function replaceBy(replacement: Buffer, collection: Collection): Change {
  const given = decodeFields(replacement, collection.fields);
  if (given._id !== undefined) {
    const changed = { fields: given, bytes: Buffer.from(replacement) };
    return () => changed;
  }
  return ({ fields: { _id: id } }) => {
    // The element of `_id` between the length and the other elements.
    const element = encode({ _id: id }).subarray(4, -1);
    const bytes = Buffer.concat([replacement.subarray(0, 4), element, replacement.subarray(4)]);
    bytes.writeInt32LE(bytes.length, 0);
    return { fields: { _id: id, ...given }, bytes };
  };
}

function wholeUpdate({ update }: UpdateStatement): Value {
  return update instanceof RawDocument ? decode(update.bytes) : update;
}

/** An update document with operators, a replacement, or a pipeline. */
function compileUpdater(statement: UpdateStatement): Updater {
  const { multi, arrayFilters } = statement;
  const update = wholeUpdate(statement);
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
  return replacementUpdater(update);
}

function replacementUpdater(replacement: Document): Updater {
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

/** The document an upsert inserts: the filter's equalities, then the update, with `_id` first. */
function upsertDocument(statement: UpdateStatement, change: Updater): Document {
  const seed: Document = {};
  const equalities: (readonly [string, Value])[] = [];
  collectEqualities(statement.filter, equalities);
  const update = wholeUpdate(statement);
  const isReplacement = !Array.isArray(update) && !isOperators(update);
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
  const query = { filter, hint, limit: limit || undefined, variables, needs: collection.fields };
  for (const one of execute(context.writer, collection, query)) if (one) found.push(one);
  for (const one of found) context.engine.documents.remove(context.writer, collection, one.fields);
  return found.length;
}
