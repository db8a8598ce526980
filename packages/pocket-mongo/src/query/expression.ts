import { entriesOf, fieldNames, put } from '../bson/field-order.js';
import { type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import { type Environment, PLAIN } from './environment.js';
import type { Binding, Compiler, Evaluate, Operators, Scope } from './operator.js';
import { accumulatorOperators } from './operators-accumulator.js';
import { arithmeticOperators } from './operators-arithmetic.js';
import { arrayOperators } from './operators-array.js';
import { basicOperators } from './operators-basic.js';
import { convertOperators } from './operators-convert.js';
import { dateOperators } from './operators-date.js';
import { dateTextOperators } from './operators-date-text.js';
import { objectOperators } from './operators-object.js';
import { setOperators } from './operators-set.js';
import { textOperators } from './operators-text.js';

/** Marks a field for removal, from `$$REMOVE`. It never leaves the engine: it is read as missing. */
export const REMOVE: Value = undefined;

const operators: Operators = {
  ...basicOperators,
  ...arithmeticOperators,
  ...convertOperators,
  ...textOperators,
  ...arrayOperators,
  ...setOperators,
  ...objectOperators,
  ...dateOperators,
  ...dateTextOperators,
  ...accumulatorOperators,
};

/** All operators of expressions, for the documentation. */
export const expressionOperators: readonly string[] = ['$literal', ...Object.keys(operators)];

/** MongoDB's that are refused: scripts, and what needs a text or vector index. */
const REFUSED = new Set(['$function', '$accumulator', '$meta']);

/** Operators whose result differs from one evaluation to the next. */
const VOLATILE = new Set(['$rand']);

const constants = new WeakMap<Evaluate, { readonly value: Value }>();

function constant(value: Value): Evaluate {
  const evaluate = () => value;
  constants.set(evaluate, { value });
  return evaluate;
}

/** Names that stand for something in every expression. */
const SYSTEM_VARIABLES: Readonly<Record<string, Evaluate>> = {
  ROOT: (scope) => scope.root,
  CURRENT: (scope) => scope.current,
  NOW: (scope) => scope.environment.now,
  CLUSTER_TIME: (scope) =>
    scope.environment.variables.CLUSTER_TIME ??
    new Timestamp({ t: Math.floor(scope.environment.now.getTime() / 1000), i: 1 }),
};

/** The user variables of `$redact`, and what this server always answers alike. */
const SYSTEM_CONSTANTS: Readonly<Record<string, Value>> = {
  REMOVE,
  DESCEND: 'descend',
  PRUNE: 'prune',
  KEEP: 'keep',
  USER_ROLES: [],
};

/** Compiles one expression; parts without any path or variable are evaluated at once. */
class ExpressionCompiler implements Compiler {
  constructor(
    readonly environment: Environment,
    private readonly names: ReadonlySet<string>,
    /** How many parts so far depend on the document: shared by all compilers of one expression. */
    private readonly open: { count: number },
  ) {}

  within(names: Iterable<string>): Compiler {
    return new ExpressionCompiler(this.environment, new Set([...this.names, ...names]), this.open);
  }

  compile(expression: Value): Evaluate {
    const evaluate = this.compileAny(expression);
    if (!constants.has(evaluate)) this.open.count++;
    return evaluate;
  }

  private compileAny(expression: Value): Evaluate {
    if (typeof expression === 'string' && expression.startsWith('$')) return this.path(expression);
    if (Array.isArray(expression)) {
      const elements = expression.map((element) => this.compile(element));
      return this.folded(elements, (scope) => elements.map((element) => element(scope) ?? null));
    }
    if (!isDocument(expression)) return constant(expression);
    const names = fieldNames(expression);
    const [first] = names;
    if (!first?.startsWith('$')) return this.object(expression);
    if (names.length > 1)
      throw new CommandError(
        15983,
        `an expression specification must contain exactly one field, the name of the expression. Found ${names.length} fields: ${names.join(', ')}`,
      );
    return this.operator(first, expression[first]);
  }

  private folded(parts: readonly Evaluate[], evaluate: Evaluate): Evaluate {
    return parts.every((part) => constants.has(part)) ? constant(evaluate(nothing(this.environment))) : evaluate;
  }

  private operator(name: string, argument: Value): Evaluate {
    if (name === '$literal' || name === '$const') return constant(argument);
    const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
    if (!operator) {
      if (REFUSED.has(name)) throw notImplemented(`expression operator ${name}`);
      throw new CommandError(168, `Unrecognized expression '${name}'`);
    }
    const before = this.open.count;
    const evaluate = operator(argument, this, name);
    if (this.open.count > before || VOLATILE.has(name) || name === '$getField') return evaluate;
    try {
      return constant(evaluate(nothing(this.environment)));
    } catch (error) {
      // Perhaps never evaluated, as the other branch of a $cond.
      if (!(error instanceof CommandError)) throw error;
      return evaluate;
    }
  }

  private object(expression: Document): Evaluate {
    const fields = entriesOf(expression).map(([name, value]) => {
      checkFieldName(name);
      return [name, this.compile(value)] as const;
    });
    return this.folded(
      fields.map(([, evaluate]) => evaluate),
      (scope) => {
        const result: Document = {};
        for (const [name, evaluate] of fields) {
          const value = evaluate(scope);
          if (value !== undefined) put(result, name, value);
        }
        return result;
      },
    );
  }

  private path(path: string): Evaluate {
    if (!path.startsWith('$$')) {
      const parts = fieldPath(path.slice(1), path);
      const [only] = parts;
      if (parts.length === 1 && only !== undefined) return ({ current }) => direct(current, only);
      return (scope) => follow(scope.current, parts, 0);
    }
    const dot = path.indexOf('.');
    const name = path.slice(2, dot < 0 ? undefined : dot);
    if (name === '') throw new CommandError(16869, 'empty variable names are not allowed');
    const read = this.variable(name);
    if (dot < 0) return read;
    const parts = fieldPath(path.slice(dot + 1), path);
    const known = constants.get(read);
    return known ? constant(follow(known.value, parts, 0)) : (scope) => follow(read(scope), parts, 0);
  }

  private variable(name: string): Evaluate {
    if (this.names.has(name)) return (scope) => bound(scope.bindings, name);
    const { variables } = this.environment;
    if (Object.hasOwn(SYSTEM_VARIABLES, name)) return SYSTEM_VARIABLES[name] as Evaluate;
    if (Object.hasOwn(variables, name)) return constant(variables[name]);
    if (Object.hasOwn(SYSTEM_CONSTANTS, name)) return constant(SYSTEM_CONSTANTS[name]);
    if (/[^A-Za-z0-9_\u0080-\uffff]/.test(name))
      throw new CommandError(16868, `'${name}' contains an invalid character for a variable name`);
    throw new CommandError(17276, `Use of undefined variable: ${name}`);
  }
}

function nothing(environment: Environment): Scope {
  return { root: {}, current: {}, bindings: undefined, environment };
}

function bound(bindings: Binding | undefined, name: string): Value {
  for (let one = bindings; one; one = one.outer) if (one.name === name) return one.value;
  return undefined;
}

/** The parts of a dotted path. @throws CommandError 16872, 40353, 15998 or 16410 when it is none. */
export function fieldPath(text: string, whole: string): string[] {
  if (text === '') {
    if (whole === '$') throw new CommandError(16872, "'$' by itself is not a valid FieldPath");
    throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  }
  if (text.endsWith('.')) throw new CommandError(40353, "FieldPath must not end with a '.'.");
  const parts = text.split('.');
  for (const part of parts) {
    if (part === '') throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
    if (part.startsWith('$'))
      throw new CommandError(
        16410,
        "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
      );
    if (part.includes('\0')) throw new CommandError(16411, 'FieldPath field names may not contain NUL.');
  }
  return parts;
}

function checkFieldName(name: string): void {
  if (name === '') throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
  if (name.startsWith('$'))
    throw new CommandError(
      16410,
      "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
    );
  if (name.includes('.'))
    throw new CommandError(16412, "FieldPath field names may not contain '.'. Consider using $getField or $setField.");
}

function direct(value: Value, name: string): Value {
  if (isDocument(value)) return Object.hasOwn(value, name) ? value[name] : undefined;
  return Array.isArray(value) ? follow(value, [name], 0) : undefined;
}

/** In expressions a path maps over arrays and numbers are field names. */
function follow(value: Value, parts: readonly string[], at: number): Value {
  let current = value;
  for (let i = at; i < parts.length; i++) {
    if (Array.isArray(current)) {
      const from = i;
      return current
        .map((element) => (isDocument(element) ? follow(element, parts, from) : undefined))
        .filter((element) => element !== undefined);
    }
    if (!isDocument(current)) return undefined;
    const part = parts[i] as string;
    current = Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Compiles an aggregation expression to a function of a document; undefined means missing. */
export function compileExpression(expression: Value, environment: Environment = PLAIN): (document: Value) => Value {
  const evaluate = new ExpressionCompiler(environment, NO_NAMES, { count: 0 }).compile(expression);
  const known = constants.get(evaluate);
  if (known) return () => known.value;
  return (document) => evaluate({ root: document, current: document, bindings: undefined, environment });
}

/** The value of an expression that depends on no document; undefined when it depends on one. */
export function constantExpression(expression: Value, environment: Environment): { readonly value: Value } | undefined {
  return constants.get(new ExpressionCompiler(environment, NO_NAMES, { count: 0 }).compile(expression));
}

/** Compiles an expression for parts of a document: a function of the whole and of the part. */
export function compileWithin(expression: Value, environment: Environment): (root: Value, current: Value) => Value {
  const evaluate = new ExpressionCompiler(environment, NO_NAMES, { count: 0 }).compile(expression);
  return (root, current) => evaluate({ root, current, bindings: undefined, environment });
}
