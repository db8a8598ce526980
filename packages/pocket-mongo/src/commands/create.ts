import { pipelineRows } from '../aggregation/pipeline.js';
import { show } from '../bson/show.js';
import type { Document } from '../bson/values.js';
import type { Context, Handler } from '../engine/context.js';
import { checkView } from '../engine/views.js';
import { CommandError } from '../errors.js';
import { collectionOptions, sameOptions } from '../storage/collection-options.js';

/** A collection or a view. To create what is there already, with the same options, changes nothing. */
export const create: Handler = (context) => {
  const options = collectionOptions(context.command);
  return context.statement(() => createNow(context, options));
};

function createNow(context: Context, options: Document): Document {
  const { db, collectionName: name, engine } = context;
  const existing = context.definition(db, name);
  // As a collection would keep them: the collation has its defaults filled in, the validator has been read.
  const wanted = engine.catalog.make(db, name, options);
  if (existing) {
    if (sameOptions(existing.options, wanted.options)) return { ok: 1 };
    throw new CommandError(
      48,
      `namespace ${context.ns} already exists, but with different options: ${show(existing.options)}`,
    );
  }
  if (wanted.view) {
    if (context.transaction) throw new CommandError(263, 'Cannot create a view in a multi-document transaction.');
    checkView(context, wanted);
    // Compiled for its errors only: it runs when it is read.
    pipelineRows(context, wanted.view.on, wanted.view.pipeline, context.environment);
  }
  if (context.transaction && (wanted.timeField !== undefined || wanted.capped))
    throw new CommandError(263, `Cannot create ${context.ns} in a multi-document transaction.`);
  const collection = context.create(db, name, options);
  indexTime(context, collection.name);
  return { ok: 1 };
}

/** Documents that expire by a time of their own are found by an index on it. */
function indexTime(context: Context, name: string): void {
  const collection = context.definition(context.db, name);
  if (collection?.timeField === undefined || collection.options.expireAfterSeconds === undefined) return;
  context.engine.catalog.addIndex(collection, { key: { [collection.timeField]: 1 } });
  context.engine.catalog.save(collection);
}
