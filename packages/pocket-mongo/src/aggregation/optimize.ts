import type { Fields } from '../bson/decode.js';
import { asNumber, BSONRegExp, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import type { Query } from '../plan/execute.js';
import type { Environment } from '../query/environment.js';
import { constantExpression } from '../query/expression.js';
import { rootOf, rootsOf } from '../query/roots.js';
import { isExclusion, matchSpec } from './documents.js';
import { limitOf, skipOf, sortSpec } from './sort.js';

/** One stage by its name. */
export interface NamedStage {
  readonly name: string;
  readonly argument: Value;
}

/** Stages that make one document of each, so that it does not matter whether rows are left out before or after. */
const ONE_TO_ONE = new Set(['$addFields', '$set', '$unset', '$project', '$replaceRoot', '$replaceWith', '$lookup']);

/** The same pipeline with filters, `$skip` and `$limit` as early as they may be. */
export function rearranged(pipeline: readonly NamedStage[]): readonly NamedStage[] {
  const stages = [...pipeline];
  for (let i = 1; i < stages.length; i++) {
    for (let at = i; at > 0; at--) {
      const [before, stage] = [stages[at - 1] as NamedStage, stages[at] as NamedStage];
      if (!mayGoFirst(stage, before)) break;
      stages[at - 1] = stage;
      stages[at] = before;
    }
  }
  return stages;
}

function mayGoFirst({ name, argument }: NamedStage, before: NamedStage): boolean {
  if (name === '$limit' || name === '$skip') return ONE_TO_ONE.has(before.name);
  if (name !== '$match' || !isDocument(argument)) return false;
  const roots = rootsOf(argument);
  return roots !== 'all' && leavesAlone(before, roots);
}

/** True when a stage neither changes these fields nor how many documents have them. */
function leavesAlone({ name, argument }: NamedStage, roots: ReadonlySet<string>): boolean {
  const touched = (paths: readonly Value[]) =>
    paths.some((path) => typeof path !== 'string' || roots.has(rootOf(path)));
  switch (name) {
    case '$sort':
      return true;
    case '$addFields':
    case '$set':
      return isDocument(argument) && !touched(Object.keys(argument));
    case '$unset':
      return !touched(Array.isArray(argument) ? argument : [argument]);
    case '$project':
      return isDocument(argument) && projects(argument, roots);
    case '$unwind':
      return !touched(unwindPaths(argument));
    case '$lookup':
    case '$graphLookup':
      return isDocument(argument) && !touched([argument.as]);
    default:
      return false;
  }
}

function unwindPaths(argument: Value): Value[] {
  if (typeof argument === 'string') return [argument.slice(1)];
  if (!isDocument(argument) || typeof argument.path !== 'string') return [null];
  return [argument.path.slice(1), argument.includeArrayIndex ?? ''];
}

/** True when a projection lets these fields through as they are. */
function projects(spec: Document, roots: ReadonlySet<string>): boolean {
  if (isExclusion(spec)) return !Object.keys(spec).some((path) => roots.has(rootOf(path)));
  return [...roots].every((root) => {
    const value = spec[root];
    if (value === undefined) return root === '_id';
    return value === true || (asNumber(value) ?? 0) !== 0;
  });
}

/** What of a pipeline the planner does, and the stages that remain. */
export interface Split {
  readonly query: Query;
  readonly rest: readonly NamedStage[];
}

/** Takes the leading `$match`, `$sort`, `$skip` and `$limit` off a pipeline. */
export function split(pipeline: readonly NamedStage[], environment: Environment, hint: Value): Split {
  const query: { -readonly [K in keyof Query]: Query[K] } = { filter: {}, environment, hint };
  let at = 0;
  const next = (name: string) => (pipeline[at]?.name === name ? (pipeline[at++] as NamedStage) : undefined);
  const matches: Document[] = [];
  for (let stage = next('$match'); stage; stage = next('$match')) matches.push(matchSpec(stage.argument));
  query.filter = filterOf(matches, environment);
  const sort = next('$sort');
  if (sort) query.sort = sortSpec(sort.argument);
  const skip = next('$skip');
  if (skip) query.skip = skipOf(skip.argument);
  const limit = next('$limit');
  if (limit) query.limit = limitOf(limit.argument);
  return { query, rest: pipeline.slice(at) };
}

function filterOf(matches: readonly Document[], environment: Environment): Document {
  const clauses = matches.filter((match) => Object.keys(match).length > 0);
  clauses.push(...clauses.flatMap((match) => equalities(match, environment)));
  const [only] = clauses;
  return clauses.length > 1 ? { $and: clauses } : (only ?? {});
}

/** The equalities that an `$expr` asks for, as filters that an index can serve. They are necessary, not sufficient. */
function equalities(match: Document, environment: Environment): Document[] {
  const wanted = isDocument(match.$expr) ? match.$expr : {};
  const found: Document[] = [];
  const visit = (expression: Value) => {
    if (!isDocument(expression)) return;
    if (Array.isArray(expression.$and)) expression.$and.forEach(visit);
    if (!Array.isArray(expression.$eq) || expression.$eq.length !== 2) return;
    const [a, b] = expression.$eq;
    const clause = equality(a, b, environment) ?? equality(b, a, environment);
    if (clause) found.push(clause);
  };
  visit(wanted);
  return found;
}

function equality(path: Value, value: Value, environment: Environment): Document | undefined {
  if (typeof path !== 'string' || !/^\$[^$.][^$]*$/.test(path)) return undefined;
  const constant = constantExpression(value, environment)?.value;
  // Null also matches what is missing, a regular expression what it describes, and an array need not be one that is
  // stored: no help from an index.
  if (constant === undefined || constant === null || constant instanceof BSONRegExp || Array.isArray(constant))
    return undefined;
  return { [path.slice(1)]: { $eq: constant } };
}

/** True when a stage wants nothing of its rows but their number. */
export function onlyCounts({ name, argument }: NamedStage): boolean {
  if (name === '$count') return true;
  if (name !== '$group' || !isDocument(argument) || typeof argument._id === 'string' || isDocument(argument._id))
    return false;
  return Object.entries(argument).every(
    ([key, spec]) =>
      key === '_id' ||
      (isDocument(spec) && Object.keys(spec).length === 1 && (truthyCount(spec.$sum) || isDocument(spec.$count))),
  );
}

const truthyCount = (value: Value) => typeof value === 'number' && truthy(value);

/** The top-level fields that the rest of a pipeline needs of the documents. */
export function neededBy(
  stages: readonly NamedStage[],
  needsOf: (stage: NamedStage) => { fields: Fields; ends: boolean },
): Fields {
  const wanted = new Set<string>();
  for (const stage of stages) {
    const { fields, ends } = needsOf(stage);
    if (fields === 'all') return 'all';
    for (const field of fields) wanted.add(field);
    if (ends) return wanted;
  }
  return 'all';
}
