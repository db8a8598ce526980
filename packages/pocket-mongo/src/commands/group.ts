import { compare } from '../bson/compare.js';
import { encodeKey } from '../bson/keys.js';
import { add, isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import { Decimal128, type Document, isDocument, toDouble, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import { compileExpression } from '../query/expression.js';
import type { Variables } from '../query/matcher.js';
import { distinct } from '../query/operators-array.js';
import { compileSort } from '../query/sort.js';
import type { Rows, Stage } from './stage.js';

interface Accumulator {
  add(row: Document): void;
  result(): Value;
}

type Make = (argument: Value, variables: Variables) => () => Accumulator;

/** An accumulator that keeps one value. */
function folding(
  start: Value,
  step: (kept: Value, value: Value) => Value,
  finish: (kept: Value) => Value = (kept) => kept,
): Make {
  return (argument, variables) => {
    const evaluate = compileExpression(argument, variables);
    return () => {
      let kept = start;
      return {
        add(row) {
          kept = step(kept, evaluate(row));
        },
        result: () => finish(kept),
      };
    };
  };
}

/** An accumulator over the list of its values. */
function collecting(finish: (values: Value[]) => Value): Make {
  return (argument, variables) => {
    const evaluate = compileExpression(argument, variables);
    return () => {
      const values: Value[] = [];
      return { add: (row) => values.push(evaluate(row)), result: () => finish(values) };
    };
  };
}

function best(direction: 1 | -1): Make {
  return folding(
    undefined,
    (kept, value) =>
      value === null || value === undefined || (kept !== undefined && compare(value, kept) * direction <= 0)
        ? kept
        : value,
    (kept) => kept ?? null,
  );
}

function deviation(sample: boolean): (values: Value[]) => Value {
  return (values) => {
    const numbers = values.filter(isNumeric).map(nearest);
    const count = numbers.length - (sample ? 1 : 0);
    if (count <= 0) return null;
    const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
    return toDouble(Math.sqrt(numbers.reduce((total, number) => total + (number - mean) ** 2, 0) / count));
  };
}

function average(values: Value[]): Value {
  const numbers = values.filter(isNumeric);
  if (numbers.length === 0) return null;
  const total = numbers.reduce<Numeric>(add, 0);
  const mean = nearest(total) / numbers.length;
  return total instanceof Decimal128 ? Decimal128.fromString(String(mean)) : toDouble(mean);
}

/** The `n` first, last, least or greatest; `sortBy` orders for `$topN` and its kin. */
function several(pick: 'first' | 'last', input: 'input' | 'output', single = false, ordered: 1 | -1 | 0 = 0): Make {
  return (argument, variables) => {
    if (!isDocument(argument)) throw new CommandError(5787900, 'specification must be an object');
    const evaluate = compileExpression(argument[input], variables);
    const wanted = single ? 1 : nearest((compileExpression(argument.n, variables)({}) as Numeric | undefined) ?? 0);
    if (!Number.isInteger(wanted) || wanted < 1) throw new CommandError(5787908, "'n' must be greater than 0");
    const order = isDocument(argument.sortBy) ? compileSort(argument.sortBy) : undefined;
    return () => {
      const rows: { row: Document; value: Value }[] = [];
      return {
        add: (row) => rows.push({ row, value: evaluate(row) ?? null }),
        result() {
          const kept =
            ordered === 0
              ? rows
              : rows.filter(({ value }) => value !== null).sort((a, b) => compare(a.value, b.value) * ordered);
          if (order) kept.sort((a, b) => order.compare(a.row, b.row));
          const values = (pick === 'first' ? kept.slice(0, wanted) : kept.slice(-wanted)).map(({ value }) => value);
          return single ? (values[0] ?? null) : values;
        },
      };
    };
  };
}

const ACCUMULATORS: Readonly<Record<string, Make>> = {
  $sum: folding(0, (kept, value) => (isNumeric(value) ? add(kept as Numeric, value) : kept)),
  $count: () => () => {
    let total = 0;
    return {
      add() {
        total++;
      },
      result: () => total,
    };
  },
  $avg: collecting(average),
  $min: best(-1),
  $max: best(1),
  $first: collecting((values) => values[0] ?? null),
  $last: folding(null, (_, value) => value ?? null),
  $push: collecting((values) => values.filter((value) => value !== undefined)),
  $addToSet: collecting((values) => distinct(values.filter((value) => value !== undefined))),
  $mergeObjects: folding({}, (kept, value) => (isDocument(value) ? { ...(kept as Document), ...value } : kept)),
  $stdDevPop: collecting(deviation(false)),
  $stdDevSamp: collecting(deviation(true)),
  $firstN: several('first', 'input'),
  $lastN: several('last', 'input'),
  $minN: several('first', 'input', false, 1),
  $maxN: several('first', 'input', false, -1),
  $top: several('first', 'output', true),
  $bottom: several('last', 'output', true),
  $topN: several('first', 'output'),
  $bottomN: several('last', 'output'),
};

export function group(argument: Value, variables: Variables): Stage {
  if (!isDocument(argument)) throw new CommandError(15947, "a group's fields must be specified in an object");
  if (!('_id' in argument)) throw new CommandError(15955, 'a group specification must include an _id');
  const id = compileExpression(argument._id, variables);
  const fields = Object.entries(argument)
    .filter(([name]) => name !== '_id')
    .map(([name, spec]) => [name, accumulator(name, spec, variables)] as const);
  return (rows) => grouped(rows, id, fields);
}

function accumulator(name: string, spec: Value, variables: Variables): () => Accumulator {
  if (name.includes('.')) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  const entries = isDocument(spec) ? Object.entries(spec) : [];
  const [first] = entries;
  if (!first || entries.length !== 1)
    throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  const [operator, argument] = first;
  const make = Object.hasOwn(ACCUMULATORS, operator) ? ACCUMULATORS[operator] : undefined;
  if (make) return make(argument, variables);
  if (['$accumulator', '$median', '$percentile'].includes(operator)) throw notImplemented(`accumulator ${operator}`);
  throw new CommandError(15952, `unknown group operator '${operator}'`);
}

function* grouped(
  rows: Rows,
  id: (row: Document) => Value,
  fields: readonly (readonly [string, () => Accumulator])[],
): Generator<Document | undefined> {
  const groups = new Map<string, { id: Value; accumulators: Accumulator[] }>();
  for (const row of rows) {
    if (!row) {
      yield undefined;
      continue;
    }
    const value = id(row) ?? null;
    const key = encodeKey(value);
    let found = groups.get(key);
    if (!found) {
      found = { id: value, accumulators: fields.map(([, make]) => make()) };
      groups.set(key, found);
    }
    for (const one of found.accumulators) one.add(row);
  }
  for (const { id: value, accumulators } of groups.values()) {
    const result: Document = { _id: value };
    for (const [i, [name]] of fields.entries()) result[name] = accumulators[i]?.result();
    yield result;
  }
}

export function sortByCount(argument: Value, variables: Variables): Stage {
  const grouping = group({ _id: argument, count: { $sum: 1 } }, variables);
  const order = compileSort({ count: -1 });
  return function* run(rows: Rows) {
    const all: Document[] = [];
    for (const row of grouping(rows)) if (row) all.push(row);
    yield* all.sort(order.compare);
  };
}
