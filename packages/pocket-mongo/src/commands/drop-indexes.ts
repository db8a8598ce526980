import { equal } from '../bson/compare.js';
import { show } from '../bson/show.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import type { Context, Handler } from '../engine/context.js';
import { CommandError } from '../errors.js';
import type { Collection } from '../storage/catalog.js';
import type { IndexDefinition } from '../storage/index-definition.js';

export const dropIndexes: Handler = (context) => {
  return context.statement(() => dropIndexesNow(context));
};

function dropIndexesNow(context: Context): Document {
  const { engine, command } = context;
  const collection = context.find(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `ns not found ${context.ns}`);
  if (command.index === undefined)
    throw new CommandError(40414, "BSON field 'dropIndexes.index' is missing but a required field");
  context.waitForUsers(collection);
  const nIndexesWas = collection.indexes.length;
  const wanted = wantedIndexes(collection, command.index);
  for (const index of wanted) if (index.isId) throw new CommandError(72, 'cannot drop _id index');
  for (const index of wanted) {
    engine.catalog.dropIndex(collection, index);
    engine.catalog.tell(collection, 'dropIndexes', { description: { indexes: [index.spec] } });
  }
  const all = command.index === '*' ? { msg: 'non-_id indexes dropped for collection' } : {};
  return { nIndexesWas, ...all, ok: 1 };
}

function wantedIndexes(collection: Collection, wanted: Value): readonly IndexDefinition[] {
  if (wanted === '*') return [...collection.secondary];
  if (!Array.isArray(wanted)) return indexesNamed(collection, wanted);
  return wanted.flatMap((name) => {
    if (typeof name !== 'string')
      throw new CommandError(14, "BSON field 'dropIndexes.index' is the wrong type, expected strings");
    return indexesNamed(collection, name);
  });
}

/** The index of a name or a key pattern. @throws CommandError 27, 181 where a pattern is that of several */
export function indexesNamed(collection: Collection, wanted: Value): readonly IndexDefinition[] {
  if (typeof wanted === 'string') {
    const found = collection.index(wanted);
    if (!found) throw new CommandError(27, `index not found with name [${wanted}]`);
    return [found];
  }
  if (!isDocument(wanted))
    throw new CommandError(14, "BSON field 'dropIndexes.index' is the wrong type, expected types '[string, object]'");
  const found = collection.indexes.filter((index) => equal(index.key, wanted));
  if (found.length === 0) throw new CommandError(27, `can't find index with key: ${show(wanted)}`);
  if (found.length > 1)
    throw new CommandError(
      181,
      `${found.length} indexes found for key: ${show(wanted)}, identify by name instead. Conflicting indexes: ${found.map(({ name }) => name).join(', ')}`,
    );
  return found;
}
