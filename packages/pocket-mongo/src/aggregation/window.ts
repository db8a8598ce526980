import { entriesOf } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { sortInRuns } from '../plan/sorting.js';
import { compileExpression, fieldPath } from '../query/expression.js';
import { typeName } from '../query/operator.js';
import { withPath } from '../query/pipeline-update.js';
import { expressionRoots, rootOf, union } from '../query/roots.js';
import { compileSort } from '../query/sort.js';
import type { Rows, Stage, StageDefinition, Surroundings } from './stage.js';
import type { Partition, WindowFunction } from './window-function.js';
import { compileWindowFunction } from './window-functions.js';

interface Spec {
  readonly partitionBy: Value;
  readonly sortBy: Document | undefined;
  readonly output: Document;
}

function specOf(argument: Value): Spec {
  if (!isDocument(argument))
    throw new CommandError(
      9,
      `the $setWindowFields stage specification must be an object, found ${typeName(argument)}`,
    );
  for (const key of Object.keys(argument))
    if (!['partitionBy', 'sortBy', 'output'].includes(key))
      throw new CommandError(40415, `BSON field '$setWindowFields.${key}' is an unknown field.`);
  const { partitionBy, sortBy, output } = argument;
  if (output === undefined)
    throw new CommandError(40414, "BSON field '$setWindowFields.output' is missing but a required field");
  if (!isDocument(output))
    throw new CommandError(
      14,
      `BSON field '$setWindowFields.output' is the wrong type '${typeName(output)}', expected type 'object'`,
    );
  if (sortBy !== undefined && !isDocument(sortBy))
    throw new CommandError(
      14,
      `BSON field '$setWindowFields.sortBy' is the wrong type '${typeName(sortBy)}', expected type 'object'`,
    );
  return { partitionBy, sortBy: sortBy && Object.keys(sortBy).length > 0 ? sortBy : undefined, output };
}

interface Item {
  readonly row: Document;
  readonly partition: Value;
  readonly key: readonly Value[];
}

interface Output {
  readonly parts: readonly string[];
  readonly compute: WindowFunction;
}

function setWindowFieldsStage(argument: Value, surroundings: Surroundings): Stage {
  const { environment, memory } = surroundings;
  const { partitionBy, sortBy, output } = specOf(argument);
  const partitionOf = partitionBy === undefined ? () => null : compileExpression(partitionBy, environment);
  const order = sortBy && compileSort(sortBy, environment);
  const outputs = entriesOf(output).map(([path, spec]): Output => {
    if (!isDocument(spec)) throw new CommandError(9, `The field '${path}' must be an object`);
    return { parts: fieldPath(path, path), compute: compileWindowFunction(spec, sortBy, environment) };
  });
  const { compare } = environment.ordering;
  const before = (a: Item, b: Item) =>
    compare(a.partition, b.partition) || (order ? order.compareKeys(a.key, b.key) : 0);
  return function* run(rows: Rows) {
    const hold = memory.of('$setWindowFields');
    let partition: Item[] = [];
    for (const item of sortInRuns(items(rows, partitionOf, order?.keyOf, hold), { compare: before })) {
      if (!item) {
        yield undefined;
        continue;
      }
      const [first] = partition;
      if (first && compare(first.partition, item.partition) !== 0) {
        yield* computed(partition, outputs);
        partition = [];
      }
      partition.push(item);
    }
    if (partition.length > 0) yield* computed(partition, outputs);
  };
}

function* items(
  rows: Rows,
  partitionOf: (row: Document) => Value,
  keyOf: ((row: Document) => readonly Value[]) | undefined,
  hold: (row: Document) => void,
): Generator<Item | undefined> {
  for (const row of rows) {
    if (!row) {
      yield undefined;
      continue;
    }
    hold(row);
    const partition = partitionOf(row) ?? null;
    if (Array.isArray(partition))
      throw new CommandError(14, 'An expression used to partition cannot evaluate to value of type array');
    yield { row, partition, key: keyOf?.(row) ?? [] };
  }
}

/** The rows of one partition with their new fields. */
function* computed(all: readonly Item[], outputs: readonly Output[]): Generator<Document | undefined> {
  const partition: Partition = { rows: all.map(({ row }) => row), keys: all.map(({ key }) => key) };
  const columns: Value[][] = [];
  for (const { compute } of outputs) columns.push(yield* compute(partition));
  for (const [i, row] of partition.rows.entries()) {
    let result: Value = row;
    outputs.forEach(({ parts }, at) => {
      result = withPath(result, parts, columns[at]?.[i]);
    });
    yield result as Document;
  }
}

/** `$setWindowFields`: fields computed over the neighbours of each document. */
export const setWindowFields: StageDefinition = {
  compile: setWindowFieldsStage,
  needs: (argument) => {
    const { partitionBy, sortBy, output } = specOf(argument);
    const ranked = Object.values(output).flatMap((spec) =>
      isDocument(spec) ? Object.values(spec).filter((one) => isDocument(one) && isDocument(one.sortBy)) : [],
    );
    const paths = [sortBy, ...ranked.map((one) => (one as Document).sortBy)].flatMap((one) =>
      isDocument(one) ? Object.keys(one) : [],
    );
    const own = new Set([...paths, ...Object.keys(output).filter((path) => path.includes('.'))].map(rootOf));
    return { fields: union([own, expressionRoots([partitionBy ?? null, output])]), ends: false };
  },
};
