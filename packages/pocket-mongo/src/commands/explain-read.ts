import type { Document } from '../bson/values.js';
import { type Context, optionalDocument, refuse } from '../engine/context.js';
import { countByKeys } from '../plan/execute.js';
import { did, indexShape } from '../plan/stages.js';
import { countDocuments, countQuery, distinctQuery } from './count.js';
import { explainPipeline } from './explain-aggregate.js';
import { type Explained, explainQuery, explanationBody, type Verbosity, type Wrap } from './explain-plan.js';
import { findQuery, viewStages } from './find.js';

function isView(context: Context): boolean {
  return context.definition(context.db, context.collectionName)?.view !== undefined;
}

export async function explainFind(context: Context, verbosity: Verbosity): Promise<Explained> {
  refuse(context.command, ['returnKey']);
  const query = findQuery(context);
  if (isView(context)) return explainPipeline(context, verbosity, viewStages(query));
  const collection = context.find(context.db, context.collectionName);
  const explanation = await explainQuery(context, collection, query, verbosity);
  const projection = optionalDocument(context.command.projection, 'projection');
  const shown = collection && projection && Object.keys(projection).length > 0 ? projection : undefined;
  return explanationBody(context, explanation, verbosity, shown ? projected(shown) : undefined);
}

function projected(projection: Document): Wrap {
  const simple = Object.entries(projection).every(
    ([path, value]) => !path.includes('.') && (typeof value === 'boolean' || value === 0 || value === 1),
  );
  return (inputStage, ran) => ({
    stage: simple ? 'PROJECTION_SIMPLE' : 'PROJECTION_DEFAULT',
    ...did(ran, ran?.returned),
    transformBy: projection,
    inputStage,
  });
}

export async function explainCount(context: Context, verbosity: Verbosity): Promise<Explained> {
  const { skip, limit, ...query } = countQuery(context);
  if (isView(context)) return explainPipeline(context, verbosity, viewStages({ ...query, skip, limit }));
  const collection = context.find(context.db, context.collectionName);
  const planned = await explainQuery(context, collection, query, 'queryPlanner');
  const { plan } = planned.prepared?.choice ?? {};
  const byKeys = collection && plan && countByKeys(context.writer, collection, plan) !== undefined;
  const explanation =
    byKeys || verbosity === 'queryPlanner' ? planned : await explainQuery(context, collection, query, verbosity);
  let nCounted = explanation.returned;
  if (verbosity !== 'queryPlanner' && collection) {
    nCounted = await countDocuments(context, collection, { ...query, skip, limit });
    if (byKeys && plan.access.kind === 'index') explanation.examined.keys = nCounted;
  }
  explanation.returned = 0;
  return explanationBody(context, explanation, verbosity, (inputStage, ran) => {
    const counted = ran ? { nCounted, nSkipped: skip ?? 0 } : {};
    if (!byKeys) return { stage: 'COUNT', ...did(ran, 0), ...counted, inputStage };
    const { access } = plan;
    if (access.kind !== 'index') return { stage: 'RECORD_STORE_COUNT', ...did(ran, 0), ...counted };
    const keys = ran ? { keysExamined: ran.examined.keys } : {};
    const shape = indexShape(access.index, access.fields, access.reverse);
    const scan = { stage: 'COUNT_SCAN', ...did(ran, ran?.examined.keys), ...shape, ...keys };
    return { stage: 'COUNT', ...did(ran, 0), ...counted, inputStage: scan };
  });
}

export async function explainDistinct(context: Context, verbosity: Verbosity): Promise<Explained> {
  const query = distinctQuery(context);
  if (isView(context)) return explainPipeline(context, verbosity, viewStages(query));
  const collection = context.find(context.db, context.collectionName);
  return explanationBody(context, await explainQuery(context, collection, query, verbosity), verbosity);
}
