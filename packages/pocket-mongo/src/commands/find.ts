import { pipelineRows } from '../aggregation/pipeline.js';
import type { Rows } from '../aggregation/stage.js';
import { encode } from '../bson/encode.js';
import { asNumber, type Document, isDocument } from '../bson/values.js';
import { type Context, count, flag, type Handler, optionalDocument, refuse } from '../engine/context.js';
import { badValue, CommandError } from '../errors.js';
import { prepare, type Query, run } from '../plan/execute.js';
import { compileFilter } from '../query/matcher.js';
import { compileProjection } from '../query/projection.js';
import { compileSort } from '../query/sort.js';
import { keyOf } from './return-key.js';
import { tailOf } from './tail.js';

export const DEFAULT_BATCH = 101;

/** The query of a `find`. @throws CommandError where an option is wrong. */
export function findQuery(context: Context, command: Document = context.command): Query {
  // Only capped collections number their documents. With `returnKey` there is no number in the result.
  if (!flag(command.returnKey)) refuse(command, ['showRecordId']);
  const sort = optionalDocument(command.sort, 'FindCommandRequest.sort');
  const { environment } = context;
  if (sort && '$natural' in sort) checkNatural(sort);
  else if (sort) compileSort(sort, environment);
  return {
    filter: optionalDocument(command.filter, 'FindCommandRequest.filter') ?? {},
    sort,
    skip: count(command.skip, 'skip'),
    limit: Math.abs(asNumber(command.limit) ?? 0) || undefined,
    firstBatch: count(command.batchSize, 'batchSize') ?? DEFAULT_BATCH,
    hint: emptyAsNone(command.hint),
    min: emptyAsNone(optionalDocument(command.min, 'FindCommandRequest.min')),
    max: emptyAsNone(optionalDocument(command.max, 'FindCommandRequest.max')),
    environment,
    spillFolder: context.spillFolder,
  };
}

/** Drivers may send an empty document for an option that is not set. */
function emptyAsNone<T>(value: T): T | undefined {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value;
}

function checkNatural(sort: Document): void {
  if (Object.keys(sort).length > 1) throw badValue('$natural sort cannot be set to a value other than -1 or 1.');
  const direction = asNumber(sort.$natural);
  if (direction !== 1 && direction !== -1) throw badValue('$natural sort cannot be set to a value other than -1 or 1.');
}

type Project = (document: Document) => Document;

/** Query results as bytes; what needs no change is passed on as it is stored. */
function* output(context: Context, query: Query, project: Project | undefined): Generator<Buffer | undefined> {
  const definition = context.definition(context.db, context.collectionName);
  if (definition?.view) {
    for (const row of viewRows(context, query)) yield row && encode(project ? project(row) : row);
    return;
  }
  const collection = context.find(context.db, context.collectionName);
  if (!collection) {
    compileFilter(query.filter, query.environment);
    return;
  }
  const prepared = prepare(context.writer, collection, query);
  const shown = flag(context.command.returnKey) ? keyOf(prepared.choice.plan.access) : project;
  for (const found of run(context.writer, collection, query, prepared)) {
    if (!found) yield undefined;
    else yield shown ? encode(shown(found.document)) : found.bytes;
  }
}

/** The documents of a view that a query asks for: a pipeline over the view. */
export function viewRows(context: Context, query: Query): Rows {
  return pipelineRows(context, context.collectionName, viewStages(query), context.environment, query.hint);
}

/** A query as stages of a pipeline. */
export function viewStages({ filter, sort, skip, limit }: Query): Document[] {
  return [
    ...(Object.keys(filter).length > 0 ? [{ $match: filter }] : []),
    ...(sort && Object.keys(sort).length > 0 ? [{ $sort: sort }] : []),
    ...(skip ? [{ $skip: skip }] : []),
    ...(limit ? [{ $limit: limit }] : []),
  ];
}

/** Options that a pipeline does not have. @throws CommandError 168 */
function checkViewOptions({ command }: Context): void {
  for (const name of ['min', 'max', 'returnKey', 'showRecordId', 'tailable', 'awaitData', 'noCursorTimeout'])
    if (flag(command[name])) throw new CommandError(168, `Option ${name} not supported in aggregation.`);
  if (flag(command.singleBatch) && Number(command.limit) !== 1)
    throw new CommandError(168, 'Option singleBatch not supported in aggregation.');
  if (isDocument(command.sort) && '$natural' in command.sort)
    throw new CommandError(168, 'Sort option $natural not supported in aggregation.');
}

export const find: Handler = (context) => {
  const { command } = context;
  if (context.definition(context.db, context.collectionName)?.view) checkViewOptions(context);
  const query = findQuery(context);
  const projection = optionalDocument(command.projection, 'FindCommandRequest.projection');
  const project =
    projection && Object.keys(projection).length > 0
      ? compileProjection(projection, query.filter, query.environment)
      : undefined;
  const { source, tail } = tailOf(context, query, flag(command.returnKey) ? () => ({}) : project) ?? {
    source: output(context, query, project),
  };
  return context.engine.cursors.first(context, context.ns, source, {
    batchSize: count(command.batchSize, 'batchSize') ?? DEFAULT_BATCH,
    limit: query.limit,
    single: flag(command.singleBatch),
    noTimeout: flag(command.noCursorTimeout),
    settled: settled(context),
    tail,
  });
};

/** What the further batches of a cursor wait for. */
export function settled(context: Context): (() => Promise<void>) | undefined {
  return context.readsOnlyDurable ? () => context.engine.store.durable() : undefined;
}
