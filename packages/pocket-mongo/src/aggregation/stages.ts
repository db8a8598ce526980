import type { Value } from '../bson/values.js';
import { CommandError, notImplemented, searchNotEnabled } from '../errors.js';
import { bucket, bucketAuto } from './buckets.js';
import { densify } from './densify.js';
import * as plain from './documents.js';
import { facet } from './facet.js';
import { fill } from './fill.js';
import { graphLookup } from './graph-lookup.js';
import { count, groupStage, sortByCount } from './group.js';
import { lookup, unionWith } from './lookup.js';
import { limit, sample, skip, sort } from './sort.js';
import type { Needs, StageDefinition } from './stage.js';
import { statisticsStages } from './statistics.js';
import { unwind } from './unwind.js';
import { setWindowFields } from './window.js';

/** All stages that turn documents into documents. */
const STAGES: Readonly<Record<string, StageDefinition>> = {
  $addFields: plain.addFields,
  $bucket: bucket,
  $bucketAuto: bucketAuto,
  $count: count,
  $densify: densify,
  $documents: plain.documents,
  $facet: facet,
  $fill: fill,
  $graphLookup: graphLookup,
  $group: groupStage,
  $limit: limit,
  $lookup: lookup,
  $match: plain.match,
  $project: plain.project,
  $redact: plain.redact,
  $replaceRoot: plain.replaceRoot,
  $replaceWith: plain.replaceWith,
  $sample: sample,
  $set: plain.set,
  $setWindowFields: setWindowFields,
  $skip: skip,
  $sort: sort,
  $sortByCount: sortByCount,
  $unionWith: unionWith,
  $unset: plain.unset,
  $unwind: unwind,
  ...statisticsStages,
};

/** The stages that write: only at the end, see writing.ts. */
export const WRITING: readonly string[] = ['$merge', '$out'];

/** Stages of change streams: they open the pipeline, see the `aggregate` command. */
const CHANGES: readonly string[] = ['$changeStream', '$changeStreamSplitLargeEvent'];

/** All stages, for the documentation. */
export const stageNames: readonly string[] = [...Object.keys(STAGES), ...WRITING, ...CHANGES];

const REFUSED = new Set([
  '$geoNear',
  '$listSampledQueries',
  '$querySettings',
  '$queryStats',
  '$rankFusion',
  '$shardedDataDistribution',
]);

const SEARCH = new Set(['$listSearchIndexes', '$search', '$searchMeta', '$vectorSearch']);

/** @throws CommandError 40324 when there is no such stage, 238 or 31082 when this server lacks it. */
export function stageOf(name: string): StageDefinition {
  const definition = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
  if (definition) return definition;
  if (SEARCH.has(name)) throw searchNotEnabled(name);
  if (REFUSED.has(name)) throw notImplemented(`aggregation stage ${name}`);
  if (CHANGES.includes(name)) throw new CommandError(40602, `${name} is only valid as the first stage in a pipeline.`);
  if (WRITING.includes(name)) throw new CommandError(40601, `${name} can only be the final stage in the pipeline`);
  throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

export function needsOf(name: string, argument: Value): Needs {
  return stageOf(name).needs?.(argument) ?? { fields: 'all', ends: false };
}
