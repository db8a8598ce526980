import { decodeFields } from '../bson/decode.js';
import { successor } from '../bson/keys.js';
import type { Document } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Collection } from '../storage/catalog.js';
import type { Change } from '../storage/change.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import { type Entry, scan } from '../storage/view.js';
import type { Context } from './context.js';

/** Documents indexed between two flushes, which bounds what waits in memory. */
const STEP = 1000;

/** What `createIndexes` came to. */
export interface Built {
  readonly before: number;
  readonly after: number;
  readonly createdCollection: boolean;
}

/**
 * Makes indexes and adds what is stored already. Writers keep a new index from its first moment; readers use it when it
 * is complete. It is all of the indexes or none, also when the process dies meanwhile.
 * @throws CommandError 11000 when what is stored is not unique, 263 in a transaction that did not make the collection
 */
export async function createIndexes(context: Context, db: string, name: string, specs: Document[]): Promise<Built> {
  if (context.transaction) return inTransaction(context, db, name, specs);
  let created = false;
  const { collection, added, before } = await context.statement(() => {
    created = context.find(db, name) === undefined;
    const found = context.findOrCreate(db, name);
    context.waitForUsers(found);
    const before = found.indexes.length;
    return { collection: found, before, added: begin(context, found, specs) };
  });
  // The same index may be under construction for another client: this one's answer waits for it too.
  await Promise.all(collection.indexes.map(({ building }) => (added.length === 0 ? building : undefined)));
  if (added.length > 0) await build(context, collection, added, (current) => publish(context, current, added));
  return { before, after: collection.indexes.length, createdCollection: created };
}

function inTransaction(context: Context, db: string, name: string, specs: Document[]): Built {
  const known = context.find(db, name);
  const collection = known ?? context.create(db, name, {});
  const before = collection.indexes.length;
  const own = context.transaction?.ownCollection(collection.ns) !== undefined;
  for (const spec of specs) {
    const index = context.engine.catalog.addIndex(collection, spec);
    if (!index) continue;
    if (!own) {
      collection.indexes.splice(collection.indexes.indexOf(index), 1);
      throw new CommandError(
        263,
        `Cannot create new indexes on existing collection ${collection.ns} in a multi-document transaction.`,
      );
    }
    const description = { indexes: [index.spec] };
    context.engine.catalog.tell(collection, 'createIndexes', { description }, context.writer);
    for (const { value } of documentsOf(context, collection))
      context.engine.documents.index(context.writer, collection, index, decodeFields(value, collection.fields));
  }
  return { before, after: collection.indexes.length, createdCollection: !known };
}

function documentsOf(context: Context, collection: Collection): Iterable<Entry> {
  return scan(context.writer, { from: collection.prefix, to: successor(collection.prefix) });
}

/** Enters the new indexes, so that writers keep them from now on. */
function begin(context: Context, collection: Collection, specs: readonly Document[]): IndexDefinition[] {
  const { catalog } = context.engine;
  const added: IndexDefinition[] = [];
  try {
    for (const spec of specs) {
      const index = catalog.addIndex(collection, spec);
      if (!index) continue;
      added.push(index);
      catalog.garbage.reserve(index.prefix);
    }
  } catch (error) {
    for (const index of added) catalog.dropIndex(collection, index);
    throw error;
  }
  return added;
}

/**
 * Makes an index unique that is prepared for it. A unique index keeps its keys otherwise, so they are all written anew.
 * @throws CommandError 276 when it or its collection went meanwhile
 */
export async function makeUnique(
  context: Context,
  collection: Collection,
  index: IndexDefinition,
  told: Partial<Change>,
): Promise<void> {
  const { catalog } = context.engine;
  const successor = await context.statement(() => {
    context.waitForUsers(collection);
    const made = catalog.addSuccessor(collection, index);
    catalog.garbage.reserve(made.prefix);
    return made;
  });
  await build(context, collection, [successor], (current) => {
    if (!current.indexes.includes(index)) throw gone(current);
    context.waitForUsers(current);
    catalog.succeed(current, index, successor);
    catalog.tell(current, 'modify', told);
  });
}

/** @param finish enters what was built, in one statement */
async function build(
  context: Context,
  collection: Collection,
  added: readonly IndexDefinition[],
  finish: (current: Collection) => void,
): Promise<void> {
  const { catalog } = context.engine;
  const work = fill(context, collection, added, finish);
  const over = work.catch(() => undefined);
  for (const index of added) index.building = over;
  // The catalog must not give the indexes' numbers away again, whatever comes.
  catalog.save(collection);
  try {
    await work;
  } catch (error) {
    const current = catalog.find(collection.db, collection.name);
    for (const index of added) if (current) catalog.dropIndex(current, index);
    throw error;
  }
}

async function fill(
  context: Context,
  collection: Collection,
  added: readonly IndexDefinition[],
  finish: (current: Collection) => void,
): Promise<void> {
  const { store } = context.engine;
  // A first rest, so that `building` is set before anything else happens.
  await context.pace.rest();
  let left = STEP;
  for (const { key } of documentsOf(context, collection)) {
    if (--left === 0) {
      await store.durable();
      left = STEP;
    }
    if (context.pace.due) await context.pace.rest();
    checkWanted(context, collection, added);
    await context.statement(() => indexOne(context, collection, added, key));
  }
  await context.statement(() => finish(checkWanted(context, collection, added)));
}

function publish({ engine: { catalog } }: Context, current: Collection, added: readonly IndexDefinition[]): void {
  for (const index of added) {
    index.building = undefined;
    catalog.garbage.release(index.prefix);
  }
  catalog.save(current);
  catalog.tell(current, 'createIndexes', { description: { indexes: added.map(({ spec }) => spec) } });
}

/** The document as it is now: it may have changed or gone since it was read. */
function indexOne(context: Context, collection: Collection, added: readonly IndexDefinition[], key: string): void {
  const bytes = context.writer.get(key);
  if (!bytes) return;
  const fields = decodeFields(bytes, collection.fields);
  for (const index of added) context.engine.documents.index(context.writer, collection, index, fields);
}

/** The collection as it is now. @throws CommandError 276 when it or one of the indexes is gone. */
function checkWanted(context: Context, collection: Collection, added: readonly IndexDefinition[]): Collection {
  const current = context.engine.catalog.find(collection.db, collection.name);
  if (current?.id !== collection.id || !added.every((index) => current.indexes.includes(index))) throw gone(collection);
  return current;
}

function gone({ ns }: Collection): CommandError {
  return new CommandError(276, `Index build on ${ns} failed: the index or its collection was dropped`);
}
