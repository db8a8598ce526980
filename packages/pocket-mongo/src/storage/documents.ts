import { equal } from '../bson/compare.js';
import { decodeFields } from '../bson/decode.js';
import { checkSize } from '../bson/encode.js';
import { entriesOf, put } from '../bson/field-order.js';
import { successor } from '../bson/keys.js';
import { show } from '../bson/show.js';
import { type Binary, type Document, isDocument, RawDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { field } from '../query/path.js';
import { rootOf } from '../query/roots.js';
import type { Cap } from './cap.js';
import { enter, leave, resize, tooMany } from './capped.js';
import type { Catalog, Collection } from './catalog.js';
import { type ChangeLog, documentKey } from './change-log.js';
import type { IndexDefinition } from './index-definition.js';
import { scan, type Writer } from './view.js';

/**
 * How documents and index entries are stored:
 * - document:            collection, 0, key of _id            -> BSON
 * - unique index entry:  collection, index, fields            -> key of _id
 * - other index entry:   collection, index, fields, key of _id -> key of _id
 * A unique key is one record, so claiming and checking it is the same as for a document.
 */
/** The key of one index entry. */
export function entryKey(index: IndexDefinition, fields: string, id: string): string {
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
  constructor(
    private readonly catalog: Catalog,
    private readonly log: ChangeLog,
  ) {}

  insert(writer: Writer, collection: Collection, document: Document, bytes: Buffer): void {
    checkSize(bytes.length);
    const id =
      collection.timeField === undefined ? collection.idKey(document._id) : seriesKey(writer, collection, document);
    const key = collection.prefix + id;
    if (collection.capped) checkCapped(collection.capped, bytes);
    writer.claim(key);
    if (writer.get(key)) throw duplicateKey(collection, collection.indexes[0] as IndexDefinition, document);
    const changes = this.indexChanges(collection, id, undefined, document);
    this.checkUnique(writer, collection, changes, id, document);
    writer.put(key, bytes);
    this.apply(writer, collection, changes, id);
    if (this.log.recording)
      this.log.record(writer, {
        op: 'insert',
        ...nameOf(collection),
        documentKey: documentKey(document),
        document: new RawDocument(bytes),
      });
    if (collection.capped) this.enterCapped(writer, collection, collection.capped, id, bytes.length);
  }

  /**
   * Replaces the document stored under `key` by another with the same `_id`. `updateDescription` tells change streams what an update
   * touched; without one it is a replacement.
   */
  update(
    writer: Writer,
    collection: Collection,
    key: string,
    before: Document,
    after: Document,
    bytes: Buffer,
    updateDescription?: Document,
  ): void {
    checkSize(bytes.length);
    const id = key.slice(collection.prefix.length);
    writer.claim(key);
    const changes = this.indexChanges(collection, id, before, after);
    this.checkUnique(writer, collection, changes, id, after);
    if (this.log.recording) {
      const images = keepsImages(collection);
      this.log.record(writer, {
        op: updateDescription ? 'update' : 'replace',
        ...nameOf(collection),
        documentKey: documentKey(before),
        ...(updateDescription ? { updateDescription } : { document: new RawDocument(bytes) }),
        ...(images ? { ...imageOf(writer, key), after: new RawDocument(bytes) } : {}),
      });
    }
    writer.put(key, bytes);
    this.apply(writer, collection, changes, id);
    if (collection.capped) resize(writer, collection, id, bytes.length);
  }

  /** Removes the document stored under `key`. */
  remove(writer: Writer, collection: Collection, key: string, document: Document): void {
    const id = key.slice(collection.prefix.length);
    writer.claim(key);
    const changes = this.indexChanges(collection, id, document, undefined);
    for (const change of changes) claimRemoved(writer, change, id);
    if (this.log.recording)
      this.log.record(writer, {
        op: 'delete',
        ...nameOf(collection),
        documentKey: documentKey(document),
        ...(keepsImages(collection) ? imageOf(writer, key) : {}),
      });
    writer.remove(key);
    this.apply(writer, collection, changes, id);
    if (collection.capped) leave(writer, collection, id);
  }

  /** A new document of a capped collection drives out the oldest. */
  private enterCapped(writer: Writer, collection: Collection, cap: Cap, id: string, size: number): void {
    enter(writer, collection, id, size);
    this.shrink(writer, collection, cap);
    for (const wake of collection.waiting) wake();
  }

  /** Removes what is too much for a capped collection. */
  shrink(writer: Writer, collection: Collection, cap: Cap): void {
    for (const bytes of [...tooMany(writer, collection, cap)]) {
      const document = decodeFields(bytes, collection.fields);
      this.remove(writer, collection, collection.documentKey(document._id), document);
    }
  }

  /** Adds a document to an index that is being built. */
  index(writer: Writer, collection: Collection, index: IndexDefinition, document: Document): void {
    const id = collection.idKey(document._id);
    const { keys, multikey } = index.keysOf(document);
    const change = { index, added: keys.map((fields) => entryKey(index, fields, id)), removed: [] };
    if (multikey) index.multikey = true;
    // One that is only to become unique may be made of what is not.
    if (!index.preparing) this.checkUnique(writer, collection, [change], id, document);
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
    for (const change of changes) {
      const { index, added } = change;
      if (!index.unique && !index.preparing) continue;
      claimRemoved(writer, change, id);
      for (const entry of added) {
        if (isTaken(writer, index, entry, id)) throw duplicateKey(collection, index, document);
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

/** What all entries with the fields of this one begin with. */
function sharedPart(entry: string, id: string): string {
  return entry.slice(0, -id.length);
}

/** A key that goes may be taken by another document only once it is gone for sure. */
function claimRemoved(writer: Writer, { index, removed }: IndexChange, id: string): void {
  if (index.unique) for (const entry of removed) writer.claim(entry);
  else if (index.preparing) for (const entry of removed) writer.claimAll(sharedPart(entry, id));
}

/** Claims a new key, and tells whether another document has it. */
function isTaken(writer: Writer, index: IndexDefinition, entry: string, id: string): boolean {
  if (index.unique) {
    writer.claim(entry);
    const owner = writer.get(entry);
    return owner !== undefined && owner.latin1Slice() !== id;
  }
  const from = sharedPart(entry, id);
  writer.claimAll(from);
  for (const { key } of scan(writer, { from, to: successor(from) })) if (key !== entry) return true;
  return false;
}

/** A time series may hold one `_id` many times: the key of a further document is that of the `_id` and a number. */
function seriesKey(writer: Writer, collection: Collection, document: Document): string {
  const id = collection.idKey(document._id);
  const prefix = collection.prefix + id;
  const [last] = writer.read({ from: prefix, to: successor(prefix) }, true, 1).entries;
  if (!last) return id;
  const number = Buffer.alloc(4);
  number.writeUInt32BE(
    last.key.length === prefix.length ? 1 : Buffer.from(last.key.slice(-4), 'latin1').readUInt32BE() + 1,
  );
  return id + number.latin1Slice();
}

/** True when equal values make equal keys; whether a partial index holds them may depend on more than that. */
function sameKeys({ partial, paths }: IndexDefinition, before: Document, after: Document): boolean {
  return !partial && paths.every((path) => unchanged(field(before, rootOf(path)), field(after, rootOf(path))));
}

/** Missing and null have one key but in a sparse index. */
function unchanged(before: Value, after: Value): boolean {
  return before === undefined || after === undefined ? before === after : equal(before, after);
}

function checkCapped({ size }: Cap, bytes: Buffer): void {
  if (bytes.length > size) throw badValue('object to insert exceeds cappedMaxSize');
}

function nameOf({ db, name, uuid }: Collection): { db: string; coll: string; uuid: Binary } {
  return { db, coll: name, uuid };
}

/** The collection's option `changeStreamPreAndPostImages`. */
function keepsImages({ options }: Collection): boolean {
  const images = options.changeStreamPreAndPostImages;
  return isDocument(images) && truthy(images.enabled);
}

function imageOf(writer: Writer, key: string): { before?: RawDocument } {
  const bytes = writer.get(key);
  return bytes ? { before: new RawDocument(bytes) } : {};
}

/** 11000 with what the application needs to know which key it was. */
export function duplicateKey(collection: Collection, index: IndexDefinition, document: Document): CommandError {
  const keyValue: Document = {};
  for (const path of index.paths)
    put(
      keyValue,
      path,
      path
        .split('.')
        .reduce<Value>(
          (value, part) =>
            Array.isArray(value) ? value.map((element) => field(element, part))[0] : field(value, part),
          document,
        ) ?? null,
    );
  const { collation } = index.ordering;
  const text = entriesOf(keyValue)
    .map(([path, value]) => `${path}: ${collation ? collationKey(index, value) : show(value)}`)
    .join(', ');
  const by = collation ? ` collation: ${show(collation)}` : '';
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${collection.ns} index: ${index.name}${by} dup key: { ${text} }`,
    [],
    {
      keyPattern: index.key,
      keyValue,
    },
  );
}

/** MongoDB shows its own sort keys here; this is the key that the index holds instead. */
function collationKey({ ordering }: IndexDefinition, value: Value): string {
  if (typeof value !== 'string') return show(value);
  return `"CollationKey(0x${Buffer.from(String(ordering.fold(value))).toString('hex')})"`;
}
