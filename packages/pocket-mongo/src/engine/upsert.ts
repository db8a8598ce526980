import { equal } from '../bson/compare.js';
import { entriesOf, put, withId } from '../bson/field-order.js';
import { BSONRegExp, type Document, isDocument, ObjectId, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { isOperators } from '../query/matcher.js';
import type { Updater } from '../query/update.js';
import { type UpdateStatement, wholeUpdate } from './change.js';

/** The document an upsert inserts: the filter's equalities, then the update, with `_id` first. */
export function upsertDocument(statement: UpdateStatement, change: Updater): Document {
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
  return withId(made._id === undefined ? new ObjectId() : made._id, made);
}

function collectEqualities(filter: Document, found: (readonly [string, Value])[]): void {
  for (const [key, condition] of entriesOf(filter)) {
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
    // `$all: [{ $elemMatch: ... }]` asks for an element, it gives no value.
    if ('$all' in condition && isOperators(value)) return;
  }
  // A pattern is no equality, but with `$eq` it is a value like others.
  if (value instanceof BSONRegExp && !(isOperators(condition) && '$eq' in condition)) return;
  for (const [taken] of found) {
    if (taken === path) throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    if (taken.startsWith(`${path}.`) || path.startsWith(`${taken}.`))
      throw new CommandError(54, `cannot infer query fields to set, both paths '${path}' and '${taken}' are matched`);
  }
  found.push([path, value]);
}

function setPath(document: Document, path: string, value: Value): void {
  const parts = path.split('.');
  let level = document;
  for (const part of parts.slice(0, -1)) {
    const next = level[part];
    const made = isDocument(next) ? next : {};
    put(level, part, made);
    level = made;
  }
  put(level, parts.at(-1) as string, value);
}
