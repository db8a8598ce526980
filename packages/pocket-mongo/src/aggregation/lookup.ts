import { BSONRegExp, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { type Environment, withVariables } from '../query/environment.js';
import { compileExpression, fieldPath } from '../query/expression.js';
import { typeName } from '../query/operator.js';
import { checkVariableName } from '../query/operators-basic.js';
import { visitPath } from '../query/path.js';
import { withPath } from '../query/pipeline-update.js';
import { expressionRoots, rootOf, union } from '../query/roots.js';
import { Beat, type Needs, type Rows, type Stage, type StageDefinition, type Surroundings } from './stage.js';

const KNOWN = ['from', 'as', 'localField', 'foreignField', 'let', 'pipeline'];

interface Lookup {
  readonly from: string | undefined;
  readonly as: readonly string[];
  readonly local: readonly string[] | undefined;
  readonly foreign: string | undefined;
  readonly pipeline: readonly Document[] | undefined;
  readonly bindings: Document;
}

/** The stages of a pipeline argument. @throws CommandError 14 */
export function pipelineOf(value: Value, what: string): readonly Document[] {
  if (!Array.isArray(value)) throw new CommandError(14, `'${what}' option must be specified as an array`);
  return value.map((stage) => {
    if (!isDocument(stage)) throw new CommandError(14, `Each element of the '${what}' array must be an object`);
    return stage;
  });
}

function lookupOf(argument: Value): Lookup {
  if (!isDocument(argument))
    throw new CommandError(9, `the $lookup stage specification must be an object, but found ${typeName(argument)}`);
  for (const [key, value] of Object.entries(argument)) {
    if (!KNOWN.includes(key)) throw new CommandError(9, `unknown argument to $lookup: ${key}`);
    if (key === 'let' && !isDocument(value))
      throw new CommandError(9, `$lookup argument 'let: ${typeName(value)}' must be an object`);
    if (['as', 'localField', 'foreignField'].includes(key) && typeof value !== 'string')
      throw new CommandError(9, `$lookup argument '${key}: ${typeName(value)}' must be a string`);
    if (key === 'from' && typeof value !== 'string')
      throw new CommandError(9, `$lookup argument 'from' must be a string, is type ${typeName(value)}`);
  }
  const { from, as, localField, foreignField } = argument as Readonly<Record<string, string | undefined>>;
  if (as === undefined) throw new CommandError(9, "must specify 'as' field for a $lookup");
  const pipeline = argument.pipeline === undefined ? undefined : pipelineOf(argument.pipeline, 'pipeline');
  if ((localField === undefined) !== (foreignField === undefined) || (!pipeline && localField === undefined))
    throw new CommandError(
      9,
      '$lookup requires both or neither of "localField" and "foreignField" to be specified, or a "pipeline"',
    );
  if (argument.let !== undefined && !pipeline)
    throw new CommandError(9, "$lookup with a 'let' argument must also specify 'pipeline'");
  if (from === undefined && !(pipeline?.[0] && '$documents' in pipeline[0]))
    throw new CommandError(9, "must specify 'from' field for a $lookup");
  return {
    from,
    as: fieldPath(as, as),
    local: localField === undefined ? undefined : fieldPath(localField, localField),
    foreign: foreignField === undefined ? undefined : fieldPath(foreignField, foreignField).join('.'),
    pipeline,
    bindings: (argument.let ?? {}) as Document,
  };
}

/** The values that a local field joins by; nothing joins as null. */
function localValues(row: Document, path: readonly string[]): Value[] {
  const values: Value[] = [];
  visitPath(row, path, 0, (leaf) => {
    if (Array.isArray(leaf)) values.push(...leaf);
    else if (leaf !== undefined) values.push(leaf);
    return false;
  });
  return values.length > 0 ? values : [null];
}

function joinFilter(foreign: string, values: readonly Value[]): Document {
  const plain = values.filter((value) => !(value instanceof BSONRegExp));
  // A regular expression joins with itself, not with what it matches.
  const patterns = values.filter((value) => value instanceof BSONRegExp);
  const [only] = plain;
  const clause = plain.length === 1 ? { $eq: only } : { $in: plain };
  if (patterns.length === 0) return { [foreign]: clause };
  return { $or: [{ [foreign]: clause }, ...patterns.map((pattern) => ({ [foreign]: { $eq: pattern } }))] };
}

/** How many joins are remembered: many rows join with the same few documents. */
const MAX_REMEMBERED = 500;

type Join = (row: Document) => Rows;

/** By one field: rows with equal local values join with the same documents. */
function joinByField(spec: Lookup, { run, environment }: Surroundings): Join {
  const { from, local = [], foreign = '' } = spec;
  return (row) => {
    const values = localValues(row, local);
    return run(from, [{ $match: joinFilter(foreign, values) }], environment);
  };
}

function joinByPipeline(spec: Lookup, surroundings: Surroundings): Join {
  const { run, environment } = surroundings;
  const { from, local, foreign, pipeline = [], bindings } = spec;
  const bound = Object.entries(bindings).map(([name, value]) => [name, compileExpression(value, environment)] as const);
  return (row) => {
    const inner = withVariables(
      environment,
      Object.fromEntries(bound.map(([name, evaluate]) => [name, evaluate(row)])),
    );
    if (!local || foreign === undefined) return run(from, pipeline, inner);
    const match = { $match: joinFilter(foreign, localValues(row, local)) };
    // $documents must stay the first.
    const [first] = pipeline;
    const stages = from === undefined && first ? [first, match, ...pipeline.slice(1)] : [match, ...pipeline];
    return run(from, stages, inner);
  };
}

/** `$lookup`: by fields (through the foreign index), by pipeline with `let`, or both. */
function lookupStage(argument: Value, surroundings: Surroundings): Stage {
  const spec = lookupOf(argument);
  const { environment, compile } = surroundings;
  for (const name of Object.keys(spec.bindings)) checkVariableName(name);
  if (spec.pipeline) compile(spec.pipeline, '$lookup', placeholders(environment, spec.bindings));
  const join = spec.pipeline ? joinByPipeline(spec, surroundings) : joinByField(spec, surroundings);
  const keyOf = rememberBy(spec, environment);
  return function* run(rows: Rows) {
    const remembered = new Map<string, Value[]>();
    const beat = new Beat();
    for (const row of rows) {
      if (!row) {
        yield undefined;
        continue;
      }
      const key = keyOf?.(row);
      let joined = key === undefined ? undefined : remembered.get(key);
      if (!joined) {
        joined = [];
        for (const found of join(row)) {
          if (found) joined.push(found);
          else yield undefined;
        }
        if (key !== undefined && remembered.size < MAX_REMEMBERED && joined.length < 100) remembered.set(key, joined);
        if (key === '') remembered.set(key, joined);
      }
      yield withPath(row, spec.as, joined) as Document;
      if (beat.due) yield undefined;
    }
  };
}

/** What the joined documents depend on; an uncorrelated pipeline runs once. */
function rememberBy(spec: Lookup, { ordering }: Environment): ((row: Document) => string) | undefined {
  const { local, bindings, pipeline } = spec;
  if (pipeline && (local || Object.keys(bindings).length > 0)) return undefined;
  return local ? (row) => ordering.key(localValues(row, local)) : () => '';
}

/** `let` variables stand for nothing while the pipeline is only checked. */
export function placeholders(environment: Environment, bindings: Document): Environment {
  return withVariables(environment, Object.fromEntries(Object.keys(bindings).map((name) => [name, null])));
}

function lookupNeeds(argument: Value): Needs {
  const { local, as, bindings } = lookupOf(argument);
  const own = new Set([...(local ? [rootOf(local[0] as string)] : []), ...(as.length > 1 ? [as[0] as string] : [])]);
  return { fields: union([own, expressionRoots(bindings)]), ends: false };
}

export const lookup: StageDefinition = { compile: lookupStage, needs: lookupNeeds };

/** `$unionWith`: the rows of another collection, or of `$documents`, behind these. */
export const unionWith: StageDefinition = {
  compile(argument, surroundings) {
    if (typeof argument !== 'string' && !isDocument(argument))
      throw new CommandError(
        9,
        `the $unionWith stage specification must be an object or string, but found ${typeName(argument)}`,
      );
    const given: Document = typeof argument === 'string' ? { coll: argument } : argument;
    for (const key of Object.keys(given))
      if (key !== 'coll' && key !== 'pipeline')
        throw new CommandError(40415, `BSON field '$unionWith.${key}' is an unknown field.`);
    const { coll } = given;
    const pipeline = given.pipeline === undefined ? [] : pipelineOf(given.pipeline, 'pipeline');
    if (coll !== undefined && typeof coll !== 'string')
      throw new CommandError(
        14,
        `BSON field '$unionWith.coll' is the wrong type '${typeName(coll)}', expected type 'string'`,
      );
    if (coll === undefined && !(pipeline[0] && '$documents' in pipeline[0]))
      throw new CommandError(
        9,
        '$unionWith stage without explicit collection must have a pipeline with $documents as first stage',
      );
    const { environment, compile, run } = surroundings;
    compile(pipeline, '$unionWith', environment);
    return function* both(rows) {
      yield* rows;
      yield* run(coll, pipeline, environment);
    };
  },
  needs: () => ({ fields: 'all', ends: false }),
};
