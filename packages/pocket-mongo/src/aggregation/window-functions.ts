import { isNumeric, nearest } from '../bson/numbers.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Environment } from '../query/environment.js';
import { compileExpression, constantExpression } from '../query/expression.js';
import type { MakeAccumulator } from './accumulator.js';
import { accumulatorNames, compileAccumulator } from './accumulators.js';
import { Beat } from './stage.js';
import { compileWindow, type Window } from './window-bounds.js';
import type { CompileWindowFunction, Partition, WindowContext, WindowFunction } from './window-function.js';
import { numericWindowFunctions } from './window-numbers.js';

/** Gathers each row's window; one that only grows is gathered once. */
export function* gather(
  partition: Partition,
  { bounds, grows }: Window,
  make: MakeAccumulator,
): Generator<undefined, Value[]> {
  const { rows } = partition;
  const result: Value[] = [];
  const beat = new Beat();
  let accumulator = make({});
  let [start, end] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const [from, to] = bounds(partition, i);
    if (!grows || from !== start || to < end) {
      if (from !== start || to !== end || i === 0) {
        accumulator = make({});
        [start, end] = [from, from];
      }
    }
    for (; end < to; end++) {
      accumulator.add(rows[end] as Document);
      if (beat.due) yield undefined;
    }
    result.push(accumulator.result());
    if (beat.due) yield undefined;
  }
  return result;
}

function accumulated(name: string): CompileWindowFunction {
  return (argument, { sortBy, window, environment }) => {
    const make = compileAccumulator(name, argument, environment);
    const compiled = compileWindow(window, sortBy, environment);
    return (partition) => gather(partition, compiled, make);
  };
}

function noWindow({ window, name }: WindowContext): void {
  if (window !== undefined) throw new CommandError(5371601, `'window' field is not allowed in ${name}`);
}

/** The sort that ranks rows. @throws CommandError 5371602 */
function oneSort({ sortBy, name }: WindowContext): void {
  if (!sortBy || Object.keys(sortBy).length !== 1)
    throw new CommandError(
      5371602,
      `${name} must be specified with a top level sortBy expression with exactly one element`,
    );
}

/** `$rank` and its kin: `next` gives the rank of a row from the last rank, its position, and whether it is a tie. */
function ranking(next: (last: number, position: number, tie: boolean) => number): CompileWindowFunction {
  return (argument, context) => {
    if (!isDocument(argument) || Object.keys(argument).length > 0)
      throw new CommandError(5371603, `${context.name} must be specified with '{}' as the value`);
    noWindow(context);
    oneSort(context);
    const { compare } = context.environment.ordering;
    return function* run({ keys }) {
      const ranks: Value[] = [];
      let last = 0;
      for (let i = 0; i < keys.length; i++) {
        const tie = i > 0 && compare(keys[i]?.[0], keys[i - 1]?.[0]) === 0;
        last = next(last, i + 1, tie);
        ranks.push(last);
        if (i % 1024 === 1023) yield undefined;
      }
      return ranks;
    };
  };
}

const shift: CompileWindowFunction = (argument, context) => {
  noWindow(context);
  if (!isDocument(argument)) throw new CommandError(9, 'Argument to $shift must be an object');
  for (const key of Object.keys(argument))
    if (!['output', 'by', 'default'].includes(key)) throw new CommandError(9, `$shift got unexpected argument: ${key}`);
  if (argument.output === undefined) throw new CommandError(9, "$shift requires an 'output' expression.");
  if (argument.by === undefined) throw new CommandError(9, "$shift requires 'by' as an integer value.");
  if (!context.sortBy) throw new CommandError(9, "'$shift' requires a sortBy");
  const by = isNumeric(argument.by) ? nearest(argument.by) : Number.NaN;
  if (!Number.isInteger(by)) throw new CommandError(9, "'$shift:by' field must be an integer");
  const otherwise = constantExpression(argument.default ?? null, context.environment);
  if (!otherwise) throw new CommandError(9, "'$shift:default' expression must yield a constant value.");
  const output = compileExpression(argument.output, context.environment);
  return function* run({ rows }) {
    const result: Value[] = [];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i + by];
      result.push(row ? (output(row) ?? null) : otherwise.value);
      if (i % 1024 === 1023) yield undefined;
    }
    return result;
  };
};

/** `$locf`: the last value that was there. */
const locf: CompileWindowFunction = (argument, context) => {
  noWindow(context);
  const evaluate = compileExpression(argument, context.environment);
  return function* run({ rows }) {
    let last: Value = null;
    const result: Value[] = [];
    for (const [i, row] of rows.entries()) {
      const value = evaluate(row);
      if (value !== null && value !== undefined) last = value;
      result.push(last);
      if (i % 1024 === 1023) yield undefined;
    }
    return result;
  };
};

/** Accumulators that `$setWindowFields` has not. */
const NOT_OVER_WINDOWS = new Set(['$mergeObjects']);

const FUNCTIONS: Readonly<Record<string, CompileWindowFunction>> = {
  ...Object.fromEntries(
    accumulatorNames.filter((name) => !NOT_OVER_WINDOWS.has(name)).map((name) => [name, accumulated(name)]),
  ),
  $rank: ranking((last, position, tie) => (tie ? last : position)),
  $denseRank: ranking((last, _, tie) => (tie ? last : last + 1)),
  $documentNumber: ranking((_, position) => position),
  $shift: shift,
  $locf: locf,
  ...numericWindowFunctions,
};

/** All functions of `$setWindowFields`, for the documentation. */
export const windowFunctions: readonly string[] = Object.keys(FUNCTIONS);

/** Compiles one output of `$setWindowFields`. @throws CommandError 9 when there is no such function. */
export function compileWindowFunction(
  spec: Document,
  sortBy: Document | undefined,
  environment: Environment,
): WindowFunction {
  const name = Object.keys(spec).find((key) => key.startsWith('$'));
  if (name === undefined) throw new CommandError(9, 'Expected a $-prefixed window function');
  for (const key of Object.keys(spec))
    if (key !== name && key !== 'window')
      throw new CommandError(9, `Window function found an unknown argument: ${key}`);
  const compile = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!compile) throw new CommandError(9, `Unrecognized window function, ${name}`);
  return compile(spec[name], { sortBy, window: spec.window, environment, name });
}
