import { aggregate } from '../aggregation/pipeline.js';
import { write, writingStage } from '../aggregation/writing.js';
import { isDocument, type Value } from '../bson/values.js';
import { count, documentOf, flag, type Handler } from '../engine/context.js';
import { CommandError } from '../errors.js';
import { typeName } from '../query/operator.js';
import { countCommand, distinct } from './count.js';
import { explain, explainedInside } from './explain.js';
import { DEFAULT_BATCH, find, settled } from './find.js';
import { isChangeStream, watch } from './watch.js';

const getMore: Handler = (context) => {
  const { command } = context;
  const id = command.getMore as bigint;
  const ns = `${context.db}.${String(command.collection)}`;
  const batchSize = count(command.batchSize, 'batchSize') || Number.POSITIVE_INFINITY;
  return context.engine.cursors.more(context, id, ns, batchSize, count(command.maxTimeMS, 'maxTimeMS'));
};

const killCursors: Handler = ({ command, engine }) => {
  const ids = command.cursors as Value[];
  ids.forEach((id, i) => {
    if (typeof id !== 'bigint')
      throw new CommandError(
        14,
        `BSON field 'killCursors.cursors.${i}' is the wrong type '${typeName(id)}', expected type 'long'`,
      );
  });
  return engine.cursors.kill(ids as bigint[]);
};

const aggregateCommand: Handler = (context) => {
  const { command } = context;
  if (flag(command.explain)) return explainedInside(context);
  if (!isDocument(command.cursor))
    throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  const wholeDatabase = typeof command.aggregate !== 'string';
  const name = wholeDatabase ? '$cmd.aggregate' : context.collectionName;
  const collection = wholeDatabase ? undefined : name;
  const pipeline = (command.pipeline as Value[]).map((stage) => documentOf(stage, 'pipeline'));
  if (isChangeStream(pipeline)) return watch(context, pipeline, collection);
  if (writingStage(pipeline)) return write(context, collection, pipeline);
  const source = aggregate(context, collection, pipeline, context.environment);
  return context.engine.cursors.first(context, `${context.db}.${name}`, source, {
    batchSize: count(command.cursor.batchSize, 'cursor.batchSize') ?? DEFAULT_BATCH,
    settled: settled(context),
  });
};

export const readCommands: Readonly<Record<string, Handler>> = {
  find,
  getMore,
  killCursors,
  count: countCommand,
  distinct,
  aggregate: aggregateCommand,
  explain,
};
