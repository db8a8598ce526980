import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { compileExpression } from '../query/expression.js';
import { checkSeveral, wantedCount } from '../query/operators-accumulator.js';
import { compileSort } from '../query/sort.js';
import type { CompileAccumulator } from './accumulator.js';

interface Kept {
  readonly value: Value;
  readonly key: readonly Value[];
}

/** Keeps the `n` first or last in an order; of equals those that came first. */
class Best {
  private kept: Kept[] = [];

  constructor(
    private readonly n: number,
    private readonly compare: (a: Kept, b: Kept) => number,
    private readonly fromEnd: boolean,
  ) {}

  add(one: Kept): void {
    this.kept.push(one);
    if (this.kept.length > 64 && this.kept.length > this.n * 4) this.kept = this.cut();
  }

  /** In order. */
  cut(): Kept[] {
    const sorted = [...this.kept].sort(this.compare);
    if (this.fromEnd) return this.n >= sorted.length ? sorted : sorted.slice(-this.n);
    return sorted.slice(0, this.n);
  }
}

/** `$minN` and `$maxN`: nulls do not count. */
function extremes(direction: 1 | -1): CompileAccumulator {
  return (argument, environment, name) => {
    const given = checkSeveral(argument, name, ['n', 'input']);
    const evaluate = compileExpression(given.input, environment);
    const n = compileExpression(given.n, environment);
    const { compare } = environment.ordering;
    return (group) => {
      const best = new Best(wantedCount(n(group ?? {})), (a, b) => compare(a.value, b.value) * direction, false);
      return {
        add(row) {
          const value = evaluate(row);
          if (value !== null && value !== undefined) best.add({ value, key: [] });
        },
        result: () => best.cut().map(({ value }) => value),
      };
    };
  };
}

/** `$firstN` and `$lastN`: as they come. */
function ends(last: boolean): CompileAccumulator {
  return (argument, environment, name) => {
    const given = checkSeveral(argument, name, ['n', 'input']);
    const evaluate = compileExpression(given.input, environment);
    const n = compileExpression(given.n, environment);
    return (group) => {
      const wanted = wantedCount(n(group ?? {}));
      let values: Value[] = [];
      return {
        add(row) {
          if (!last && values.length >= wanted) return;
          values.push(evaluate(row) ?? null);
          if (last && values.length > 64 && values.length > wanted * 4) values = values.slice(-wanted);
        },
        result: () => (last ? values.slice(-wanted) : values.slice(0, wanted)),
      };
    };
  };
}

/** `$top`, `$bottom` and their kin with `n`: by an order of the documents. */
function ranked(bottom: boolean, single: boolean): CompileAccumulator {
  return (argument, environment, name) => {
    const given = checkRanked(argument, name, single);
    const order = compileSort(given.sortBy as Document, environment);
    const evaluate = compileExpression(given.output, environment);
    const n = single ? undefined : compileExpression(given.n, environment);
    return (group) => {
      const wanted = n ? wantedCount(n(group ?? {})) : 1;
      const best = new Best(wanted, (a, b) => order.compareKeys(a.key, b.key), bottom);
      return {
        add: (row) => best.add({ value: evaluate(row) ?? null, key: order.keyOf(row) }),
        result() {
          const values = best.cut().map(({ value }) => value);
          return single ? (values[0] ?? null) : values;
        },
      };
    };
  };
}

function checkRanked(argument: Value, name: string, single: boolean): Readonly<Record<string, Value>> {
  const names = single ? ['sortBy', 'output'] : ['n', 'sortBy', 'output'];
  if (!isDocument(argument)) throw new CommandError(5788001, `specification must be an object; found ${name}`);
  for (const key of Object.keys(argument))
    if (!names.includes(key)) throw new CommandError(5788002, `Unknown argument to ${name} '${key}'`);
  if (!single && argument.n === undefined) throw new CommandError(5788003, "Missing value for 'n'");
  if (argument.output === undefined) throw new CommandError(5788004, "Missing value for 'output'");
  if (argument.sortBy === undefined) throw new CommandError(5788005, "Missing value for 'sortBy'");
  if (!isDocument(argument.sortBy)) throw new CommandError(10065, 'invalid parameter: expected an object (sortBy)');
  return argument;
}

/** The accumulators that keep several values, or choose by an order. */
export const severalAccumulators: Readonly<Record<string, CompileAccumulator>> = {
  $firstN: ends(false),
  $lastN: ends(true),
  $minN: extremes(1),
  $maxN: extremes(-1),
  $top: ranked(false, true),
  $bottom: ranked(true, true),
  $topN: ranked(false, false),
  $bottomN: ranked(true, false),
};
