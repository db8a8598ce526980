import { randomUUID } from 'node:crypto';
import { orderingOf } from '../bson/collation.js';
import { equal } from '../bson/compare.js';
import { decode, type Fields } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { documentOf, entriesOf } from '../bson/field-order.js';
import { encodeKey, fit, MAX_ID_KEY, successor } from '../bson/keys.js';
import { BINARY, type Ordering } from '../bson/ordering.js';
import { asNumber, Binary, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { plainWith } from '../query/environment.js';
import { union } from '../query/roots.js';
import type { Cap } from './cap.js';
import type { Change, Operation } from './change.js';
import type { ChangeLog } from './change-log.js';
import { Garbage } from './garbage.js';
import { IndexDefinition, keyPrefix, normalizeIndex } from './index-definition.js';
import type { Store } from './store.js';
import { SYSTEM } from './system-tables.js';
import { compileValidator, storedValidator, type Validator } from './validator.js';
import { scan, type Writer } from './view.js';

/** What follows from the indexes of a collection. */
interface Derived {
  readonly of: readonly IndexDefinition[];
  readonly secondary: readonly IndexDefinition[];
  readonly fields: Fields;
}

/** A collection: its identity, options and indexes. */
export class Collection {
  private derived: Derived = { of: [], secondary: [], fields: new Set() };
  readonly indexes: IndexDefinition[] = [];
  readonly prefix: string;
  validator: Validator | undefined;
  /** It is no collection, but a pipeline over one. */
  view: { readonly on: string; readonly pipeline: readonly Document[] } | undefined;
  /** It forgets its oldest documents. */
  capped: Cap | undefined;
  /** Of a time series: the field that each document must have a date in. */
  timeField: string | undefined;
  /** The store's version when its definition changed last: an older snapshot knows nothing of it. */
  changedAt = 0;
  /** Of a capped collection: told of what is inserted, and of its end. */
  readonly waiting = new Set<() => void>();
  /** The collection's own collation: for all commands that name none. */
  readonly ordering: Ordering;

  constructor(
    readonly id: number,
    readonly db: string,
    readonly name: string,
    public options: Document,
    readonly uuid: Binary,
    public nextIndex: number,
  ) {
    this.prefix = keyPrefix(id, 0);
    this.ordering = orderingOf(options.collation) ?? BINARY;
    this.validator = storedValidator(options, plainWith(this.ordering));
    this.readOptions();
  }

  private readOptions(): void {
    const { viewOn, pipeline, capped, size, max, timeseries } = this.options;
    this.view = typeof viewOn === 'string' ? { on: viewOn, pipeline: pipeline as Document[] } : undefined;
    const most = asNumber(max) ?? Number.POSITIVE_INFINITY;
    this.capped = truthy(capped) ? { size: asNumber(size) ?? 0, max: most } : undefined;
    this.timeField = isDocument(timeseries) ? String(timeseries.timeField) : undefined;
  }

  /** The word for it in `listCollections`. */
  get type(): 'collection' | 'view' | 'timeseries' {
    if (this.view) return 'view';
    return this.timeField === undefined ? 'collection' : 'timeseries';
  }

  /** The collation is no option that can change. @throws CommandError for a validator that cannot be. */
  setOptions(options: Document): void {
    this.validator = compileValidator(options, plainWith(this.ordering));
    this.options = options;
    this.readOptions();
  }

  /** The key of an `_id`, which stands in index entries too. With a collation equal strings have one key. */
  idKey(id: Value): string {
    return fit(encodeKey(this.ordering === BINARY ? id : this.ordering.fold(id)), MAX_ID_KEY);
  }

  /** Whether a document with this `_id` may have this key; in a time series it may end in a number. */
  isKeyOf(key: string, id: Value): boolean {
    const own = this.idKey(id);
    return key === own || (this.timeField !== undefined && key.startsWith(own) && key.length === own.length + 4);
  }

  documentKey(id: Value): string {
    return this.prefix + this.idKey(id);
  }

  get ns(): string {
    return `${this.db}.${this.name}`;
  }

  /** All indexes but the one on `_id`, which is the order of the documents themselves. */
  get secondary(): readonly IndexDefinition[] {
    return this.derive().secondary;
  }

  /** The top-level fields that its indexes are made of; another object when the indexes have changed. */
  get fields(): Fields {
    return this.derive().fields;
  }

  /** Each write asks for these, and the indexes hardly ever change. */
  private derive(): Derived {
    const { indexes, derived } = this;
    if (derived.of.length === indexes.length && derived.of.every((index, i) => index === indexes[i])) return derived;
    this.derived = {
      of: [...indexes],
      secondary: indexes.slice(1),
      fields: union(indexes.map(({ roots }) => roots)),
    };
    return this.derived;
  }

  index(name: string): IndexDefinition | undefined {
    return this.indexes.find((index) => index.name === name);
  }
}

/** A collection as its entry in the catalog describes it. */
export function collectionOf(stored: Document): Collection {
  const id = Number(stored.id);
  const collection = new Collection(
    id,
    String(stored.db),
    String(stored.name),
    stored.options as Document,
    stored.uuid as Binary,
    Number(stored.nextIndex),
  );
  for (const index of stored.indexes as Document[])
    collection.indexes.push(new IndexDefinition(Number(index.id), id, index.spec as Document, truthy(index.multikey)));
  return collection;
}

const ID_INDEX: Document = { v: 2, key: { _id: 1 }, name: '_id_' };

/** What change streams show of a new collection. */
export function creation({ options }: Collection): { description: Document } {
  return { description: { idIndex: ID_INDEX, ...options } };
}

/** What is claimed to make a collection of this name. No record has this key. */
export function nameKey(db: string, name: string): string {
  return `${keyPrefix(0, 0xffff)}${db}.${name}`;
}

/** All collections of all databases, in memory and stored. */
export class Catalog {
  private readonly databases = new Map<string, Map<string, Collection>>();
  private nextId = 1;
  /** What drops have left to remove. */
  readonly garbage: Garbage;

  constructor(
    private readonly store: Store,
    private readonly log: ChangeLog,
  ) {
    for (const { value } of scan(store, { from: SYSTEM.catalog, to: successor(SYSTEM.catalog) }))
      this.load(decode(value));
    this.garbage = new Garbage(store);
    for (const id of this.garbage.collectionIds) this.nextId = Math.max(this.nextId, id + 1);
  }

  private load(stored: Document): void {
    const collection = collectionOf(stored);
    this.database(collection.db).set(collection.name, collection);
    this.nextId = Math.max(this.nextId, collection.id + 1);
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
    const collection = this.make(db, name, options);
    this.register(collection);
    this.tell(collection, 'create', creation(collection));
    return collection;
  }

  /**
   * A collection that nobody sees before `register`.
   * @throws CommandError 73 for an impossible name, 2, 9, 14 or 238 for options that cannot be.
   */
  make(db: string, name: string, given: Document): Collection {
    checkNamespace(db, name);
    const { collation: wanted, ...rest } = given;
    const collation = orderingOf(wanted)?.collation;
    const options = collation ? { collation, ...rest } : rest;
    compileValidator(options, plainWith(orderingOf(collation) ?? BINARY));
    const uuid = new Binary(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), Binary.SUBTYPE_UUID);
    const collection = new Collection(this.nextId++, db, name, options, uuid, 1);
    collection.indexes.push(new IndexDefinition(0, collection.id, idIndexSpec(collection), false));
    return collection;
  }

  register(collection: Collection): void {
    this.database(collection.db).set(collection.name, collection);
    this.save(collection);
  }

  /** Writes the collection's entry; part of whatever is flushed next. Indexes that are being built are not in it yet. */
  save(collection: Collection): void {
    const { id, db, name, options, uuid, nextIndex } = collection;
    if (this.find(db, name) !== collection) return;
    const ready = collection.indexes.filter(({ building }) => !building);
    const indexes = ready.map(({ id, spec, multikey }) => ({ id, spec, multikey }));
    this.store.put(entryKey(collection), encode({ id, db, name, options, uuid, nextIndex, indexes }));
    collection.changedAt = this.store.version;
  }

  /** Adds an index to the catalog; its keys are the caller's to build. Undefined when it exists already. */
  addIndex(collection: Collection, wanted: Document): IndexDefinition | undefined {
    const spec = normalizeIndex(wanted, collection.ordering);
    const existing = findConflict(collection, spec);
    if (existing) return undefined;
    const index = new IndexDefinition(collection.nextIndex++, collection.id, spec, false);
    collection.indexes.push(index);
    return index;
  }

  dropIndex(collection: Collection, index: IndexDefinition): void {
    const at = collection.indexes.indexOf(index);
    if (at < 0) return;
    collection.indexes.splice(at, 1);
    index.dropped = true;
    this.garbage.add(index.prefix);
    this.save(collection);
  }

  /** Changes an index's options; its keys stay. */
  replaceIndex(collection: Collection, index: IndexDefinition, spec: Document): void {
    const changed = new IndexDefinition(index.id, collection.id, spec, index.multikey);
    collection.indexes.splice(collection.indexes.indexOf(index), 1, changed);
    this.save(collection);
  }

  /** Enters a unique index that is to take another's place once it is built. */
  addSuccessor(collection: Collection, index: IndexDefinition): IndexDefinition {
    const { prepareUnique: _, ...spec } = index.spec;
    const named = { ...spec, unique: true, name: `${index.name} (to come)` };
    const successor = new IndexDefinition(collection.nextIndex++, collection.id, named, index.multikey);
    collection.indexes.push(successor);
    return successor;
  }

  /** Puts a successor in its index's place, under its name. */
  succeed(collection: Collection, index: IndexDefinition, successor: IndexDefinition): void {
    const spec = { ...successor.spec, name: index.name };
    const changed = new IndexDefinition(successor.id, collection.id, spec, successor.multikey || index.multikey);
    collection.indexes.splice(collection.indexes.indexOf(successor), 1);
    collection.indexes.splice(collection.indexes.indexOf(index), 1, changed);
    index.dropped = true;
    this.garbage.add(index.prefix);
    this.garbage.release(successor.prefix);
    this.save(collection);
  }

  /** `told`: change streams hear of it otherwise. */
  drop(collection: Collection, told = false): void {
    for (const index of collection.indexes) index.dropped = true;
    for (const wake of collection.waiting) wake();
    this.garbage.add(collection.prefix.slice(0, 4));
    this.store.remove(entryKey(collection));
    this.database(collection.db).delete(collection.name);
    if (!told) this.tell(collection, 'drop', {});
  }

  /** Changes a collection's options, as `collMod` does. */
  setOptions(collection: Collection, options: Document): void {
    collection.setOptions(options);
    this.save(collection);
  }

  /** Tells change streams what became of a collection. */
  tell({ db, name, uuid }: Collection, op: Operation, more: Partial<Change>, writer?: Writer): void {
    const change = { op, db, coll: name, uuid, ...more };
    if (writer) this.log.record(writer, change);
    else this.log.append([change], undefined);
  }

  /** Tells change streams that a database is gone. */
  tellDatabaseDropped(db: string): void {
    this.log.append([{ op: 'dropDatabase', db, coll: '' }], undefined);
  }

  /** `dropped` is the collection that had the name before. */
  rename(collection: Collection, db: string, name: string, dropped?: Collection): void {
    checkNamespace(db, name);
    const to = { db, coll: name };
    this.tell(collection, 'rename', { to, description: { to, ...(dropped ? { dropTarget: dropped.uuid } : {}) } });
    const renamed = new Collection(collection.id, db, name, collection.options, collection.uuid, collection.nextIndex);
    renamed.indexes.push(...collection.indexes);
    this.database(collection.db).delete(collection.name);
    this.database(db).set(name, renamed);
    this.save(renamed);
  }
}

