import { equal } from '../bson/compare.js';
import { checkSize } from '../bson/encode.js';
import { encodeKey, fit, MAX_ID_KEY } from '../bson/keys.js';
import { BSONRegExp, type Document, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { field } from '../query/path.js';
import { rootOf } from '../query/roots.js';
import type { Catalog, Collection } from './catalog.js';
import type { IndexDefinition } from './index-definition.js';
import type { Writer } from './view.js';

/**
 * How documents and index entries are stored:
 * - document:            collection, 0, key of _id            -> BSON
 * - unique index entry:  collection, index, fields            -> key of _id
 * - other index entry:   collection, index, fields, key of _id -> key of _id
 * A unique key is one record, so claiming and checking it is the same as for a document.
 */
export function idKey(id: Value): string {
  return fit(encodeKey(id), MAX_ID_KEY);
}

function entryKey(index: IndexDefinition, fields: string, id: string): string {
  return index.unique ? index.prefix + fields : index.prefix + fields + id;
}

interface IndexChange {
  readonly index: IndexDefinition;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Changes documents and keeps their index entries. Of the documents only the fields that indexes are made of are needed,
 * `_id` among them. All claims and checks of a change come before its first write.
 */
export class DocumentWriter {
  constructor(private readonly catalog: Catalog) {}

  insert(writer: Writer, collection: Collection, document: Document, bytes: Buffer): void {
    checkSize(bytes.length);
    const id = idKey(checkId(document._id));
    const key = collection.prefix + id;
    writer.claim(key);
    if (writer.get(key)) throw duplicateKey(collection, collection.indexes[0] as IndexDefinition, document);
    const changes = this.indexChanges(collection, id, undefined, document);
    this.checkUnique(writer, collection, changes, id, document);
    writer.put(key, bytes);
    this.apply(writer, collection, changes, id);
  }

  /** Replaces the stored document by another with the same `_id`. */
  update(writer: Writer, collection: Collection, before: Document, after: Document, bytes: Buffer): void {
    checkSize(bytes.length);
    const id = idKey(before._id);
    const key = collection.prefix + id;
    writer.claim(key);
    const changes = this.indexChanges(collection, id, before, after);
    this.checkUnique(writer, collection, changes, id, after);
    writer.put(key, bytes);
    this.apply(writer, collection, changes, id);
  }

  remove(writer: Writer, collection: Collection, document: Document): void {
    const id = idKey(document._id);
    const key = collection.prefix + id;
    writer.claim(key);
    const changes = this.indexChanges(collection, id, document, undefined);
    for (const { index, removed } of changes) if (index.unique) for (const entry of removed) writer.claim(entry);
    writer.remove(key);
    this.apply(writer, collection, changes, id);
  }

  /** Adds a document to an index that is being built. */
  index(writer: Writer, collection: Collection, index: IndexDefinition, document: Document): void {
    const id = idKey(document._id);
    const { keys, multikey } = index.keysOf(document);
    const change = { index, added: keys.map((fields) => entryKey(index, fields, id)), removed: [] };
    if (multikey) index.multikey = true;
    this.checkUnique(writer, collection, [change], id, document);
    for (const entry of change.added) writer.put(entry, Buffer.from(id, 'latin1'));
  }

  private indexChanges(
    collection: Collection,
    id: string,
    before: Document | undefined,
    after: Document | undefined,
  ): IndexChange[] {
    const changes: IndexChange[] = [];
    const indexes = collection.indexes;
    for (let i = 1; i < indexes.length; i++) {
      const index = indexes[i] as IndexDefinition;
      if (before && after && sameKeys(index, before, after)) continue;
      const old = before ? index.keysOf(before).keys : [];
      const made = after ? index.keysOf(after) : undefined;
      if (made?.multikey && !index.multikey) this.markMultikey(collection, index);
      const fresh = made?.keys ?? [];
      const added = fresh.filter((fields) => !old.includes(fields));
      const removed = old.filter((fields) => !fresh.includes(fields));
      if (added.length === 0 && removed.length === 0) continue;
      const entries = (keys: string[]) => keys.map((fields) => entryKey(index, fields, id));
      changes.push({ index, added: entries(added), removed: entries(removed) });
    }
    return changes;
  }

  private markMultikey(collection: Collection, index: IndexDefinition): void {
    index.multikey = true;
    this.catalog.save(collection);
  }

  private checkUnique(
    writer: Writer,
    collection: Collection,
    changes: readonly IndexChange[],
    id: string,
    document: Document,
  ): void {
    for (const { index, added, removed } of changes) {
      if (!index.unique) continue;
      for (const entry of removed) writer.claim(entry);
      for (const entry of added) {
        writer.claim(entry);
        const owner = writer.get(entry);
        if (owner && owner.latin1Slice() !== id) throw duplicateKey(collection, index, document);
      }
    }
  }

  private apply(writer: Writer, _collection: Collection, changes: readonly IndexChange[], id: string): void {
    if (changes.length === 0) return;
    const value = Buffer.from(id, 'latin1');
    for (const { added, removed } of changes) {
      for (const entry of removed) writer.remove(entry);
      for (const entry of added) writer.put(entry, value);
    }
  }
}

/** True when equal values make equal keys; whether a partial index holds them may depend on more than that. */
function sameKeys({ partial, paths }: IndexDefinition, before: Document, after: Document): boolean {
  return !partial && paths.every((path) => unchanged(field(before, rootOf(path)), field(after, rootOf(path))));
}

/** Missing and null have one key but in a sparse index. */
function unchanged(before: Value, after: Value): boolean {
  return before === undefined || after === undefined ? before === after : equal(before, after);
}

function checkId(id: Value): Value {
  if (Array.isArray(id)) throw new CommandError(2, "The '_id' value cannot be of type array");
  if (id instanceof BSONRegExp) throw new CommandError(2, "The '_id' value cannot be of type regex");
  return id;
}

/** 11000 with what the application needs to know which key it was. */
export function duplicateKey(collection: Collection, index: IndexDefinition, document: Document): CommandError {
  const keyValue: Document = {};
  for (const path of index.paths)
    keyValue[path] =
      path
        .split('.')
        .reduce<Value>(
          (value, part) =>
            Array.isArray(value) ? value.map((element) => field(element, part))[0] : field(value, part),
          document,
        ) ?? null;
  const text = Object.entries(keyValue)
    .map(([path, value]) => `${path}: ${show(value)}`)
    .join(', ');
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${collection.ns} index: ${index.name} dup key: { ${text} }`,
    [],
    {
      keyPattern: index.key,
      keyValue,
    },
  );
}

function show(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (typeof value === 'object' && value !== null && 'toHexString' in value && typeof value.toHexString === 'function')
    return `ObjectId('${value.toHexString()}')`;
  return typeof value === 'bigint'
    ? String(value)
    : JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner));
}
