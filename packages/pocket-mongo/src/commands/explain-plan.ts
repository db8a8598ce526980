import { createHash } from 'node:crypto';
import { encode } from '../bson/encode.js';
import type { Document } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import { type Examined, type Prepared, prepare, type Query, run } from '../plan/execute.js';
import type { Found } from '../plan/found.js';
import { accessStage, did, parsedQuery, type Ran } from '../plan/stages.js';
import { compileFilter } from '../query/matcher.js';
import type { Collection } from '../storage/catalog.js';

export type Verbosity = 'queryPlanner' | 'executionStats' | 'allPlansExecution';

/** The parts of an explanation that depend on the command. */
export type Explained = Document;

/** A query that is being explained, and what running it came to. */
export interface Explanation {
  readonly query: Query;
  readonly prepared: Prepared | undefined;
  readonly examined: Examined;
  returned: number;
  milliseconds: number;
}

/** Plans a query and, but for `queryPlanner`, runs it; `look` sees each document. */
export async function explainQuery(
  context: Context,
  collection: Collection | undefined,
  query: Query,
  verbosity: Verbosity,
  look: (found: Found) => void = () => undefined,
): Promise<Explanation> {
  const examined: Examined = { keys: 0, documents: 0, branches: [] };
  if (!collection) {
    compileFilter(query.filter, query.environment);
    return { query, prepared: undefined, examined, returned: 0, milliseconds: 0 };
  }
  const start = Date.now();
  const prepared = prepare(context.writer, collection, query);
  const explanation: Explanation = { query, prepared, examined, returned: 0, milliseconds: 0 };
  if (verbosity !== 'queryPlanner') {
    for await (const found of context.pace.through(run(context.writer, collection, query, prepared, examined))) {
      explanation.returned++;
      look(found);
    }
    explanation.milliseconds = Date.now() - start;
  }
  return explanation;
}

/** Wraps a stage into the one that takes its output; the second argument is there when the query has been run. */
export type Wrap = (inner: Document, ran: Ran | undefined) => Document;

/** `queryPlanner` and `executionStats` of a query. */
export function explanationBody(
  context: Context,
  explanation: Explanation,
  verbosity: Verbosity,
  wrap: Wrap = (inner) => inner,
  stats: Document = {},
): Explained {
  const { query, prepared, examined, returned, milliseconds } = explanation;
  const ran: Ran = { examined, returned };
  const plannerVersion = shapeHash(query);
  const queryPlanner: Document = {
    namespace: context.ns,
    parsedQuery: parsedQuery(query.filter),
    indexFilterSet: false,
    queryHash: plannerVersion,
    planCacheShapeHash: plannerVersion,
    planCacheKey: plannerVersion,
    optimizationTimeMillis: 0,
    maxIndexedOrSolutionsReached: false,
    maxIndexedAndSolutionsReached: false,
    maxScansToExplodeReached: false,
    prunedSimilarIndexes: false,
    winningPlan: { isCached: false, ...wrap(queryStages(explanation, undefined), undefined) },
    rejectedPlans:
      prepared?.choice.rejected.map((plan) => ({
        isCached: false,
        ...withSort(accessStage(plan, query.filter, undefined), query, plan.sorted, undefined),
      })) ?? [],
  };
  if (verbosity === 'queryPlanner') return { queryPlanner };
  const executionStats: Document = {
    executionSuccess: true,
    nReturned: returned,
    executionTimeMillis: milliseconds,
    totalKeysExamined: examined.keys,
    totalDocsExamined: examined.documents,
    executionStages: { isCached: false, ...wrap(queryStages(explanation, ran), ran) },
    ...stats,
    ...(verbosity === 'allPlansExecution' ? { allPlansExecution: [] } : {}),
  };
  return { queryPlanner, executionStats };
}

function queryStages({ query, prepared, returned }: Explanation, ran: Ran | undefined): Document {
  if (!prepared) return { stage: 'EOF', ...did(ran, 0) };
  const { plan } = prepared.choice;
  let stage = withSort(accessStage(plan, query.filter, ran), query, plan.sorted, ran);
  if (query.skip) stage = { stage: 'SKIP', ...did(ran, returned), skipAmount: query.skip, inputStage: stage };
  if (query.limit && stage.stage !== 'SORT')
    stage = { stage: 'LIMIT', ...did(ran, returned), limitAmount: query.limit, inputStage: stage };
  return stage;
}

function withSort(inputStage: Document, { sort, skip, limit }: Query, sorted: boolean, ran: Ran | undefined): Document {
  if (sorted || !sort) return inputStage;
  return {
    stage: 'SORT',
    ...did(ran, ran?.returned),
    sortPattern: sort,
    memLimit: 104857600,
    ...(limit ? { limitAmount: limit + (skip ?? 0) } : {}),
    type: 'simple',
    ...(ran ? { totalDataSizeSorted: 0, usedDisk: false, spills: 0 } : {}),
    inputStage,
  };
}

/** Queries that differ in their values only have one hash. */
function shapeHash({ filter, sort }: Query): string {
  const shape = { filter: shapeOf(filter), sort: sort ?? null };
  return createHash('sha256').update(encode(shape)).digest('hex').slice(0, 8).toUpperCase();
}

function shapeOf(filter: Document): string[] {
  return Object.entries(parsedQuery(filter)).flatMap(([name, condition]) => [
    name,
    ...(typeof condition === 'object' && condition !== null && !Array.isArray(condition) ? Object.keys(condition) : []),
  ]);
}
