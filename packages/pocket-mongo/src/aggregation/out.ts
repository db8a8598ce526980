import { randomUUID } from 'node:crypto';
import { equal } from '../bson/compare.js';
import { isDocument, type Value } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import { insertOne } from '../engine/write-operations.js';
import { CommandError, notImplemented } from '../errors.js';
import { typeName } from '../query/operator.js';
import type { Collection } from '../storage/catalog.js';
import { checkTarget, type Target, targetOf } from './target.js';

/** Documents written between two flushes, which bounds what waits in memory. */
const STEP = 1000;

function outOf(argument: Value, db: string): Target {
  if (typeof argument !== 'string' && !isDocument(argument))
    throw new CommandError(16990, `$out only supports a string or object argument, but found ${typeName(argument)}`);
  if (isDocument(argument)) {
    if (argument.timeseries !== undefined) throw notImplemented('$out into a time series collection');
    if (argument.db === undefined)
      throw new CommandError(40414, "BSON field '$out.db' is missing but a required field");
  }
  return targetOf(argument, db, '$out');
}

/** What a collection is made with, to see whether it changed. */
function shapeOf(collection: Collection | undefined): Value {
  return collection ? [collection.options, ...collection.indexes.map(({ spec }) => spec)] : null;
}

/**
 * A collection nobody sees yet, with the options and indexes of the one it is to replace. Should the process end before
 * it has its place, its keys are removed at the next start.
 */
function prepareOut(context: Context, { db }: Target, old: Collection | undefined): Collection {
  const { catalog } = context.engine;
  if (old?.options.capped)
    throw new CommandError(17152, `namespace '${old.ns}' is capped so it can't be used for $out`);
  const fresh = catalog.make(db, `tmp.agg_out.${randomUUID()}`, old?.options ?? {});
  catalog.garbage.reserve(fresh.prefix.slice(0, 4));
  for (const { spec, isId } of old?.indexes ?? []) if (!isId) catalog.addIndex(fresh, spec);
  return fresh;
}

/** `$out`: the results take the place of the collection at once, or nothing changes. */
export function compileOut(context: Context, argument: Value): (documents: readonly Buffer[]) => Promise<void> {
  const target = outOf(argument, context.db);
  checkTarget(target, '$out');
  const { catalog, store } = context.engine;
  return async (documents) => {
    const old = context.find(target.db, target.name);
    const shape = shapeOf(old);
    const fresh = prepareOut(context, target, old);
    try {
      for (const [i, bytes] of documents.entries()) {
        await context.statement(() => insertOne(context, fresh, bytes));
        if (context.pace.due) await context.pace.rest();
        if (i % STEP === STEP - 1) await store.durable();
      }
      await context.statement(() => replace(context, target, shape, fresh));
    } catch (error) {
      catalog.garbage.add(fresh.prefix.slice(0, 4));
      throw error;
    }
  };
}

/** Without a pause: from one moment to the next the name stands for the new collection. */
function replace(context: Context, { db, name }: Target, shape: Value, fresh: Collection): void {
  const { catalog } = context.engine;
  const current = context.find(db, name);
  if (!equal(shapeOf(current), shape))
    throw new CommandError(
      125,
      `collection options or indexes of target collection ${db}.${name} changed during processing`,
    );
  if (current) {
    context.waitForUsers(current);
    catalog.drop(current);
  }
  catalog.register(fresh);
  catalog.rename(fresh, db, name);
  catalog.garbage.release(fresh.prefix.slice(0, 4));
}
