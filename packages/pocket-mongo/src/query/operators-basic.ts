import { compare } from '../bson/compare.js';
import { add, isNumeric, multiply, type Numeric, nearest } from '../bson/numbers.js';
import {
  BsonType,
  bsonType,
  Decimal128,
  type Document,
  isDocument,
  isInt32,
  toDouble,
  truthy,
  type Value,
} from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Evaluate, Operator, Scope } from './operator.js';

export function missing(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** An operator over a list of arguments; a single argument need not be in an array. */
export function listOperator(apply: (values: Value[]) => Value, count?: number): Operator {
  return (argument, compile) => {
    const list = (Array.isArray(argument) ? argument : [argument]).map(compile);
    if (count !== undefined && list.length !== count) {
      throw new CommandError(16020, `Expression takes exactly ${count} arguments. ${list.length} were passed in.`);
    }
    return (scope) => apply(list.map((evaluate) => evaluate(scope)));
  };
}

/** An operator with named arguments. */
export function namedOperator(names: readonly string[], apply: (values: Document) => Value): Operator {
  return (argument, compile) => {
    const fields = compileNamed(argument, names, compile);
    return (scope) => {
      const values: Document = {};
      for (const [name, evaluate] of fields) values[name] = evaluate(scope);
      return apply(values);
    };
  };
}

export function compileNamed(
  argument: Value,
  names: readonly string[],
  compile: (expression: Value) => Evaluate,
): (readonly [string, Evaluate])[] {
  if (!isDocument(argument)) throw new CommandError(9, `expected an object with ${names.join(', ')}`);
  for (const name of Object.keys(argument)) {
    if (!names.includes(name)) throw new CommandError(9, `unknown argument: ${name}`);
  }
  return Object.entries(argument).map(([name, value]) => [name, compile(value)] as const);
}

export function number(value: Value, operator: string): Numeric {
  if (!isNumeric(value)) throw new CommandError(14, `${operator} only supports numeric types, not ${typeName(value)}`);
  return value;
}

export const TYPE_NAMES = new Map<number, string>(Object.entries(BsonType).map(([name, type]) => [type, name]));

export function typeName(value: Value): string {
  return value === undefined ? 'missing' : (TYPE_NAMES.get(bsonType(value)) ?? 'unknown');
}

function comparison(holds: (order: number) => boolean): Operator {
  return listOperator(([a, b]) => holds(compare(a, b)), 2);
}

function fold(name: string, start: Numeric, step: (a: Numeric, b: Numeric) => Numeric): Operator {
  return listOperator((values) => {
    if (values.some(missing)) return null;
    return values.reduce<Numeric>((sum, value) => step(sum, number(value, name)), start);
  });
}

/** A function of one number; keeps the type where the result is still an integer. */
function unary(name: string, apply: (value: number) => number): Operator {
  return listOperator(([value]) => (missing(value) ? null : toDouble(apply(nearest(number(value, name))))), 1);
}

/** As `unary`, for what leaves integers as they are. */
function rounding(name: string, apply: (value: number) => number): Operator {
  return listOperator(([value]) => {
    if (missing(value)) return null;
    const numeric = number(value, name);
    if (isWhole(numeric)) return numeric;
    return numeric instanceof Decimal128
      ? Decimal128.fromString(String(apply(nearest(numeric))))
      : toDouble(apply(nearest(numeric)));
  }, 1);
}

function isWhole(value: Numeric): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && isInt32(value));
}

function subtract([a, b]: Value[]): Value {
  if (missing(a) || missing(b)) return null;
  if (a instanceof Date) {
    if (b instanceof Date) return BigInt(a.getTime() - b.getTime());
    return new Date(a.getTime() - nearest(number(b, '$subtract')));
  }
  return add(number(a, '$subtract'), multiply(number(b, '$subtract'), -1));
}

function addAll(values: Value[]): Value {
  if (values.some(missing)) return null;
  const date = values.find((value): value is Date => value instanceof Date);
  const sum = values
    .filter((value) => value !== date)
    .reduce<Numeric>((total, value) => add(total, number(value, '$add')), 0);
  return date ? new Date(date.getTime() + Math.round(nearest(sum))) : sum;
}

function divide([a, b]: Value[]): Value {
  if (missing(a) || missing(b)) return null;
  const divisor = nearest(number(b, '$divide'));
  if (divisor === 0) throw new CommandError(2, "can't $divide by zero");
  const quotient = nearest(number(a, '$divide')) / divisor;
  return a instanceof Decimal128 || b instanceof Decimal128
    ? Decimal128.fromString(String(quotient))
    : toDouble(quotient);
}

function modulo([a, b]: Value[]): Value {
  if (missing(a) || missing(b)) return null;
  const x = number(a, '$mod');
  const y = number(b, '$mod');
  if (nearest(y) === 0) throw new CommandError(16610, "can't $mod by zero");
  if (isWhole(x) && isWhole(y)) {
    const rest = BigInt(nearest(x)) % BigInt(nearest(y));
    return typeof x === 'bigint' || typeof y === 'bigint' ? rest : Number(rest);
  }
  return toDouble(nearest(x) % nearest(y));
}

