import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import type { Evaluate, Operator, Scope } from './operator.js';
import { arrayOperators } from './operators-array.js';
import { basicOperators } from './operators-basic.js';
import { convertOperators } from './operators-convert.js';
import { dateOperators } from './operators-date.js';
import { textOperators } from './operators-text.js';

/** Marks a field for removal, from `$$REMOVE`. It never leaves the engine: it is read as missing. */
export const REMOVE: Value = undefined;

const operators: Readonly<Record<string, Operator>> = {
  ...basicOperators,
  ...convertOperators,
  ...textOperators,
  ...arrayOperators,
  ...dateOperators,
};

function compile(expression: Value): Evaluate {
  if (typeof expression === 'string' && expression.startsWith('$')) return compilePath(expression);
  if (Array.isArray(expression)) {
    const elements = expression.map(compile);
    return (scope) => elements.map((element) => element(scope) ?? null);
  }
  if (!isDocument(expression)) return () => expression;
  const names = Object.keys(expression);
  const [first] = names;
  if (first?.startsWith('$')) {
    if (names.length > 1)
      throw new CommandError(
        15983,
        `an expression specification must contain exactly one field, found ${names.length}: ${names.join(', ')}`,
      );
    return compileOperator(first, expression[first]);
  }
  return compileObject(expression);
}

function compileOperator(name: string, argument: Value): Evaluate {
  if (name === '$literal') return () => argument;
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
  if (operator) return operator(argument, compile);
  if (KNOWN_BUT_MISSING.has(name)) throw notImplemented(`expression operator ${name}`);
  throw new CommandError(168, `Unrecognized expression '${name}'`);
}

const KNOWN_BUT_MISSING = new Set([
  '$function',
  '$accumulator',
  '$meta',
  '$rand',
  '$sampleRate',
  '$toHashedIndexKey',
  '$tsIncrement',
  '$tsSecond',
  '$median',
  '$percentile',
]);

function compileObject(expression: Document): Evaluate {
  const fields = Object.entries(expression).map(([name, value]) => [name, compile(value)] as const);
  return (scope) => {
    const result: Document = {};
    for (const [name, evaluate] of fields) {
      const value = evaluate(scope);
      if (value !== undefined) result[name] = value;
    }
    return result;
  };
}

function compilePath(path: string): Evaluate {
  if (!path.startsWith('$$')) {
    const parts = path.slice(1).split('.');
    checkParts(path, parts);
    return (scope) => follow(scope.current, parts, 0);
  }
  const [name = '', ...parts] = path.slice(2).split('.');
  if (name === '') throw new CommandError(16872, `'${path}' is not a valid variable`);
  return (scope) => follow(variable(name, scope), parts, 0);
}

function checkParts(path: string, parts: readonly string[]): void {
  if (parts.some((part) => part === ''))
    throw new CommandError(40353, `FieldPath must not be empty or end with a '.': '${path}'`);
}

function variable(name: string, scope: Scope): Value {
  if (Object.hasOwn(scope.variables, name)) return scope.variables[name];
  switch (name) {
    case 'ROOT':
      return scope.root;
    case 'CURRENT':
      return scope.current;
    case 'REMOVE':
      return REMOVE;
    case 'NOW':
      return new Date();
    default:
      throw new CommandError(17276, `Use of undefined variable: ${name}`);
  }
}

/** In expressions a path maps over arrays and numbers are field names. */
function follow(value: Value, parts: readonly string[], at: number): Value {
  let current = value;
  for (let i = at; i < parts.length; i++) {
    if (Array.isArray(current)) {
      const from = i;
      return current.map((element) => follow(element, parts, from)).filter((element) => element !== undefined);
    }
    if (!isDocument(current)) return undefined;
    const part = parts[i] as string;
    current = Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current;
}

/** Compiles an aggregation expression to a function of a document; undefined means missing. */
export function compileExpression(
  expression: Value,
  variables: Readonly<Record<string, Value>> = {},
): (document: Value) => Value {
  const evaluate = compile(expression);
  return (document) => evaluate({ root: document, current: document, variables });
}
