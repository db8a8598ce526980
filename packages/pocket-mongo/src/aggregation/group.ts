import { entriesOf, put } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Environment } from '../query/environment.js';
import { compileExpression, constantExpression } from '../query/expression.js';
import { expressionRoots, union } from '../query/roots.js';
import type { Accumulator, MakeAccumulator } from './accumulator.js';
import { compileAccumulator } from './accumulators.js';
import { sortStage } from './sort.js';
import { collect, paced, type Rows, type Stage, type StageDefinition, type Surroundings } from './stage.js';

export interface OutputField {
  readonly name: string;
  readonly make: MakeAccumulator;
}

/** One field of an output: `{ name: { $sum: ... } }`. */
export function outputField(name: string, spec: Value, environment: Environment): OutputField {
  if (name.includes('.')) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith('$')) throw new CommandError(40236, `The field name '${name}' cannot be an operator name`);
  const entries = isDocument(spec) ? Object.entries(spec) : [];
  const [first] = entries;
  if (!first) throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  if (entries.length !== 1) throw new CommandError(40238, `The field '${name}' must specify one accumulator`);
  return { name, make: compileAccumulator(first[0], first[1], environment) };
}

function group(argument: Value, { environment, memory }: Surroundings): Stage {
  if (!isDocument(argument)) throw new CommandError(15947, "a group's fields must be specified in an object");
  if (!('_id' in argument)) throw new CommandError(15955, 'a group specification must include an _id');
  const fields = entriesOf(argument)
    .filter(([name]) => name !== '_id')
    .map(([name, spec]) => outputField(name, spec, environment));
  const constant = constantExpression(argument._id, environment);
  if (constant) return (rows) => single(rows, constant.value ?? null, fields);
  const id = compileExpression(argument._id, environment);
  return (rows) => grouped(rows, id, fields, environment, memory.of('$group'));
}

/** All rows in one group: no keys. */
function* single(rows: Rows, id: Value, fields: readonly OutputField[]): Generator<Document | undefined> {
  let accumulators: readonly Accumulator[] | undefined;
  yield* collect(rows, (row) => {
    accumulators ??= fields.map(({ make }) => make(id));
    for (const one of accumulators) one.add(row);
  });
  if (accumulators) yield resultOf(id, fields, accumulators);
}

function resultOf(id: Value, fields: readonly OutputField[], accumulators: readonly Accumulator[]): Document {
  const result: Document = { _id: id };
  fields.forEach(({ name }, i) => {
    put(result, name, accumulators[i]?.result() ?? null);
  });
  return result;
}

function* grouped(
  rows: Rows,
  id: (row: Document) => Value,
  fields: readonly OutputField[],
  { ordering }: Environment,
  hold: (row: Document) => void,
): Generator<Document | undefined> {
  const groups = new Map<string, { readonly id: Value; readonly accumulators: readonly Accumulator[] }>();
  yield* collect(rows, (row) => {
    const value = id(row) ?? null;
    const key = ordering.key(value);
    let found = groups.get(key);
    if (!found) {
      found = { id: value, accumulators: fields.map(({ make }) => make(value)) };
      groups.set(key, found);
    }
    hold(row);
    for (const one of found.accumulators) one.add(row);
  });
  for (const one of paced(groups.values())) yield one && resultOf(one.id, fields, one.accumulators);
}

export const groupStage: StageDefinition = {
  compile: group,
  needs: (argument) => ({ fields: groupRoots(argument), ends: true }),
};

function groupRoots(argument: Value) {
  if (!isDocument(argument)) return 'all' as const;
  const sorted = Object.values(argument).flatMap((spec) => (isDocument(spec) ? Object.values(spec) : []));
  const paths = sorted.flatMap((spec) => (isDocument(spec) && isDocument(spec.sortBy) ? Object.keys(spec.sortBy) : []));
  return union([expressionRoots(argument), expressionRoots(paths.map((path) => `$${path}`))]);
}

/** `$sortByCount`: how often each value is there, the most frequent first. */
export const sortByCount: StageDefinition = {
  compile(argument, surroundings) {
    const isExpression = isDocument(argument) && Object.keys(argument)[0]?.startsWith('$');
    if (!isExpression && !(typeof argument === 'string' && argument.startsWith('$')))
      throw new CommandError(
        isDocument(argument) ? 40147 : typeof argument === 'string' ? 40148 : 40149,
        'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
      );
    const counting = group({ _id: argument, count: { $sum: 1 } }, surroundings);
    const sorting = sortStage({ count: -1 }, surroundings);
    return (rows) => sorting(counting(rows));
  },
  needs: (argument) => ({ fields: expressionRoots(argument), ends: true }),
};

/** @throws CommandError 40156 to 40160 */
function countName(name: Value): string {
  if (typeof name !== 'string') throw new CommandError(40156, 'the count field must be a non-empty string');
  if (name === '') throw new CommandError(40157, 'the count field must be a non-empty string');
  if (name.startsWith('$')) throw new CommandError(40158, 'the count field cannot be a $-prefixed path');
  if (name.includes('\0')) throw new CommandError(40159, 'the count field cannot contain a null byte');
  if (name.includes('.')) throw new CommandError(40160, "the count field cannot contain '.'");
  return name;
}

export const count: StageDefinition = {
  compile(argument) {
    const name = countName(argument);
    return function* run(rows) {
      let total = 0;
      yield* collect(rows, () => {
        total++;
      });
      if (total > 0) yield { [name]: total };
    };
  },
  needs: () => ({ fields: new Set(), ends: true }),
};
