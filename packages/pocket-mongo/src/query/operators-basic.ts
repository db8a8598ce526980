import { type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import {
  argumentsOf,
  binaryOperator,
  bind,
  type Compiler,
  checkArity,
  type Evaluate,
  missing,
  type Operator,
  type Operators,
  type Scope,
  typeName,
  unaryOperator,
} from './operator.js';

// Other modules take it from here.
export { typeName } from './operator.js';

function comparison(holds: (order: number) => boolean): Operator {
  return binaryOperator((a, b, scope) => holds(scope.environment.ordering.compare(a, b)));
}

function cond(argument: Value, compiler: Compiler, name: string): Evaluate {
  const [test, yes, no] = condParts(argument, name).map((part) => compiler.compile(part)) as [
    Evaluate,
    Evaluate,
    Evaluate,
  ];
  return (scope) => (truthy(test(scope)) ? yes(scope) : no(scope));
}

function condParts(argument: Value, name: string): readonly Value[] {
  if (!isDocument(argument) || Object.keys(argument)[0]?.startsWith('$')) {
    const given = argumentsOf(argument);
    checkArity(name, given.length, 3, 3);
    return given;
  }
  for (const key of Object.keys(argument))
    if (!['if', 'then', 'else'].includes(key)) throw new CommandError(17083, `Unrecognized parameter to $cond: ${key}`);
  for (const [key, code] of [
    ['if', 17080],
    ['then', 17081],
    ['else', 17082],
  ] as const)
    if (argument[key] === undefined) throw new CommandError(code, `Missing '${key}' parameter to $cond`);
  return [argument.if, argument.then, argument.else];
}

function choose(argument: Value, compiler: Compiler): Evaluate {
  if (!isDocument(argument))
    throw new CommandError(40060, `$switch requires an object as an argument, found: ${typeName(argument)}`);
  for (const key of Object.keys(argument))
    if (key !== 'branches' && key !== 'default')
      throw new CommandError(40067, `$switch found an unknown argument: ${key}`);
  const { branches: given = [] } = argument;
  if (!Array.isArray(given))
    throw new CommandError(40061, `$switch expected an array for 'branches', found: ${typeName(given)}`);
  const branches = given.map((branch) => branchOf(branch, compiler));
  if (branches.length === 0) throw new CommandError(40068, '$switch requires at least one branch.');
  const otherwise = 'default' in argument ? compiler.compile(argument.default) : undefined;
  return (scope) => {
    for (const [test, then] of branches) if (truthy(test(scope))) return then(scope);
    if (!otherwise)
      throw new CommandError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    return otherwise(scope);
  };
}

function branchOf(branch: Value, compiler: Compiler): readonly [Evaluate, Evaluate] {
  if (!isDocument(branch))
    throw new CommandError(40062, `$switch expected each branch to be an object, found: ${typeName(branch)}`);
  for (const key of Object.keys(branch))
    if (key !== 'case' && key !== 'then')
      throw new CommandError(40063, `$switch found an unknown argument to a branch: ${key}`);
  if (branch.case === undefined) throw new CommandError(40064, "$switch requires each branch have a 'case' expression");
  if (branch.then === undefined)
    throw new CommandError(40065, "$switch requires each branch have a 'then' expression.");
  return [compiler.compile(branch.case), compiler.compile(branch.then)];
}

function ifNull(argument: Value, compiler: Compiler): Evaluate {
  const given = argumentsOf(argument);
  if (given.length < 2) throw new CommandError(1257300, `$ifNull needs at least two arguments, had: ${given.length}`);
  const list = given.map((one) => compiler.compile(one));
  return (scope) => {
    let last: Value;
    for (const evaluate of list) {
      last = evaluate(scope);
      if (!missing(last)) return last;
    }
    return last;
  };
}

function logic(stop: boolean): Operator {
  return (argument, compiler) => {
    const list = argumentsOf(argument).map((one) => compiler.compile(one));
    return (scope) => {
      for (const evaluate of list) if (truthy(evaluate(scope)) === stop) return stop;
      return !stop;
    };
  };
}

/** @throws CommandError 16866 to 16868 when a variable may not have the name. */
export function checkVariableName(name: string): void {
  if (name === '') throw new CommandError(16866, 'empty variable names are not allowed');
  if (name === 'CURRENT') return;
  if (!/^[a-z\u0080-\uffff]/.test(name))
    throw new CommandError(16867, `'${name}' starts with an invalid character for a user variable name`);
  if (/[^A-Za-z0-9_\u0080-\uffff]/.test(name))
    throw new CommandError(16868, `'${name}' contains an invalid character for a variable name`);
}

function letIn(argument: Value, compiler: Compiler): Evaluate {
  if (!isDocument(argument)) throw new CommandError(16874, '$let only supports an object as its argument');
  for (const key of Object.keys(argument))
    if (key !== 'vars' && key !== 'in') throw new CommandError(16875, `Unrecognized parameter to $let: ${key}`);
  if (argument.vars === undefined) throw new CommandError(16876, "Missing 'vars' parameter to $let");
  if (argument.in === undefined) throw new CommandError(16877, "Missing 'in' parameter to $let");
  if (!isDocument(argument.vars)) throw new CommandError(10065, 'invalid parameter: expected an object (vars)');
  const variables = Object.entries(argument.vars).map(([name, value]) => {
    checkVariableName(name);
    return [name, compiler.compile(value)] as const;
  });
  const body = compiler.within(Object.keys(argument.vars as Document)).compile(argument.in);
  return (scope: Scope) => {
    let inner = scope;
    for (const [name, evaluate] of variables) {
      const value = evaluate(scope);
      inner = name === 'CURRENT' ? { ...inner, current: value } : bind(inner, name, value);
    }
    return body(inner);
  };
}

/** Comparison, logic, conditions. */
export const basicOperators: Operators = {
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: binaryOperator((a, b, scope) => Math.sign(scope.environment.ordering.compare(a, b))),
  $and: logic(false),
  $or: logic(true),
  $not: unaryOperator((value) => !truthy(value)),
  $cond: cond,
  $switch: choose,
  $ifNull: ifNull,
  $let: letIn,
  $type: unaryOperator(typeName),
};
