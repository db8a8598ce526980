import { randomUUID } from 'node:crypto';
import { equal } from '../bson/compare.js';
import { decode, type Fields } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import { asNumber, Binary, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { union } from '../query/roots.js';
import { IndexDefinition, keyPrefix, normalizeIndex } from './index-definition.js';
import type { Store } from './store.js';
import { scan } from './view.js';

/** A collection: its identity, options and indexes. */
export class Collection {
  readonly indexes: IndexDefinition[] = [];
  readonly prefix: string;

  constructor(
    readonly id: number,
    readonly db: string,
    readonly name: string,
    readonly options: Document,
    readonly uuid: Binary,
    public nextIndex: number,
  ) {
    this.prefix = keyPrefix(id, 0);
  }

  get ns(): string {
    return `${this.db}.${this.name}`;
  }

  /** All indexes but the one on `_id`, which is the order of the documents themselves. */
  get secondary(): readonly IndexDefinition[] {
    return this.indexes.slice(1);
  }

  /** The top-level fields that its indexes are made of. */
  get fields(): Fields {
    return union(this.indexes.map(({ roots }) => roots));
  }

  index(name: string): IndexDefinition | undefined {
    return this.indexes.find((index) => index.name === name);
  }
}

/** Collection number 0 holds the catalog itself. */
const CATALOG = keyPrefix(0, 0);

/** All collections of all databases, in memory and stored. */
export class Catalog {
  private readonly databases = new Map<string, Map<string, Collection>>();
  private nextId = 1;

  constructor(private readonly store: Store) {
    for (const { value } of scan(store, { from: CATALOG, to: successor(CATALOG) })) this.load(decode(value));
  }

  private load(stored: Document): void {
    const id = Number(stored.id);
    const collection = new Collection(
      id,
      String(stored.db),
      String(stored.name),
      stored.options as Document,
      stored.uuid as Binary,
      Number(stored.nextIndex),
    );
    for (const index of stored.indexes as Document[]) {
      collection.indexes.push(
        new IndexDefinition(Number(index.id), id, index.spec as Document, truthy(index.multikey)),
      );
    }
    this.database(collection.db).set(collection.name, collection);
    this.nextId = Math.max(this.nextId, id + 1);
  }

  private database(db: string): Map<string, Collection> {
    let found = this.databases.get(db);
    if (!found) {
      found = new Map();
      this.databases.set(db, found);
    }
    return found;
  }

  databaseNames(): string[] {
    return [...this.databases].filter(([, collections]) => collections.size > 0).map(([name]) => name);
  }

  collections(db: string): Collection[] {
    return [...(this.databases.get(db)?.values() ?? [])];
  }

  find(db: string, name: string): Collection | undefined {
    return this.databases.get(db)?.get(name);
  }

  create(db: string, name: string, options: Document): Collection {
    checkNamespace(db, name);
    const uuid = new Binary(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), Binary.SUBTYPE_UUID);
    const collection = new Collection(this.nextId++, db, name, options, uuid, 1);
    collection.indexes.push(new IndexDefinition(0, collection.id, { v: 2, key: { _id: 1 }, name: '_id_' }, false));
    this.database(db).set(name, collection);
    this.save(collection);
    return collection;
  }

  findOrCreate(db: string, name: string): Collection {
    return this.find(db, name) ?? this.create(db, name, {});
  }

  /** Writes the collection's entry; part of whatever is flushed next. */
  save(collection: Collection): void {
    const indexes = collection.indexes.map(({ id, spec, multikey }) => ({ id, spec, multikey }));
    const { id, db, name, options, uuid, nextIndex } = collection;
    this.store.put(entryKey(collection), encode({ id, db, name, options, uuid, nextIndex, indexes }));
  }

  /** Adds an index to the catalog; its keys are the caller's to build. Undefined when it exists already. */
  addIndex(collection: Collection, wanted: Document): IndexDefinition | undefined {
    const spec = normalizeIndex(wanted);
    const existing = findConflict(collection, spec);
    if (existing) return undefined;
    const index = new IndexDefinition(collection.nextIndex++, collection.id, spec, false);
    collection.indexes.push(index);
    return index;
  }

  dropIndex(collection: Collection, index: IndexDefinition): void {
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
    this.clear(index.prefix);
    this.save(collection);
  }

  /** Changes an index's options; its keys stay. */
  replaceIndex(collection: Collection, index: IndexDefinition, spec: Document): void {
    const changed = new IndexDefinition(index.id, collection.id, spec, index.multikey);
    collection.indexes.splice(collection.indexes.indexOf(index), 1, changed);
    this.save(collection);
  }

  drop(collection: Collection): void {
    for (const index of collection.indexes) this.clear(index.prefix);
    this.store.remove(entryKey(collection));
    this.database(collection.db).delete(collection.name);
  }

  rename(collection: Collection, db: string, name: string): void {
    checkNamespace(db, name);
    const renamed = new Collection(collection.id, db, name, collection.options, collection.uuid, collection.nextIndex);
    renamed.indexes.push(...collection.indexes);
    this.database(collection.db).delete(collection.name);
    this.database(db).set(name, renamed);
    this.save(renamed);
  }

  private clear(prefix: string): void {
    for (const { key } of scan(this.store, { from: prefix, to: successor(prefix) })) this.store.remove(key);
  }
}

function entryKey(collection: Collection): string {
  return CATALOG + keyPrefix(collection.id, 0);
}

/** An index that is the same already; a different one under the same name or key is an error, as in MongoDB. */
function findConflict(collection: Collection, spec: Document): IndexDefinition | undefined {
  const sameKey = (index: IndexDefinition) =>
    equal(keyShape(index.key), keyShape(spec.key)) &&
    equal(index.partial ?? null, spec.partialFilterExpression ?? null);
  const sameOptions = (index: IndexDefinition) =>
    (index.isId || index.unique === truthy(spec.unique)) &&
    index.sparse === truthy(spec.sparse) &&
    index.expireAfterSeconds === asNumber(spec.expireAfterSeconds);
  const byName = collection.index(String(spec.name));
  const byKey = collection.indexes.find(sameKey);
  if (byKey?.isId) return byKey;
  if (byName) {
    if (sameKey(byName) && sameOptions(byName)) return byName;
    throw new CommandError(
      86,
      `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${String(spec.name)}`,
    );
  }
  if (byKey) throw new CommandError(85, `Index already exists with a different name: ${byKey.name}`);
  return undefined;
}

function keyShape(key: Value): Value {
  if (!isDocument(key)) return key;
  return Object.fromEntries(
    Object.entries(key).map(([path, direction]) => [path, (asNumber(direction) ?? 1) < 0 ? -1 : 1]),
  );
}

export function checkNamespace(db: string, name: string): void {
  if (db === '' || /[\s/\\."$\0]/.test(db) || db.length > 63)
    throw new CommandError(73, `Invalid database name: '${db}'`);
  if (name === '' || name.includes('\0') || name.startsWith('.'))
    throw new CommandError(73, `Invalid namespace specified '${db}.${name}'`);
  if (name.includes('$')) throw new CommandError(73, `Invalid collection name: ${name}`);
}
