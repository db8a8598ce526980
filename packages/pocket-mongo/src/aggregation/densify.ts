import { sumOf } from '../bson/arithmetic.js';
import { documentOf } from '../bson/field-order.js';
import { isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import { bsonType, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { addUnits, checkUnit } from '../query/date-units.js';
import { compileExpression, fieldPath } from '../query/expression.js';
import { typeName } from '../query/operator.js';
import { withPath } from '../query/pipeline-update.js';
import { sortStage } from './sort.js';
import type { Rows, Stage, StageDefinition, Surroundings } from './stage.js';

/** More would be a mistake in the range. */
const MOST = 500_000;

type Bounds = 'full' | 'partition' | readonly [Value, Value];

interface Densify {
  readonly field: readonly string[];
  readonly partitions: readonly (readonly string[])[];
  readonly step: Numeric;
  readonly unit: string | undefined;
  readonly bounds: Bounds;
}

function known(given: Document, names: readonly string[], what: string): void {
  for (const key of Object.keys(given))
    if (!names.includes(key)) throw new CommandError(40415, `BSON field '${what}.${key}' is an unknown field.`);
}

function densifyOf(argument: Value): Densify {
  if (!isDocument(argument))
    throw new CommandError(9, `The $densify stage specification must be an object, found ${typeName(argument)}`);
  known(argument, ['field', 'partitionByFields', 'range'], '$densify');
  const { field, partitionByFields = [], range } = argument;
  if (typeof field !== 'string')
    throw new CommandError(
      field === undefined ? 40414 : 14,
      "BSON field '$densify.field' is missing but a required field",
    );
  if (!isDocument(range))
    throw new CommandError(
      range === undefined ? 40414 : 14,
      "BSON field '$densify.range' is missing but a required field",
    );
  known(range, ['step', 'unit', 'bounds'], '$densify.range');
  if (!Array.isArray(partitionByFields))
    throw new CommandError(14, "BSON field '$densify.partitionByFields' is the wrong type, expected type 'array'");
  const { step, unit } = range;
  if (!isNumeric(step) || !(nearest(step) > 0))
    throw new CommandError(
      5733401,
      'The step parameter in a range statement must be a strictly positive numeric value',
    );
  if (unit !== undefined) {
    if (!Number.isInteger(nearest(step)))
      throw new CommandError(
        6586400,
        'The step parameter in a range statement must be a whole number when densifying a date range',
      );
    checkUnit(String(unit));
  }
  const bounds = boundsOf(range.bounds, step, unit);
  if (bounds === 'partition' && partitionByFields.length === 0)
    throw new CommandError(
      5733408,
      "One cannot specify the bounds as 'partition' without specifying a non-empty array of partitionByFields. You may have meant to specify 'full' bounds.",
    );
  return {
    field: fieldPath(field, field),
    partitions: partitionByFields.map((one) => fieldPath(String(one), String(one))),
    step,
    unit: unit === undefined ? undefined : String(unit),
    bounds,
  };
}

function boundsOf(bounds: Value, step: Numeric, unit: Value): Bounds {
  if (bounds === 'full' || bounds === 'partition') return bounds;
  if (typeof bounds === 'string') throw new CommandError(5946802, "Bounds string must either be 'full' or 'partition'");
  if (!Array.isArray(bounds))
    throw new CommandError(
      5733404,
      "The bounds in a range statement must be the string 'full', 'partition', or an ascending array of two numbers or two dates",
    );
  if (bounds.length !== 2)
    throw new CommandError(5733403, 'A bounding array in a range statement must have exactly two elements');
  const [low, high] = bounds;
  if (isNumeric(low)) {
    if (unit !== undefined) throw new CommandError(5733409, 'Numeric bounds may not have unit parameter');
    if (!isNumeric(high))
      throw new CommandError(5733406, 'A bounding array must contain either both dates or both numeric types');
    if (bsonType(low) !== bsonType(high) || bsonType(low) !== bsonType(step))
      throw new CommandError(5876900, 'Upper bound, lower bound, and step must all have the same type');
    ascending(nearest(low) <= nearest(high));
    return [low, high];
  }
  if (!(low instanceof Date)) throw new CommandError(5946800, 'Explicit bounds must be numeric or dates');
  if (!(high instanceof Date))
    throw new CommandError(5733405, 'A bounding array must contain either both dates or both numeric types');
  if (unit === undefined) throw new CommandError(5733410, 'A bounding array of dates must specify a unit');
  ascending(low <= high);
  return [low, high];
}

function ascending(holds: boolean): void {
  if (!holds)
    throw new CommandError(5733402, 'A bounding array must be an ascending array of either two dates or two numbers');
}

/** How far one partition has been filled. */
interface Progress {
  /** The value to be made next. */
  next: Value;
  readonly include: Document;
}

class Filler {
  private made = 0;
  private readonly partitions = new Map<string, Progress>();
  private last: Value;
  private first: Value;

  constructor(
    private readonly spec: Densify,
    private readonly surroundings: Surroundings,
    private readonly partitionOf: (row: Document) => Document,
    private readonly fieldOf: (row: Document) => Value,
  ) {}

  private get compare() {
    return this.surroundings.environment.ordering.compare;
  }

  private following(value: Value): Value {
    const { step, unit } = this.spec;
    return value instanceof Date ? addUnits(value, unit ?? 'day', nearest(step), 'UTC') : sumOf(value as Numeric, step);
  }

  private check(value: Value): void {
    if (this.spec.unit === undefined) {
      if (value instanceof Date) throw new CommandError(6053600, 'Unit must be specified when densifying dates');
      if (!isNumeric(value)) throw new CommandError(5733201, 'Densify field type must be numeric');
    } else if (!(value instanceof Date)) {
      throw new CommandError(6053600, 'Encountered non-date value in the densify field when a unit was specified');
    }
  }

  /** The documents missing before this one, and the one itself. Rows come in the order of the field. */
  *row(row: Document): Generator<Document> {
    const value = this.fieldOf(row);
    if (value === null || value === undefined) {
      yield row;
      return;
    }
    this.check(value);
    const include = this.partitionOf(row);
    const key = this.surroundings.environment.ordering.key(include);
    this.first ??= value;
    this.last = value;
    let progress = this.partitions.get(key);
    if (!progress) {
      progress = { next: this.startOf(value), include };
      this.partitions.set(key, progress);
    }
    yield* this.upTo(progress, value, false);
    // What is there need not be made.
    if (this.compare(progress.next, value) === 0) progress.next = this.following(progress.next);
    yield row;
  }

  private startOf(value: Value): Value {
    const { bounds } = this.spec;
    if (bounds === 'partition') return value;
    return bounds === 'full' ? this.first : bounds[0];
  }

  private *upTo(progress: Progress, end: Value, inclusive: boolean): Generator<Document> {
    const { bounds, field } = this.spec;
    const limit = Array.isArray(bounds) ? bounds[1] : undefined;
    for (;;) {
      const order = this.compare(progress.next, end);
      if (inclusive ? order > 0 : order >= 0) return;
      if (limit !== undefined && this.compare(progress.next, limit) >= 0) return;
      if (++this.made > MOST)
        throw new CommandError(
          5897900,
          `Generated ${this.made} documents in $densify, which is over the limit of ${MOST}. Increase the 'internalQueryMaxAllowedDensifyDocs' parameter to allow more generated documents`,
        );
      yield withPath(progress.include, field, progress.next) as Document;
      progress.next = this.following(progress.next);
    }
  }

  /** What is missing behind the last rows. */
  *end(): Generator<Document> {
    const { bounds } = this.spec;
    if (bounds === 'partition') return;
    if (bounds === 'full') {
      for (const progress of this.partitions.values()) yield* this.upTo(progress, this.last, true);
      return;
    }
    if (this.partitions.size === 0) this.partitions.set('', { next: bounds[0], include: {} });
    for (const progress of this.partitions.values()) yield* this.upTo(progress, bounds[1], false);
  }
}

function densifyStage(argument: Value, surroundings: Surroundings): Stage {
  const spec = densifyOf(argument);
  const path = `$${spec.field.join('.')}`;
  const fieldOf = compileExpression(path, surroundings.environment);
  const readers = spec.partitions.map(
    (parts) => [parts, compileExpression(`$${parts.join('.')}`, surroundings.environment)] as const,
  );
  const partitionOf = (row: Document) =>
    readers.reduce<Document>((made, [parts, read]) => withPath(made, parts, read(row)) as Document, {});
  const order = documentOf([
    ...(spec.bounds === 'full' ? [] : spec.partitions.map((parts) => [parts.join('.'), 1] as const)),
    [spec.field.join('.'), 1] as const,
  ]);
  const sorting = sortStage(order, surroundings);
  return function* run(rows: Rows) {
    const filler = new Filler(spec, surroundings, partitionOf, fieldOf);
    for (const row of sorting(rows)) {
      if (row) yield* filler.row(row);
      else yield undefined;
    }
    yield* filler.end();
  };
}

/** `$densify`: documents for the gaps in a sequence. */
export const densify: StageDefinition = { compile: densifyStage };