/** Half to even, at a decimal place. */
function round([value, place]: Value[]): Value {
  if (missing(value)) return null;
  const numeric = number(value, '$round');
  const digits = missing(place) ? 0 : nearest(number(place, '$round'));
  if (isWhole(numeric) && digits >= 0) return numeric;
  const scale = 10 ** digits;
  const scaled = nearest(numeric) * scale;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const whole = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  const result = whole / scale;
  if (numeric instanceof Decimal128) return Decimal128.fromString(result.toFixed(Math.max(digits, 0)));
  return isWhole(numeric) ? result : toDouble(result);
}

function power([a, b]: Value[]): Value {
  if (missing(a) || missing(b)) return null;
  const result = nearest(number(a, '$pow')) ** nearest(number(b, '$pow'));
  const whole = isWhole(number(a, '$pow')) && isWhole(number(b, '$pow')) && Number.isInteger(result);
  return whole ? (isInt32(result) ? result : BigInt(result)) : toDouble(result);
}

const cond: Operator = (argument, compile) => {
  const [test, yes, no] = Array.isArray(argument)
    ? argument.map(compile)
    : isDocument(argument)
      ? [argument.if, argument.then, argument.else].map(compile)
      : [];
  if (!test || !yes || !no) throw new CommandError(16020, 'Expression $cond takes exactly 3 arguments.');
  return (scope) => (truthy(test(scope)) ? yes(scope) : no(scope));
};

const choose: Operator = (argument, compile) => {
  if (!isDocument(argument) || !Array.isArray(argument.branches))
    throw new CommandError(40060, '$switch requires an array of branches');
  const branches = argument.branches.map((branch) => {
    if (!isDocument(branch)) throw new CommandError(40062, '$switch expected each branch to be an object');
    return [compile(branch.case), compile(branch.then)] as const;
  });
  const otherwise = 'default' in argument ? compile(argument.default) : undefined;
  return (scope) => {
    for (const [test, then] of branches) if (truthy(test(scope))) return then(scope);
    if (!otherwise)
      throw new CommandError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    return otherwise(scope);
  };
};

const ifNull: Operator = (argument, compile) => {
  const list = (Array.isArray(argument) ? argument : [argument]).map(compile);
  return (scope) => {
    let last: Value;
    for (const evaluate of list) {
      last = evaluate(scope);
      if (!missing(last)) return last;
    }
    return last;
  };
};

function logic(stop: boolean): Operator {
  return (argument, compile) => {
    const list = (Array.isArray(argument) ? argument : [argument]).map(compile);
    return (scope) => (list.some((evaluate) => truthy(evaluate(scope)) === stop) ? stop : !stop);
  };
}

const letIn: Operator = (argument, compile) => {
  if (!isDocument(argument) || !isDocument(argument.vars)) throw new CommandError(16874, '$let needs vars and in');
  const variables = Object.entries(argument.vars).map(([name, value]) => [name, compile(value)] as const);
  const body = compile(argument.in);
  return (scope: Scope) => {
    const inner: Record<string, Value> = { ...scope.variables };
    for (const [name, evaluate] of variables) inner[name] = evaluate(scope);
    return body({ ...scope, variables: inner });
  };
};

/** Comparison, logic, arithmetic. */
export const basicOperators: Readonly<Record<string, Operator>> = {
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: listOperator(([a, b]) => Math.sign(compare(a, b)), 2),
  $and: logic(false),
  $or: logic(true),
  $not: listOperator(([value]) => !truthy(value), 1),
  $cond: cond,
  $switch: choose,
  $ifNull: ifNull,
  $let: letIn,
  $add: listOperator(addAll),
  $subtract: listOperator(subtract, 2),
  $multiply: fold('$multiply', 1, multiply),
  $divide: listOperator(divide, 2),
  $mod: listOperator(modulo, 2),
  $round: listOperator(round),
  $pow: listOperator(power, 2),
  $abs: listOperator(([value]) => {
    if (missing(value)) return null;
    const numeric = number(value, '$abs');
    return compare(numeric, 0) < 0 ? multiply(numeric, -1) : numeric;
  }, 1),
  $ceil: rounding('$ceil', Math.ceil),
  $floor: rounding('$floor', Math.floor),
  $trunc: listOperator(([value, place]) => {
    if (missing(value)) return null;
    const scale = 10 ** (missing(place) ? 0 : nearest(number(place, '$trunc')));
    const numeric = number(value, '$trunc');
    return isWhole(numeric) && scale >= 1 ? numeric : toDouble(Math.trunc(nearest(numeric) * scale) / scale);
  }),
  $sqrt: unary('$sqrt', Math.sqrt),
  $exp: unary('$exp', Math.exp),
  $ln: unary('$ln', Math.log),
  $log10: unary('$log10', Math.log10),
  $type: listOperator(([value]) => typeName(value), 1),
  $isNumber: listOperator(([value]) => isNumeric(value), 1),
};