/** The index on `_id` has the collection's collation. */
function idIndexSpec({ ordering: { collation }, options: { clusteredIndex } }: Collection): Document {
  const clustered = isDocument(clusteredIndex) ? { ...clusteredIndex, clustered: true } : {};
  return { v: 2, key: { _id: 1 }, name: '_id_', ...clustered, ...(collation ? { collation } : {}) };
}

function entryKey(collection: Collection): string {
  return SYSTEM.catalog + keyPrefix(collection.id, 0);
}

/** An index that is the same already; a different one under the same name or key is an error, as in MongoDB. */
function findConflict(collection: Collection, spec: Document): IndexDefinition | undefined {
  const sameKey = (index: IndexDefinition) =>
    equal(keyShape(index.key), keyShape(spec.key)) &&
    equal(index.partial ?? null, spec.partialFilterExpression ?? null) &&
    equal(index.ordering.collation ?? null, spec.collation ?? null);
  const sameOptions = (index: IndexDefinition) =>
    (index.isId || index.unique === truthy(spec.unique)) &&
    index.sparse === truthy(spec.sparse) &&
    index.expireAfterSeconds === asNumber(spec.expireAfterSeconds);
  if (equal(keyShape(spec.key), { _id: 1 }) && !equal(collection.ordering.collation ?? null, spec.collation ?? null))
    throw badValue('The _id index must have the same collation as the collection.');
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
  const shape = (direction: Value) =>
    typeof direction === 'string' ? direction : (asNumber(direction) ?? 1) < 0 ? -1 : 1;
  return documentOf(entriesOf(key).map(([path, direction]) => [path, shape(direction)]));
}

/** In bytes, as in MongoDB. */
const MAX_NAMESPACE = 255;

export function checkNamespace(db: string, name: string): void {
  if (db === '' || /[\s/\\."$\0]/.test(db) || db.length > 63)
    throw new CommandError(73, `Invalid database name: '${db}'`);
  if (name === '' || name.includes('\0') || name.startsWith('.'))
    throw new CommandError(73, `Invalid namespace specified '${db}.${name}'`);
  if (name.includes('$')) throw new CommandError(73, `Invalid collection name: ${name}`);
  if (Buffer.byteLength(`${db}.${name}`) > MAX_NAMESPACE)
    throw new CommandError(73, `Fully qualified namespace is too long. Namespace: ${db}.${name} Max: ${MAX_NAMESPACE}`);
}
