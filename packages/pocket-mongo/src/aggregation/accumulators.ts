import { Sum } from '../bson/arithmetic.js';
import { isNumeric, type Numeric } from '../bson/numbers.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import type { Environment } from '../query/environment.js';
import { compileExpression } from '../query/expression.js';
import { mergeObjects } from '../query/operators-object.js';
import { Deviation, fractionsOf, percentileSpec, percentiles } from '../query/statistics.js';
import type { CompileAccumulator, MakeAccumulator } from './accumulator.js';
import { severalAccumulators } from './accumulators-several.js';

/** An accumulator over the values of one expression. */
function over(make: (environment: Environment) => { add(value: Value): void; result(): Value }): CompileAccumulator {
  return (argument, environment, name) => {
    if (Array.isArray(argument)) throw new CommandError(40237, `The ${name} accumulator is a unary operator`);
    const evaluate = compileExpression(argument, environment);
    return () => {
      const state = make(environment);
      return { add: (row) => state.add(evaluate(row)), result: () => state.result() };
    };
  };
}

function sum(finish: (sum: Sum) => Value): CompileAccumulator {
  return over(() => {
    const total = new Sum();
    return {
      add(value) {
        if (isNumeric(value)) total.add(value);
      },
      result: () => finish(total),
    };
  });
}

function best(direction: 1 | -1): CompileAccumulator {
  return over(({ ordering }) => {
    let kept: Value;
    return {
      add(value) {
        if (value === null || value === undefined) return;
        if (kept === undefined || ordering.compare(value, kept) * direction > 0) kept = value;
      },
      result: () => kept ?? null,
    };
  });
}

function deviation(sample: boolean): CompileAccumulator {
  return over(() => {
    const state = new Deviation();
    return {
      add(value) {
        if (isNumeric(value)) state.add(value);
      },
      result: () => state.result(sample),
    };
  });
}

const first = over(() => {
  let kept: { value: Value } | undefined;
  return {
    add(value) {
      kept ??= { value };
    },
    result: () => kept?.value ?? null,
  };
});

const last = over(() => {
  let kept: Value;
  return {
    add(value) {
      kept = value;
    },
    result: () => kept ?? null,
  };
});

const push = over(() => {
  const values: Value[] = [];
  return {
    add(value) {
      if (value !== undefined) values.push(value);
    },
    result: () => values.slice(),
  };
});

const addToSet = over(({ ordering }) => {
  const values = new Map<string, Value>();
  return {
    add(value) {
      if (value === undefined) return;
      const key = ordering.key(value);
      if (!values.has(key)) values.set(key, value);
    },
    result: () => [...values.values()],
  };
});

const merge = over(() => {
  let merged: Document = {};
  return {
    add(value) {
      merged = mergeObjects([merged, value]);
    },
    result: () => merged,
  };
});

const count: CompileAccumulator = (argument) => {
  if (!isDocument(argument) || Object.keys(argument).length > 0)
    throw new CommandError(14, '$count takes no arguments, i.e. $count:{}');
  return () => {
    let total = 0;
    return {
      add() {
        total++;
      },
      result: () => total,
    };
  };
};

function quantiles(argument: Value, environment: Environment, name: string): MakeAccumulator {
  const given = percentileSpec(argument, name);
  const evaluate = compileExpression(given.input, environment);
  const fractions = name === '$median' ? [0.5] : fractionsOf(compileExpression(given.p, environment)({}));
  return () => {
    const values: Numeric[] = [];
    return {
      add(row) {
        const value = evaluate(row);
        if (isNumeric(value)) values.push(value);
      },
      result() {
        const found = percentiles(values, fractions);
        return name === '$median' ? found[0] : found;
      },
    };
  };
}

const ACCUMULATORS: Readonly<Record<string, CompileAccumulator>> = {
  $sum: sum((total) => total.result()),
  $avg: sum((total) => total.average()),
  $count: count,
  $min: best(-1),
  $max: best(1),
  $first: first,
  $last: last,
  $push: push,
  $addToSet: addToSet,
  $mergeObjects: merge,
  $stdDevPop: deviation(false),
  $stdDevSamp: deviation(true),
  $median: quantiles,
  $percentile: quantiles,
  ...severalAccumulators,
};

/** All accumulators, for the documentation. */
export const accumulatorNames: readonly string[] = Object.keys(ACCUMULATORS).sort();

/** Compiles an accumulator. @throws CommandError 15952 when there is none of the name, 238 for scripts. */
export function compileAccumulator(name: string, argument: Value, environment: Environment): MakeAccumulator {
  const make = Object.hasOwn(ACCUMULATORS, name) ? ACCUMULATORS[name] : undefined;
  if (make) return make(argument, environment, name);
  if (name === '$accumulator') throw notImplemented(`accumulator ${name}`);
  throw new CommandError(15952, `unknown group operator '${name}'`);
}
