import { pipelineRows, pushedDown } from '../aggregation/pipeline.js';
import { readingPart } from '../aggregation/writing.js';
import type { Document } from '../bson/values.js';
import { type Context, documentOf } from '../engine/context.js';
import { resolveView } from '../engine/views.js';
import { CommandError } from '../errors.js';
import { type Explained, explainQuery, explanationBody, type Verbosity } from './explain-plan.js';

export async function explainAggregate(context: Context, verbosity: Verbosity): Promise<Explained> {
  const { pipeline, aggregate } = context.command;
  if (!Array.isArray(pipeline))
    throw new CommandError(14, "BSON field 'aggregate.pipeline' is the wrong type, expected type 'array'");
  const stages = pipeline.map((stage) => documentOf(stage, 'pipeline'));
  if (typeof aggregate === 'string') return explainPipeline(context, verbosity, stages);
  pipelineRows(context, undefined, stages, context.environment);
  return { stages };
}

/**
 * The part of a pipeline that finds documents is explained as a query; what follows is listed under `stages`, after the
 * `$cursor` that stands for that query. A pipeline that is all query has no `stages`.
 */
export async function explainPipeline(
  context: Context,
  verbosity: Verbosity,
  given: readonly Document[],
): Promise<Explained> {
  const { command, environment, db, collectionName } = context;
  const view = resolveView(context, db, collectionName);
  const pipeline = view ? [...view.pipeline, ...given] : given;
  const name = view?.name ?? collectionName;
  // Compiled for its errors only: it runs when it is read.
  pipelineRows(context, name, readingPart(context, pipeline, environment), environment);
  const { query, rest } = pushedDown(context, pipeline, environment);
  const collection = context.find(db, name);
  const explanation = await explainQuery(context, collection, { ...query, hint: command.hint }, verbosity);
  const body = explanationBody(context, explanation, verbosity);
  if (rest.length === 0) return body;
  const cursor: Document = { $cursor: body, ...counts(verbosity, explanation.returned) };
  return { stages: [cursor, ...rest] };
}

function counts(verbosity: Verbosity, returned: number): Document {
  return verbosity === 'queryPlanner' ? {} : { nReturned: BigInt(returned), executionTimeMillisEstimate: 0n };
}
