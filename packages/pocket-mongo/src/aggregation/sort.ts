import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { type Spilling, sortInRuns } from '../plan/sorting.js';
import { rootOf } from '../query/roots.js';
import { compileSort, type SortKey } from '../query/sort.js';
import type { Rows, Stage, StageDefinition, Surroundings } from './stage.js';

/** @throws CommandError 15973 or 15976 */
export function sortSpec(value: Value): Document {
  if (!isDocument(value)) throw new CommandError(15973, 'the $sort key specification must be an object');
  if (Object.keys(value).length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key');
  if (Object.keys(value).length > 32) throw new CommandError(13103, 'too many compound keys');
  return value;
}

/** `$sort`; with a limit behind it only so many are kept. */
export function sortStage(argument: Value, surroundings: Surroundings, limit?: number): Stage {
  const { environment, memory, context } = surroundings;
  const { keyOf, compareKeys } = compileSort(sortSpec(argument), environment);
  const folder = context.spillFolder;
  const spilling: Spilling<Keyed> | undefined = folder === undefined ? undefined : { folder, ...packing(keyOf) };
  return function* run(rows) {
    const hold = limit === undefined ? memory.of('$sort') : () => undefined;
    const compare = (a: Keyed, b: Keyed) => compareKeys(a.key, b.key);
    for (const one of sortInRuns(keyed(rows, keyOf, hold), { compare, limit, spilling })) yield one?.row;
  };
}

interface Keyed {
  readonly row: Document;
  readonly key: SortKey;
}

function packing(keyOf: (row: Document) => SortKey): Omit<Spilling<Keyed>, 'folder'> {
  return {
    // Decoded it takes several times as much.
    sizeOf: ({ row }) => encode(row).length * 4,
    pack: ({ row }) => encode(row),
    unpack: (bytes) => {
      const row = decode(bytes);
      return { row, key: keyOf(row) };
    },
  };
}

function* keyed(
  rows: Rows,
  keyOf: (row: Document) => SortKey,
  hold: (row: Document) => void,
): Generator<Keyed | undefined> {
  for (const row of rows) {
    if (row) hold(row);
    yield row && { row, key: keyOf(row) };
  }
}

function pathRoots(spec: Value): Set<string> {
  return new Set(isDocument(spec) ? Object.keys(spec).map(rootOf) : []);
}

export const sort: StageDefinition = {
  compile: (argument, surroundings) => sortStage(argument, surroundings),
  needs: (argument) => ({ fields: pathRoots(argument), ends: false }),
};

/** @throws CommandError 15958 or 5107201 */
export function limitOf(value: Value): number {
  const limit = asNumber(value);
  if (limit === undefined || !Number.isInteger(limit) || limit < 0)
    throw new CommandError(5107201, `invalid argument to $limit stage: Expected a non-negative number in: $limit`);
  if (limit === 0) throw new CommandError(15958, 'the limit must be positive');
  return limit;
}

/** @throws CommandError 5107200 */
export function skipOf(value: Value): number {
  const skip = asNumber(value);
  if (skip === undefined || !Number.isInteger(skip) || skip < 0)
    throw new CommandError(5107200, 'invalid argument to $skip stage: Expected a non-negative number in: $skip');
  return skip;
}

function* window(rows: Rows, skip: number, limit: number): Generator<Document | undefined> {
  let passed = 0;
  for (const row of rows) {
    if (!row) yield undefined;
    else if (++passed > skip) yield row;
    if (passed >= skip + limit) return;
  }
}

const NOTHING = { fields: new Set<string>(), ends: false };

export const limit: StageDefinition = {
  compile(argument) {
    const most = limitOf(argument);
    return (rows) => window(rows, 0, most);
  },
  needs: () => NOTHING,
};

export const skip: StageDefinition = {
  compile(argument) {
    const first = skipOf(argument);
    return (rows) => window(rows, first, Number.POSITIVE_INFINITY);
  },
  needs: () => NOTHING,
};

/** `$sample`: so many rows at random, each equally likely, in a random order. */
export const sample: StageDefinition = {
  compile(argument) {
    const size = sampleSize(argument);
    return function* run(rows) {
      const kept: Document[] = [];
      let seen = 0;
      for (const row of rows) {
        if (!row) {
          yield undefined;
          continue;
        }
        seen++;
        if (kept.length < size) kept.push(row);
        else {
          const at = Math.floor(Math.random() * seen);
          if (at < size) kept[at] = row;
        }
      }
      shuffle(kept);
      yield* kept;
    };
  },
  needs: () => NOTHING,
};

function shuffle(rows: Document[]): void {
  for (let i = rows.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [rows[i], rows[other]] = [rows[other] as Document, rows[i] as Document];
  }
}

function sampleSize(argument: Value): number {
  if (!isDocument(argument)) throw new CommandError(28745, 'the $sample stage specification must be an object');
  for (const key of Object.keys(argument))
    if (key !== 'size') throw new CommandError(28748, `unrecognized option to $sample: ${key}`);
  if (argument.size === undefined) throw new CommandError(28749, '$sample stage must specify a size');
  const size = asNumber(argument.size);
  if (size === undefined) throw new CommandError(28746, 'size argument to $sample must be a number');
  if (size < 1) throw new CommandError(28747, 'size argument to $sample must be a positive integer');
  return Math.trunc(size);
}
