import type { Fields } from '../bson/decode.js';
import { checkSize, encode } from '../bson/encode.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import { resolveView } from '../engine/views.js';
import { CommandError } from '../errors.js';
import { countByKeys, execute, type Found, prepare, type Query, run } from '../plan/execute.js';
import type { Environment } from '../query/environment.js';
import { compileFilter } from '../query/matcher.js';
import { union } from '../query/roots.js';
import { compileSort } from '../query/sort.js';
import { Memory } from './memory.js';
import { type NamedStage, neededBy, onlyCounts, rearranged, type Split, split } from './optimize.js';
import { sortStage } from './sort.js';
import { Beat, type Needs, type Place, type Rows, type Stage, type Surroundings } from './stage.js';
import { needsOf, stageOf, WRITING } from './stages.js';

/** Runs a pipeline over a collection, or over none, and gives the documents as bytes. */
export function aggregate(
  context: Context,
  collection: string | undefined,
  pipeline: readonly Document[],
  environment: Environment,
): Iterator<Buffer | undefined> {
  const view = collection === undefined ? undefined : resolveView(context, context.db, collection);
  if (view) return aggregate(context, view.name, [...view.pipeline, ...pipeline], environment);
  const stages = checked(context, pipeline, 'top', collection);
  if (collection !== undefined) {
    const { query, rest } = split(rearranged(stages), environment, context.command.hint);
    // What the planner does alone goes out as it is stored.
    if (rest.length === 0) return stored(found(context, collection, query));
  }
  return encoded(rowsOf(context, collection, stages, environment, context.command.hint));
}

/** The rows of a pipeline that does not write. It is checked and compiled at once, and runs when it is read. */
export function pipelineRows(
  context: Context,
  collection: string | undefined,
  pipeline: readonly Document[],
  environment: Environment,
  hint: Value = context.command.hint,
): Rows {
  const stages = checked(context, pipeline, 'top', collection);
  return rowsOf(context, collection, stages, environment, hint);
}

function* stored(source: Iterable<Found | undefined>): Generator<Buffer | undefined> {
  for (const one of source) yield one?.bytes;
}

function* encoded(rows: Rows): Generator<Buffer | undefined> {
  for (const row of rows) {
    if (!row) {
      yield undefined;
      continue;
    }
    const bytes = encode(row);
    checkSize(bytes.length);
    yield bytes;
  }
}

/** What of a pipeline the planner does (with the fields it must read) and the stages that remain: for `explain`. */
export function pushedDown(
  context: Context,
  pipeline: readonly Document[],
  environment: Environment,
): { readonly query: Query; readonly rest: readonly Document[] } {
  const { query, rest } = split(rearranged(named(pipeline)), environment, context.command.hint);
  return {
    query: { ...query, needs: needsOfAll(rest) },
    rest: rest.map(({ name, argument }) => ({ [name]: argument })),
  };
}

function named(pipeline: readonly Document[]): NamedStage[] {
  return pipeline.map((stage) => {
    const [name, ...others] = Object.keys(stage);
    if (name === undefined || others.length > 0)
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
    return { name, argument: stage[name] };
  });
}

/** The stages of a pipeline, each in a place where it is allowed. */
function checked(
  context: Context,
  pipeline: readonly Document[],
  place: Place,
  collection: string | undefined,
): readonly NamedStage[] {
  const stages = named(pipeline);
  stages.forEach(({ name }, i) => {
    if (WRITING.includes(name) && place !== 'top') throw notIn(name, place);
    const { first, refusedIn, notInTransactions } = stageOf(name);
    if (refusedIn?.includes(place) || (place === '$facet' && first)) throw notIn(name, place);
    if (first && i > 0) throw new CommandError(40602, `${name} is only valid as the first stage in a pipeline.`);
    if (notInTransactions && context.transaction)
      throw new CommandError(
        263,
        `Operation not permitted in transaction :: caused by :: Aggregation stage: '${name}' cannot run within a multi-document transaction.`,
      );
  });
  if (place !== '$facet') checkSource(stages[0]?.name, collection, context.db);
  return stages;
}

function notIn(name: string, place: Place): CommandError {
  if (place === '$facet') return new CommandError(40600, `${name} is not allowed to be used within a $facet stage`);
  return new CommandError(
    place === '$lookup' ? 51047 : 31441,
    `${name} is not allowed within a ${place}'s sub-pipeline`,
  );
}

/** Some stages make their own documents, all others read a collection's. @throws CommandError 73 */
function checkSource(first: string | undefined, collection: string | undefined, db: string): void {
  const own = first !== undefined && stageOf(first).first === 'database';
  if (own && collection !== undefined) throw new CommandError(73, `'${first}' can only be run with {aggregate: 1}`);
  if (!own && collection === undefined)
    throw new CommandError(73, `{aggregate: 1} is not valid for '${first ?? ''}'; a collection is required.`);
  if (first === '$currentOp' && db !== 'admin')
    throw new CommandError(73, "$currentOp must be run against the 'admin' database with {aggregate: 1}");
}

