import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { fieldPath } from '../query/expression.js';
import { typeName } from '../query/operator.js';
import { withPath } from '../query/pipeline-update.js';
import { rootOf } from '../query/roots.js';
import { Beat, type StageDefinition } from './stage.js';

interface Options {
  readonly parts: readonly string[];
  readonly index: readonly string[] | undefined;
  readonly preserve: boolean;
}

function optionsOf(argument: Value): Options {
  if (typeof argument !== 'string' && !isDocument(argument))
    throw new CommandError(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeName(argument)}`,
    );
  const given: Document = typeof argument === 'string' ? { path: argument } : argument;
  for (const key of Object.keys(given))
    if (!['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays'].includes(key))
      throw new CommandError(28811, `unrecognized option to $unwind stage: ${key}`);
  const { path, includeArrayIndex: index, preserveNullAndEmptyArrays: preserve = false } = given;
  if (path === undefined) throw new CommandError(28812, 'no path specified to $unwind stage');
  if (typeof path !== 'string')
    throw new CommandError(28808, `expected a string as the path for $unwind stage, got ${typeName(path)}`);
  if (!path.startsWith('$'))
    throw new CommandError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  if (typeof preserve !== 'boolean')
    throw new CommandError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  if (index !== undefined && (typeof index !== 'string' || index === ''))
    throw new CommandError(28810, 'expected a non-empty string for the includeArrayIndex  option to $unwind stage');
  if (index?.startsWith('$'))
    throw new CommandError(28822, "includeArrayIndex option to $unwind stage should not be prefixed with a '$'");
  return { parts: fieldPath(path.slice(1), path), index: index?.split('.'), preserve };
}

function valueAt(document: Value, parts: readonly string[]): Value {
  return parts.reduce<Value>(
    (value, part) => (isDocument(value) && Object.hasOwn(value, part) ? value[part] : undefined),
    document,
  );
}

function* unwound(row: Document, { parts, index, preserve }: Options): Generator<Document> {
  const value = valueAt(row, parts);
  const indexed = (document: Document, at: Value) => (index ? (withPath(document, index, at) as Document) : document);
  if (!Array.isArray(value)) {
    if ((value !== undefined && value !== null) || preserve) yield indexed(row, null);
  } else if (value.length === 0) {
    if (preserve) yield indexed(withPath(row, parts, undefined) as Document, null);
  } else {
    for (const [i, element] of value.entries())
      yield indexed(withPath(row, parts, element ?? null) as Document, BigInt(i));
  }
}

/** `$unwind`: one document for each element of an array. */
export const unwind: StageDefinition = {
  compile(argument) {
    const options = optionsOf(argument);
    return function* run(rows) {
      const beat = new Beat();
      for (const row of rows) {
        if (!row) {
          yield undefined;
          continue;
        }
        for (const one of unwound(row, options)) {
          yield one;
          if (beat.due) yield undefined;
        }
      }
    };
  },
  needs: (argument) => {
    const { parts, index } = optionsOf(argument);
    return { fields: new Set([parts[0] as string, ...(index ? [rootOf(index[0] as string)] : [])]), ends: false };
  },
};
