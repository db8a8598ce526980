import { copyOf, entriesOf, fieldNames, put, remove, withId } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { type Environment, PLAIN } from './environment.js';
import { compileExpression } from './expression.js';
import { compileProjection } from './projection.js';
import type { Updater } from './update.js';

type Stage = (document: Document) => Document;

/** An update given as a pipeline of `$set`, `$unset`, `$project` and `$replaceWith`. */
export function compilePipelineUpdate(pipeline: readonly Value[], environment: Environment): Updater {
  const stages = pipeline.map((stage): Stage => {
    const names = isDocument(stage) ? Object.keys(stage) : [];
    const [name] = names;
    if (!isDocument(stage) || name === undefined || names.length !== 1)
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
    return documentStage(name, stage[name], environment);
  });
  return (document) => {
    const id = document._id;
    const after = stages.reduce((current, stage) => stage(current), document);
    return after._id === undefined && id !== undefined ? withId(id, after) : after;
  };
}

function documentStage(name: string, argument: Value, environment: Environment): Stage {
  const stage = perDocumentStage(name, argument, environment);
  if (!stage) throw new CommandError(72, `${name} is not allowed to be used within an update`);
  return stage;
}

/** The stages that turn one document into one; undefined for others. */
export function perDocumentStage(name: string, argument: Value, environment: Environment): Stage | undefined {
  switch (name) {
    case '$set':
    case '$addFields':
      return addFields(argument, environment, name);
    case '$unset':
      return unset(argument);
    case '$project':
      if (!isDocument(argument) || Object.keys(argument).length === 0)
        throw new CommandError(
          51272,
          'Invalid $project :: caused by :: projection specification must have at least one field',
        );
      return compileProjection(argument, {}, environment, true);
    case '$replaceRoot':
      return replaceRoot(isDocument(argument) ? argument.newRoot : undefined, environment);
    case '$replaceWith':
      return replaceRoot(argument, environment);
    default:
      return undefined;
  }
}

function unset(argument: Value): Stage {
  const paths = Array.isArray(argument) ? argument : [argument];
  if (!paths.every((path) => typeof path === 'string' && path !== ''))
    throw new CommandError(31002, '$unset specification must be a string or an array of strings');
  return compileProjection(Object.fromEntries(paths.map((path) => [path as string, 0])), {}, PLAIN, true);
}

function replaceRoot(expression: Value, environment: Environment): Stage {
  const evaluate = compileExpression(expression, environment);
  return (document) => {
    const root = evaluate(document);
    if (!isDocument(root))
      throw new CommandError(
        40228,
        `'newRoot' expression must evaluate to an object, but resulting value was of another type`,
      );
    return copyOf(root);
  };
}

function addFields(argument: Value, environment: Environment, name: string): Stage {
  if (!isDocument(argument) || Object.keys(argument).length === 0)
    throw new CommandError(40177, `${name} specification stage must be an object with at least one field`);
  const fields: { parts: string[]; evaluate: (document: Value) => Value }[] = [];
  const collect = (spec: Document, prefix: string[]) => {
    for (const [path, value] of entriesOf(spec)) {
      const parts = [...prefix, ...path.split('.')];
      if (isDocument(value) && Object.keys(value).length > 0 && !fieldNames(value)[0]?.startsWith('$'))
        collect(value, parts);
      else fields.push({ parts, evaluate: compileExpression(value, environment) });
    }
  };
  collect(argument, []);
  return (document) => {
    const values = fields.map(({ evaluate }) => evaluate(document));
    return fields.reduce((result, { parts }, i) => withPath(result, parts, values[i]) as Document, document);
  };
}

/** A copy with the value at the path; arrays on the way get it in each element; undefined removes the field. */
export function withPath(target: Value, parts: readonly string[], value: Value): Value {
  const [name, ...rest] = parts;
  if (name === undefined) return value;
  if (Array.isArray(target)) return target.map((element) => withPath(element, parts, value));
  const result: Document = isDocument(target) ? copyOf(target) : {};
  const next =
    rest.length === 0 ? value : withPath(Object.hasOwn(result, name) ? result[name] : undefined, rest, value);
  if (next === undefined) remove(result, name);
  else put(result, name, next);
  return result;
}
