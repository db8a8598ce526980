import { rank } from '../bson/compare.js';
import { entriesOf, put, withId } from '../bson/field-order.js';
import { isNumeric, nearest } from '../bson/numbers.js';
import { type Document, isDocument, isInt32, toDouble, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { sortInRuns } from '../plan/sorting.js';
import { compileExpression, constantExpression } from '../query/expression.js';
import { expressionRoots } from '../query/roots.js';
import type { Accumulator } from './accumulator.js';
import { type Rounder, rounderOf } from './granularity.js';
import { groupStage, type OutputField, outputField } from './group.js';
import { sortStage } from './sort.js';
import type { Rows, Stage, StageDefinition, Surroundings } from './stage.js';

const COUNT: Document = { count: { $sum: 1 } };

function isGroupBy(value: Value): boolean {
  return typeof value === 'string' ? value.startsWith('$') : isDocument(value);
}

function checkOptions(
  argument: Value,
  names: readonly string[],
  codes: { object: number; unknown: number },
  name: string,
): Document {
  if (!isDocument(argument)) throw new CommandError(codes.object, `Argument to ${name} must be an object`);
  for (const key of Object.keys(argument))
    if (!names.includes(key)) throw new CommandError(codes.unknown, `Unrecognized option to ${name}: ${key}.`);
  return argument;
}

/** The boundaries of `$bucket`: at least two constants of one type, ascending. */
function boundariesOf(given: Value, { environment }: Surroundings): Value[] {
  if (!Array.isArray(given)) throw new CommandError(40200, "The $bucket 'boundaries' field must be an array");
  const values = given.map((one) => {
    const constant = constantExpression(one, environment);
    if (!constant) throw new CommandError(40191, "The $bucket 'boundaries' field must be an array of constant values");
    return constant.value;
  });
  if (values.length < 2)
    throw new CommandError(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${values.length} value(s).`,
    );
  values.forEach((value, i) => {
    if (i === 0) return;
    if (rank(value) !== rank(values[i - 1]))
      throw new CommandError(40193, 'All values in the the $bucket boundaries must have the same type');
    if (environment.ordering.compare(values[i - 1], value) >= 0)
      throw new CommandError(40194, "The $bucket 'boundaries' field must be an array of values in ascending order");
  });
  return values;
}

/** `$bucket` is a `$group` by the lower boundary. */
function bucketGroup(argument: Value, surroundings: Surroundings): Document {
  const given = checkOptions(
    argument,
    ['groupBy', 'boundaries', 'default', 'output'],
    { object: 40201, unknown: 40197 },
    '$bucket',
  );
  if (given.groupBy === undefined || given.boundaries === undefined)
    throw new CommandError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  if (!isGroupBy(given.groupBy))
    throw new CommandError(40202, "The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression");
  const values = boundariesOf(given.boundaries, surroundings);
  if (given.output !== undefined && !isDocument(given.output))
    throw new CommandError(40196, "The $bucket 'output' field must be an object");
  const branches = values.slice(1).map((high, i) => ({
    case: {
      $and: [{ $gte: [given.groupBy, { $literal: values[i] }] }, { $lt: [given.groupBy, { $literal: high }] }],
    },
    // biome-ignore lint/suspicious/noThenProperty: the operator's own name for it.
    then: { $literal: values[i] },
  }));
  const otherwise: Document = {};
  if (given.default !== undefined) {
    const constant = constantExpression(given.default, surroundings.environment);
    if (!constant) throw new CommandError(40195, "The $bucket 'default' field must be a constant");
    const { compare } = surroundings.environment.ordering;
    if (compare(constant.value, values[0]) >= 0 && compare(constant.value, values.at(-1)) < 0)
      throw new CommandError(
        40199,
        "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
      );
    otherwise.default = { $literal: constant.value };
  }
  return withId({ $switch: { branches, ...otherwise } }, (given.output as Document | undefined) ?? COUNT);
}

function bucketRoots(argument: Value) {
  return isDocument(argument) ? expressionRoots([argument.groupBy, argument.output ?? null]) : ('all' as const);
}

export const bucket: StageDefinition = {
  compile(argument, surroundings) {
    const grouping = groupStage.compile(bucketGroup(argument, surroundings), surroundings);
    const sorting = sortStage({ _id: 1 }, surroundings);
    return (rows) => sorting(grouping(rows));
  },
  needs: (argument) => ({ fields: bucketRoots(argument), ends: true }),
};

interface Auto {
  readonly groupBy: (row: Document) => Value;
  readonly buckets: number;
  readonly fields: readonly OutputField[];
  readonly rounder: Rounder | undefined;
}

function bucketsOf(value: Value): number {
  if (!isNumeric(value)) throw new CommandError(40241, "The $bucketAuto 'buckets' field must be a numeric value");
  const buckets = nearest(value);
  if (!isInt32(buckets + 0))
    throw new CommandError(40242, "The $bucketAuto 'buckets' field must be representable as a 32-bit integer");
  if (buckets <= 0) throw new CommandError(40243, "The $bucketAuto 'buckets' field must be greater than 0");
  return buckets;
}

function autoOf(argument: Value, { environment }: Surroundings): Auto {
  const names = ['groupBy', 'buckets', 'output', 'granularity'];
  const given = checkOptions(argument, names, { object: 40240, unknown: 40245 }, '$bucketAuto');
  if (given.groupBy === undefined || given.buckets === undefined)
    throw new CommandError(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified");
  if (!isGroupBy(given.groupBy))
    throw new CommandError(
      40239,
      "The $bucketAuto 'groupBy' field must be defined as a $-prefixed path or an expression",
    );
  if (given.output !== undefined && !isDocument(given.output))
    throw new CommandError(40244, "The $bucketAuto 'output' field must be an object");
  const output = (given.output as Document | undefined) ?? COUNT;
  return {
    groupBy: compileExpression(given.groupBy, environment),
    buckets: bucketsOf(given.buckets),
    fields: entriesOf(output).map(([name, spec]) => outputField(name, spec, environment)),
    rounder: given.granularity === undefined ? undefined : rounderOf(given.granularity),
  };
}

interface Item {
  readonly value: Value;
  readonly row: Document;
}

interface Bucket {
  min: Value;
  max: Value;
  readonly accumulators: readonly Accumulator[];
}

function checkGranular(value: Value): void {
  if (!isNumeric(value))
    throw new CommandError(40258, "$bucketAuto can specify a 'granularity' with numeric boundaries only");
  if (Number.isNaN(nearest(value)))
    throw new CommandError(
      40259,
      "$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a value NaN",
    );
  if (nearest(value) < 0)
    throw new CommandError(40260, "$bucketAuto can specify a 'granularity' with non-negative numbers only");
}

function bucketAutoStage(argument: Value, surroundings: Surroundings): Stage {
  const auto = autoOf(argument, surroundings);
  const { compare } = surroundings.environment.ordering;
  return function* run(rows: Rows) {
    const hold = surroundings.memory.of('$bucketAuto');
    const items: Item[] = [];
    const order = (a: Item, b: Item) => compare(a.value, b.value);
    for (const item of sortInRuns(itemsOf(rows, auto, hold), { compare: order })) {
      if (item) items.push(item);
      else yield undefined;
    }
    for (const { min, max, accumulators } of bucketsOver(items, auto, compare)) {
      const result: Document = { _id: { min, max } };
      auto.fields.forEach(({ name }, i) => {
        put(result, name, accumulators[i]?.result() ?? null);
      });
      yield result;
    }
  };
}

function* itemsOf(rows: Rows, { groupBy, rounder }: Auto, hold: (row: Document) => void): Generator<Item | undefined> {
  for (const row of rows) {
    if (!row) {
      yield undefined;
      continue;
    }
    hold(row);
    const value = groupBy(row) ?? null;
    if (rounder) checkGranular(value);
    yield { value, row };
  }
}

/** Fills one bucket after another with about as many each; equal values are never apart. */
function bucketsOver(
  items: readonly Item[],
  { buckets, fields, rounder }: Auto,
  compare: (a: Value, b: Value) => number,
): Bucket[] {
  const size = Math.max(1, Math.round(items.length / buckets));
  const result: Bucket[] = [];
  let at = 0;
  for (let i = 0; i < buckets && at < items.length; i++) {
    const { value } = items[at] as Item;
    const bucket: Bucket = { min: value, max: value, accumulators: fields.map(({ make }) => make({})) };
    const take = () => {
      const item = items[at++] as Item;
      bucket.max = item.value;
      for (const one of bucket.accumulators) one.add(item.row);
    };
    const end = i === buckets - 1 ? items.length : Math.min(at + size, items.length);
    while (at < end) take();
    const next = () => (items[at] as Item).value;
    if (rounder) {
      const boundary = toDouble(rounder.up(nearest(bucket.max as number)));
      while (at < items.length && compare(boundary, next()) > 0) take();
      if (i === 0) bucket.min = toDouble(rounder.down(nearest(bucket.min as number)));
      bucket.max = boundary;
    } else while (at < items.length && compare(bucket.max, next()) === 0) take();
    join(result.at(-1), bucket, rounder);
    result.push(bucket);
  }
  return result;
}

/** Buckets touch: where one ends, excluded, the next begins. */
function join(previous: Bucket | undefined, bucket: Bucket, rounder: Rounder | undefined): void {
  if (!previous) return;
  if (!rounder) {
    previous.max = bucket.min;
    return;
  }
  if (nearest(previous.max as number) === 0) previous.max = toDouble(rounder.down(nearest(bucket.min as number)));
  bucket.min = previous.max;
}

export const bucketAuto: StageDefinition = {
  compile: bucketAutoStage,
  needs: (argument) => ({ fields: bucketRoots(argument), ends: true }),
};
