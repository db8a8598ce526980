import { type Document, isDocument, type Value } from '../bson/values.js';
import { type Context, documentOf } from '../engine/context.js';
import { CommandError, notImplemented } from '../errors.js';
import { compileExpression } from '../query/expression.js';
import type { Variables } from '../query/matcher.js';
import { visitPath } from '../query/path.js';
import { withPath } from '../query/pipeline-update.js';
import type { Rows, Stage } from './stage.js';

type RunPipeline = (
  context: Context,
  collection: string | undefined,
  pipeline: readonly Document[],
  variables: Variables,
) => Rows;

function valueAt(document: Value, parts: readonly string[]): Value {
  return parts.reduce<Value>(
    (value, part) => (isDocument(value) && Object.hasOwn(value, part) ? value[part] : undefined),
    document,
  );
}

export function unwind(argument: Value): Stage {
  const options = typeof argument === 'string' ? { path: argument } : documentOf(argument, '$unwind');
  const { path, includeArrayIndex, preserveNullAndEmptyArrays } = options as Document;
  if (typeof path !== 'string' || !path.startsWith('$'))
    throw new CommandError(28818, "path option to $unwind stage should be prefixed with a '$'");
  const parts = path.slice(1).split('.');
  const indexParts = typeof includeArrayIndex === 'string' ? includeArrayIndex.split('.') : undefined;
  const withIndex = (row: Document, index: Value) =>
    indexParts ? (withPath(row, indexParts, index) as Document) : row;
  return function* run(rows: Rows) {
    for (const row of rows) {
      const value = row && valueAt(row, parts);
      if (!row) yield undefined;
      else if (Array.isArray(value) && value.length > 0) {
        for (const [i, element] of value.entries())
          yield withIndex(withPath(row, parts, element) as Document, BigInt(i));
      } else if (value === undefined || value === null || Array.isArray(value)) {
        if (preserveNullAndEmptyArrays === true)
          yield withIndex(Array.isArray(value) ? (withPath(row, parts, undefined) as Document) : row, null);
      } else {
        yield withIndex(row, null);
      }
    }
  };
}

/** `$lookup` by field (through the foreign index) and by pipeline with `let`. */
export function lookup(context: Context, argument: Value, variables: Variables, run: RunPipeline): Stage {
  const { from, as, localField, foreignField, let: bindings, pipeline } = documentOf(argument, '$lookup');
  if (typeof from !== 'string') throw notImplemented('$lookup without a collection name');
  if (typeof as !== 'string') throw new CommandError(9, "must specify 'as' field for a $lookup");
  const stages = Array.isArray(pipeline) ? pipeline.map((stage) => documentOf(stage, 'pipeline')) : [];
  const byField = typeof localField === 'string' && typeof foreignField === 'string';
  if (!byField && !Array.isArray(pipeline))
    throw new CommandError(9, '$lookup requires either pipeline or both localField and foreignField to be specified');
  const bound = Object.entries(isDocument(bindings) ? bindings : {}).map(
    ([name, value]) => [name, compileExpression(value, variables)] as const,
  );
  const parts = as.split('.');
  return function* join(rows: Rows) {
    for (const row of rows) {
      if (!row) {
        yield undefined;
        continue;
      }
      const inner: Record<string, Value> = { ...variables };
      for (const [name, evaluate] of bound) inner[name] = evaluate(row);
      const match: Document[] = byField ? [{ $match: { [foreignField]: { $in: localValues(row, localField) } } }] : [];
      const joined: Value[] = [];
      for (const found of run(context, from, [...match, ...stages], inner)) if (found) joined.push(found);
      yield withPath(row, parts, joined) as Document;
    }
  };
}

function localValues(row: Document, path: string): Value[] {
  const values: Value[] = [];
  visitPath(row, path.split('.'), 0, (leaf) => {
    if (Array.isArray(leaf)) values.push(...leaf);
    else values.push(leaf ?? null);
    return false;
  });
  return values.length > 0 ? values : [null];
}

export function unionWith(context: Context, argument: Value, variables: Variables, run: RunPipeline): Stage {
  const { coll, pipeline } =
    typeof argument === 'string' ? { coll: argument, pipeline: [] } : documentOf(argument, '$unionWith');
  if (typeof coll !== 'string') throw notImplemented('$unionWith without a collection');
  const stages = Array.isArray(pipeline) ? pipeline.map((stage) => documentOf(stage, 'pipeline')) : [];
  return function* both(rows: Rows) {
    yield* rows;
    yield* run(context, coll, stages, variables);
  };
}

export function facet(argument: Document, compile: (pipeline: readonly Document[]) => Stage): Stage {
  const facets = Object.entries(argument).map(([name, pipeline]) => {
    if (!Array.isArray(pipeline)) throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is not`);
    return [name, compile(pipeline.map((stage) => documentOf(stage, 'pipeline')))] as const;
  });
  return function* run(rows: Rows) {
    const all: Document[] = [];
    for (const row of rows) {
      if (row) all.push(row);
      else yield undefined;
    }
    const result: Document = {};
    for (const [name, stage] of facets) result[name] = [...stage(all)].filter(isDocument);
    yield result;
  };
}