function surroundingsOf(context: Context, collection: string | undefined, environment: Environment): Surroundings {
  return {
    context,
    environment,
    collection,
    memory: new Memory(context.command.allowDiskUse !== false),
    run: (name, pipeline, inner) => rowsOf(context, name, named(pipeline), inner, undefined),
    compile: (pipeline, place, inner) => {
      // The collection's name does not matter to the check; without one, $documents comes first.
      const target = stageNamed(pipeline[0], '$documents') ? undefined : 'any';
      const stages = checked(context, pipeline, place, target);
      return composed(stages, surroundingsOf(context, target, inner));
    },
  };
}

function stageNamed(stage: Document | undefined, name: string): boolean {
  return stage !== undefined && name in stage;
}

function composed(stages: readonly NamedStage[], surroundings: Surroundings): Stage {
  const compiled = compileAll(stages, surroundings);
  return (rows) => compiled.reduce<Rows>((current, stage) => stage(current), rows);
}

function compileAll(stages: readonly NamedStage[], surroundings: Surroundings): Stage[] {
  return stages.map(({ name, argument }, i) => {
    const next = stages[i + 1];
    // A sort with a limit right behind it keeps no more than that.
    if (name === '$sort' && next?.name === '$limit' && typeof next.argument === 'number' && next.argument > 0)
      return sortStage(argument, surroundings, next.argument);
    return stageOf(name).compile(argument, surroundings);
  });
}

function rowsOf(
  context: Context,
  collection: string | undefined,
  stages: readonly NamedStage[],
  environment: Environment,
  hint: Value,
): Rows {
  const view = collection === undefined ? undefined : resolveView(context, context.db, collection);
  if (view) return rowsOf(context, view.name, [...named(view.pipeline), ...stages], environment, hint);
  const surroundings = surroundingsOf(context, collection, environment);
  const ordered = rearranged(stages);
  const first = ordered[0];
  if (collection === undefined || (first && stageOf(first.name).first)) return composed(ordered, surroundings)([]);
  const work = split(ordered, environment, hint);
  const rest = composed(work.rest, surroundings);
  return rest(source(context, collection, work));
}

/** The documents that the remaining stages get, decoded as far as they look. */
function source(context: Context, collection: string, { query, rest }: Split): Rows {
  const [next] = rest;
  if (next && onlyCounts(next) && !query.skip && !query.limit) return counted(context, collection, query);
  const needs = needsOfAll(rest);
  return decoded(found(context, collection, { ...query, needs }), needs);
}

const BLANK: Document = {};
const NO_FIELDS: Fields = new Set();

/** Rows for a stage that only counts them: as many as there are, from the keys of an index alone where they tell. */
function* counted(context: Context, name: string, query: Query): Generator<Document | undefined> {
  const { writer } = context;
  const collection = context.find(context.db, name);
  if (!collection) {
    yield* decoded(found(context, name, query), NO_FIELDS);
    return;
  }
  const prepared = prepare(writer, collection, query);
  const keys = countByKeys(writer, collection, prepared.choice.plan);
  if (!keys) {
    for (const one of run(writer, collection, query, prepared)) yield one && BLANK;
    return;
  }
  const beat = new Beat();
  for (const more of keys) {
    for (let i = 0; i < more; i++) {
      yield BLANK;
      if (beat.due) yield undefined;
    }
  }
}

function* decoded(source: Iterable<Found | undefined>, needs: Fields): Generator<Document | undefined> {
  for (const one of source) yield needs === 'all' ? one?.document : one?.fields;
}

function* found(context: Context, name: string, query: Query): Generator<Found | undefined> {
  const collection = context.find(context.db, name);
  if (collection) {
    yield* execute(context.writer, collection, { ...query, spillFolder: context.spillFolder });
    return;
  }
  compileFilter(query.filter, query.environment);
  if (query.sort) compileSort(query.sort, query.environment);
}

function needsOfAll(stages: readonly NamedStage[]): Fields {
  return neededBy(stages, ({ name, argument }) => {
    if (name === '$facet') return facetNeeds(argument);
    return WRITING.includes(name) ? { fields: 'all', ends: false } : needsOf(name, argument);
  });
}

/** What all the pipelines of a `$facet` need together. */
function facetNeeds(argument: Value): Needs {
  if (!isDocument(argument)) return { fields: 'all', ends: true };
  const fields = Object.values(argument).map((pipeline) =>
    Array.isArray(pipeline) ? needsOfAll(named(pipeline.filter(isDocument))) : 'all',
  );
  return { fields: union(fields), ends: true };
}
