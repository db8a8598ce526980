import { sameOrdering } from '../bson/ordering.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Collection } from '../storage/catalog.js';
import type { Context } from './context.js';

/** How many views may stand on each other. */
const MAX_DEPTH = 20;

/** What reading a view means: a pipeline over a collection, which need not exist. */
export interface ResolvedView {
  readonly name: string;
  readonly pipeline: readonly Document[];
}

/** The collection and pipeline behind a view; undefined when the name is no view's. @throws CommandError 165 */
export function resolveView(context: Context, db: string, name: string): ResolvedView | undefined {
  let current = context.definition(db, name);
  if (!current?.view) return undefined;
  let on = name;
  const parts: (readonly Document[])[] = [];
  while (current?.view) {
    if (parts.length >= MAX_DEPTH) throw tooDeep();
    on = current.view.on;
    parts.unshift(current.view.pipeline);
    current = context.definition(db, on);
  }
  return { name: on, pipeline: parts.flat() };
}

function tooDeep(): CommandError {
  return new CommandError(165, `View depth limit exceeded; maximum depth is ${MAX_DEPTH}`);
}

/**
 * Checks a view before it is stored: what it stands on must not lead back to it, must not be too deep, and must have its
 * collation. @throws CommandError 5, 165, 167
 */
export function checkView(context: Context, view: Collection): void {
  const visit = (name: string, path: readonly string[]): void => {
    if (name === view.name)
      throw new CommandError(
        5,
        `View cycle detected: ${[...path, name].map((one) => `${view.db}.${one}`).join(' => ')}`,
      );
    if (path.length > MAX_DEPTH) throw tooDeep();
    const found = context.definition(view.db, name);
    if (!found?.view) return;
    if (!sameOrdering(found.ordering, view.ordering))
      throw new CommandError(
        167,
        `View ${view.ns} has a collation that does not match the collation of view ${found.ns}`,
      );
    for (const next of [found.view.on, ...usedBy(found.view.pipeline)]) visit(next, [...path, name]);
  };
  if (!view.view) return;
  for (const next of [view.view.on, ...usedBy(view.view.pipeline)]) visit(next, [view.name]);
}

/** The other collections that a pipeline reads. */
function usedBy(pipeline: Value | readonly Document[]): string[] {
  if (!Array.isArray(pipeline)) return [];
  return pipeline.flatMap((stage): string[] => {
    if (!isDocument(stage)) return [];
    const { $lookup: lookup, $graphLookup: graph, $unionWith: union, $facet: facet } = stage;
    const facets = isDocument(facet) ? Object.values(facet).flatMap(usedBy) : [];
    return [...targetOf(lookup), ...targetOf(graph), ...targetOf(union), ...facets];
  });
}

function targetOf(argument: Value): string[] {
  if (typeof argument === 'string') return [argument];
  if (!isDocument(argument)) return [];
  const name = argument.from ?? argument.coll;
  return [...(typeof name === 'string' ? [name] : []), ...usedBy(argument.pipeline)];
}
