import { encode } from '../bson/encode.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { type Context, documentOf } from '../engine/context.js';
import { CommandError, notImplemented } from '../errors.js';
import { execute, type Query } from '../plan/execute.js';
import { compileFilter, type Variables } from '../query/matcher.js';
import { perDocumentStage } from '../query/pipeline-update.js';
import { compileSort } from '../query/sort.js';
import { group, sortByCount } from './group.js';
import type { Rows, Stage } from './stage.js';
import { facet, lookup, unionWith, unwind } from './stages.js';

/** Documents on their way through a pipeline; undefined is a pause. */

/** Runs a pipeline over a collection; the leading `$match`, `$sort`, `$skip` and `$limit` use the indexes. */
export function* aggregate(
  context: Context,
  collectionName: string | undefined,
  pipeline: readonly Document[],
  variables: Variables,
): Generator<Buffer | undefined> {
  for (const row of pipelineRows(context, collectionName, pipeline, variables)) yield row && encode(row);
}

export function pipelineRows(
  context: Context,
  collectionName: string | undefined,
  pipeline: readonly Document[],
  variables: Variables,
): Rows {
  const { query, rest } = leading(pipeline, variables);
  const stages = rest.map((stage) => compileStage(context, stage, variables));
  const start = collectionName === undefined ? [] : source(context, collectionName, query);
  return stages.reduce<Rows>((rows, stage) => stage(rows), start);
}

function* source(context: Context, name: string, query: Query): Generator<Document | undefined> {
  const collection = context.engine.catalog.find(context.db, name);
  if (!collection) {
    compileFilter(query.filter, query.variables);
    return;
  }
  for (const found of execute(context.writer, collection, query)) yield found?.document;
}

function leading(pipeline: readonly Document[], variables: Variables): { query: Query; rest: readonly Document[] } {
  let at = 0;
  const query: { -readonly [K in keyof Query]: Query[K] } = { filter: {}, variables };
  const stage = (name: string) =>
    pipeline[at] && name in (pipeline[at] as Document) ? (pipeline[at] as Document)[name] : undefined;
  const matches: Document[] = [];
  for (let match = stage('$match'); match !== undefined; match = stage('$match')) {
    matches.push(documentOf(match, '$match'));
    at++;
  }
  const [only] = matches;
  query.filter = matches.length > 1 ? { $and: matches } : (only ?? {});
  const sort = stage('$sort');
  if (sort !== undefined) {
    query.sort = sortSpec(sort);
    at++;
  }
  const limit = asNumber(stage('$limit'));
  if (limit !== undefined) {
    query.limit = checkLimit(limit);
    at++;
  }
  return { query, rest: pipeline.slice(at) };
}

function sortSpec(value: Value): Document {
  const spec = documentOf(value, '$sort');
  if (Object.keys(spec).length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key');
  return spec;
}

function checkLimit(limit: number): number {
  if (limit <= 0) throw new CommandError(15958, 'the limit must be positive');
  return limit;
}

function compileStage(context: Context, stage: Document, variables: Variables): Stage {
  const names = Object.keys(stage);
  const [name] = names;
  if (name === undefined || names.length !== 1)
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  const argument = stage[name];
  const perDocument = perDocumentStage(name, argument, variables);
  if (perDocument) return (rows) => each(rows, perDocument);
  return compileOther(context, name, argument, variables);
}

function compileOther(context: Context, name: string, argument: Value, variables: Variables): Stage {
  switch (name) {
    case '$match': {
      const match = compileFilter(documentOf(argument, '$match'), variables);
      return (rows) => each(rows, (row) => (match(row) ? row : undefined));
    }
    case '$sort': {
      const order = compileSort(sortSpec(argument));
      return (rows) => sortRows(rows, order.compare);
    }
    case '$limit': {
      const limit = checkLimit(asNumber(argument) ?? 0);
      return (rows) => window(rows, 0, limit);
    }
    case '$skip':
      return (rows) => window(rows, asNumber(argument) ?? 0, Number.POSITIVE_INFINITY);
    case '$count':
      return (rows) => countRows(rows, argument);
    case '$group':
      return group(argument, variables);
    case '$sortByCount':
      return sortByCount(argument, variables);
    case '$unwind':
      return unwind(argument);
    case '$lookup':
      return lookup(context, argument, variables, pipelineRows);
    case '$unionWith':
      return unionWith(context, argument, variables, pipelineRows);
    case '$facet':
      return facet(documentOf(argument, '$facet'), (pipeline) => {
        const stages = pipeline.map((stage) => compileStage(context, stage, variables));
        return (rows) => stages.reduce<Rows>((current, next) => next(current), rows);
      });
    case '$documents':
      if (!Array.isArray(argument)) throw new CommandError(40324, '$documents needs an array');
      return () => argument.filter(isDocument);
    case '$indexStats':
      return () => indexStats(context);
    default:
      if (KNOWN_STAGES.has(name)) throw notImplemented(`aggregation stage ${name}`);
      throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

const KNOWN_STAGES = new Set([
  '$bucket',
  '$bucketAuto',
  '$changeStream',
  '$collStats',
  '$currentOp',
  '$densify',
  '$fill',
  '$geoNear',
  '$graphLookup',
  '$listLocalSessions',
  '$listSessions',
  '$merge',
  '$out',
  '$planCacheStats',
  '$redact',
  '$sample',
  '$search',
  '$setWindowFields',
]);

function* indexStats(context: Context): Generator<Document> {
  const collection = context.engine.catalog.find(context.db, context.collectionName);
  for (const index of collection?.indexes ?? []) {
    yield {
      name: index.name,
      key: index.key,
      host: context.engine.address,
      accesses: { ops: BigInt(index.uses), since: new Date(context.engine.startedAt) },
      spec: index.spec,
    };
  }
}

function* each(rows: Rows, apply: (row: Document) => Document | undefined): Generator<Document | undefined> {
  for (const row of rows) yield row && apply(row);
}

function* sortRows(rows: Rows, compare: (a: Document, b: Document) => number): Generator<Document | undefined> {
  const all: Document[] = [];
  for (const row of rows) {
    if (row) all.push(row);
    else yield undefined;
  }
  yield* all.sort(compare);
}

function* window(rows: Rows, skip: number, limit: number): Generator<Document | undefined> {
  let passed = 0;
  for (const row of rows) {
    if (!row) yield undefined;
    else if (++passed > skip) yield row;
    if (passed >= skip + limit) return;
  }
}

function* countRows(rows: Rows, name: Value): Generator<Document | undefined> {
  if (typeof name !== 'string' || name === '' || name.startsWith('$') || name.includes('.'))
    throw new CommandError(40156, 'the count field must be a non-empty string without $ and .');
  let total = 0;
  for (const row of rows) {
    if (row) total++;
    else yield undefined;
  }
  if (total > 0) yield { [name]: total };
}
