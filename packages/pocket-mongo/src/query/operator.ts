import { BsonType, bsonType, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Environment } from './environment.js';

/** Variables that operators bind, the innermost first. */
export interface Binding {
  readonly name: string;
  readonly value: Value;
  readonly outer: Binding | undefined;
}

/** What an expression sees: the document it stands on and the variables around it. */
export interface Scope {
  readonly root: Value;
  readonly current: Value;
  readonly bindings: Binding | undefined;
  readonly environment: Environment;
}

export type Evaluate = (scope: Scope) => Value;

/** Compiles what is nested in an operator. */
export interface Compiler {
  readonly environment: Environment;
  compile(expression: Value): Evaluate;
  /** The compiler for a place that sees more variables. */
  within(names: Iterable<string>): Compiler;
}

/** An operator compiles its argument once. `name` is its own, for messages. */
export type Operator = (argument: Value, compiler: Compiler, name: string) => Evaluate;

/** Operators by name. */
export type Operators = Readonly<Record<string, Operator>>;

export function bind(scope: Scope, name: string, value: Value): Scope {
  return { ...scope, bindings: { name, value, outer: scope.bindings } };
}

export function missing(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

export const TYPE_NAMES = new Map<number, string>(Object.entries(BsonType).map(([name, type]) => [type, name]));

export function typeName(value: Value): string {
  return value === undefined ? 'missing' : (TYPE_NAMES.get(bsonType(value)) ?? 'unknown');
}

/** The arguments of an operator; a single one need not be in an array. */
export function argumentsOf(argument: Value): readonly Value[] {
  return Array.isArray(argument) ? argument : [argument];
}

/** 16020 or 28667: the wrong number of arguments. */
export function checkArity(name: string, given: number, least: number, most: number): void {
  if (given >= least && given <= most) return;
  if (least === most)
    throw new CommandError(16020, `Expression ${name} takes exactly ${least} arguments. ${given} were passed in.`);
  throw new CommandError(
    28667,
    `Expression ${name} takes at least ${least} arguments, and at most ${most}, but ${given} were passed in.`,
  );
}

type Apply = (values: Value[], scope: Scope, name: string) => Value;

/** An operator over a list of arguments, of which it wants between `least` and `most`. */
export function listOperator(apply: Apply, least = 0, most = least === 0 ? Number.POSITIVE_INFINITY : least): Operator {
  return (argument, compiler, name) => {
    const given = argumentsOf(argument);
    checkArity(name, given.length, least, most);
    const list = given.map((one) => compiler.compile(one));
    return (scope) =>
      apply(
        list.map((evaluate) => evaluate(scope)),
        scope,
        name,
      );
  };
}

/** An operator of exactly one argument. */
export function unaryOperator(apply: (value: Value, scope: Scope, name: string) => Value): Operator {
  return (argument, compiler, name) => {
    const given = argumentsOf(argument);
    checkArity(name, given.length, 1, 1);
    const evaluate = compiler.compile(given[0]);
    return (scope) => apply(evaluate(scope), scope, name);
  };
}

/** An operator of exactly two arguments. */
export function binaryOperator(apply: (a: Value, b: Value, scope: Scope, name: string) => Value): Operator {
  return (argument, compiler, name) => {
    const given = argumentsOf(argument);
    checkArity(name, given.length, 2, 2);
    const first = compiler.compile(given[0]);
    const second = compiler.compile(given[1]);
    return (scope) => apply(first(scope), second(scope), scope, name);
  };
}

/** What named arguments an operator takes, and MongoDB's codes for what is wrong with them. */
export interface Named {
  readonly required: Readonly<Record<string, number>>;
  readonly optional?: readonly string[];
  readonly notObject: number;
  readonly unknown: number;
}

/** Checks named arguments. @throws CommandError with the operator's own codes. */
export function checkNamed(
  argument: Value,
  { required, optional = [], notObject, unknown }: Named,
  name: string,
): Document {
  if (!isDocument(argument))
    throw new CommandError(notObject, `${name} only supports an object as its argument, found: ${typeName(argument)}`);
  for (const key of Object.keys(argument)) {
    if (!Object.hasOwn(required, key) && !optional.includes(key))
      throw new CommandError(unknown, `Unrecognized argument to ${name}: ${key}`);
  }
  for (const [key, code] of Object.entries(required))
    if (argument[key] === undefined) throw new CommandError(code, `Missing '${key}' parameter to ${name}`);
  return argument;
}

/** An operator with named arguments, all of them expressions. */
export function namedOperator(
  named: Named,
  apply: (values: Document, scope: Scope, name: string) => Value,
  check: (argument: Document) => void = () => undefined,
): Operator {
  return (argument, compiler, name) => {
    const given = checkNamed(argument, named, name);
    check(given);
    const fields = Object.entries(given).map(([key, value]) => [key, compiler.compile(value)] as const);
    return (scope) => {
      const values: Document = {};
      for (const [key, evaluate] of fields) values[key] = evaluate(scope);
      return apply(values, scope, name);
    };
  };
}
