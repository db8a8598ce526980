import { compare, equal } from '../bson/compare.js';
import { add, isNumeric, multiply } from '../bson/numbers.js';
import { type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { arrayOperator } from './array-updates.js';
import { compileFilter, type Matcher } from './matcher.js';
import { typeName } from './operators-basic.js';
import { isIndex } from './path.js';
import { locate, type Target, UpdateContext } from './update-path.js';

/** Changes a document in place. `inserting` is true for an upsert's new document. */
export type Updater = (document: Document, query: PositionalQuery, inserting: boolean) => Document;

/** What the positional operator `$` needs: the filter that found the document. */
export interface PositionalQuery {
  readonly filter: Document;
}

type Apply = (target: Target, operand: Value, inserting: boolean) => void;

const FIELD_OPERATORS: Readonly<Record<string, Apply>> = {
  $set: (target, operand) => target.set(operand),
  $setOnInsert: (target, operand, inserting) => inserting && target.set(operand),
  $unset: (target) => target.unset(),
  $inc: (target, operand) => arithmetic('$inc', target, operand),
  $mul: (target, operand) => arithmetic('$mul', target, operand),
  $min: (target, operand) => extreme(target, operand, -1),
  $max: (target, operand) => extreme(target, operand, 1),
  $currentDate: (target, operand) => target.set(currentDate(operand)),
  $bit: (target, operand) => bitwise(target, operand),
};

/** All update operators, for the documentation. */
export const updateOperators: readonly string[] = [
  ...Object.keys(FIELD_OPERATORS),
  '$rename',
  '$push',
  '$addToSet',
  '$pull',
  '$pullAll',
  '$pop',
].sort();

function arithmetic(operator: '$inc' | '$mul', target: Target, operand: Value): void {
  if (!isNumeric(operand))
    throw new CommandError(
      14,
      `Cannot ${operator === '$inc' ? 'increment' : 'multiply'} with non-numeric argument: {${target.path}: ${JSON.stringify(operand)}}`,
    );
  const current = target.get();
  if (current === undefined) {
    target.set(operator === '$inc' ? operand : multiply(operand, 0));
    return;
  }
  if (!isNumeric(current)) {
    const id = JSON.stringify(target.context.root._id);
    throw new CommandError(
      14,
      `Cannot apply ${operator} to a value of non-numeric type. {_id: ${id}} has the field '${target.path}' of non-numeric type ${typeName(current)}`,
    );
  }
  target.set(operator === '$inc' ? add(current, operand) : multiply(current, operand));
}

function extreme(target: Target, operand: Value, direction: 1 | -1): void {
  const current = target.get();
  if (current === undefined || compare(operand, current) * direction > 0) target.set(operand);
}

function currentDate(operand: Value): Value {
  if (typeof operand === 'boolean') return new Date();
  const type = isDocument(operand) ? operand.$type : undefined;
  if (type === 'date') return new Date();
  if (type === 'timestamp') return new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 });
  throw badValue(
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  );
}

function bitwise(target: Target, operand: Value): void {
  if (!isDocument(operand)) throw badValue('The $bit modifier is not compatible with this value');
  let current = target.get() ?? 0;
  for (const [name, mask] of Object.entries(operand)) {
    if (typeof current !== 'number' && typeof current !== 'bigint')
      throw badValue(`Cannot apply $bit to a value of non-integral type: ${typeName(current)}`);
    if (typeof mask !== 'number' && typeof mask !== 'bigint')
      throw badValue('The $bit modifier field must be an Integer');
    const [a, b] = [BigInt(current), BigInt(mask)];
    const result = name === 'and' ? a & b : name === 'or' ? a | b : name === 'xor' ? a ^ b : undefined;
    if (result === undefined) throw badValue(`The $bit modifier only supports 'and', 'or', and 'xor', not '${name}'`);
    current = typeof current === 'bigint' || typeof mask === 'bigint' ? BigInt.asIntN(64, result) : Number(result);
  }
  target.set(current);
}

interface Step {
  operator: string;
  path: string;
  operand: Value;
}

/** Compiles an update document with operators. @throws CommandError as MongoDB would: 9, 40, 52, 56. */
export function compileUpdate(update: Document, arrayFilters: readonly Document[]): Updater {
  const steps = collectSteps(update);
  checkConflicts(steps);
  const filters = compileArrayFilters(arrayFilters, steps);
  // New fields are added in the order of their names, whatever the order in the command.
  steps.sort((a, b) => comparePaths(a.path, b.path));
  return (document, query, inserting) => {
    const context = new UpdateContext(document, query.filter, filters);
    for (const step of steps) applyStep(context, step, inserting);
    return document;
  };
}

function applyStep(context: UpdateContext, step: Step, inserting: boolean): void {
  if (step.operator === '$rename') {
    rename(context, step);
    return;
  }
  if (step.operator === '$setOnInsert' && !inserting) return;
  const apply = FIELD_OPERATORS[step.operator] ?? arrayOperator(step.operator);
  if (!apply)
    throw new CommandError(
      9,
      `Unknown modifier: ${step.operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  for (const target of locate(
    context,
    step.path,
    step.operator !== '$unset' && step.operator !== '$pull' && step.operator !== '$pullAll' && step.operator !== '$pop',
  )) {
    apply(target, step.operand, inserting);
  }
}

function rename(context: UpdateContext, step: Step): void {
  const [from] = locate(context, step.path, false);
  const value = from?.get();
  if (!from || value === undefined) return;
  const [to] = locate(context, String(step.operand), true);
  from.unset();
  to?.set(value);
}

function collectSteps(update: Document): Step[] {
  const steps: Step[] = [];
  for (const [operator, fields] of Object.entries(update)) {
    if (!updateOperators.includes(operator)) {
      throw new CommandError(
        9,
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDocument(fields))
      throw new CommandError(
        9,
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${JSON.stringify(fields)}}`,
      );
    for (const [path, operand] of Object.entries(fields)) {
      checkPath(path);
      if (operator === '$rename') checkRename(path, operand);
      steps.push({ operator, path, operand });
    }
  }
  return steps;
}

function checkPath(path: string): void {
  if (path === '') throw new CommandError(56, 'An empty update path is not valid.');
  const parts = path.split('.');
  if (parts.some((part) => part === ''))
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  if (parts[0]?.startsWith('$'))
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${parts[0]}' in '${path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
}

function checkRename(path: string, operand: Value): void {
  if (typeof operand !== 'string') throw badValue(`The 'to' field for $rename must be a string: ${path}`);
  checkPath(operand);
  if (operand === path) throw badValue(`The source and target field for $rename must differ: ${path}: "${operand}"`);
  if (/(^|\.)\$/.test(path) || /(^|\.)\$/.test(operand))
    throw badValue(`The source and destination fields for $rename may not be dynamic: ${path}`);
}

/** Two operators must not touch one path, nor a path and one inside it. */
function checkConflicts(steps: readonly Step[]): void {
  const taken = new Set<string>();
  const inner = new Set<string>();
  for (const { operator, path, operand } of steps) {
    for (const one of operator === '$rename' ? [path, String(operand)] : [path]) {
      const parts = one.split('.');
      const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join('.'));
      const clash = prefixes.find((prefix) => taken.has(prefix)) ?? (inner.has(one) ? one : undefined);
      if (clash !== undefined)
        throw new CommandError(40, `Updating the path '${one}' would create a conflict at '${clash}'`);
      taken.add(one);
      for (const prefix of prefixes.slice(0, -1)) inner.add(prefix);
    }
  }
}

function comparePaths(a: string, b: string): number {
  const x = a.split('.');
  const y = b.split('.');
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [p, q] = [x[i] as string, y[i] as string];
    if (p === q) continue;
    if (isIndex(p) && isIndex(q)) return Number(p) - Number(q);
    return p < q ? -1 : 1;
  }
  return x.length - y.length;
}

function compileArrayFilters(filters: readonly Document[], steps: readonly Step[]): ReadonlyMap<string, Matcher> {
  const compiled = new Map<string, Matcher>();
  for (const filter of filters) {
    const names = new Set<string>();
    collectNames(filter, names);
    const [name] = names;
    if (name === undefined)
      throw new CommandError(9, 'Cannot use an expression without a top-level field name in arrayFilters');
    if (names.size > 1)
      throw new CommandError(
        9,
        `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${[...names].join("' and '")}'`,
      );
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
      throw badValue(
        `The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
      );
    if (compiled.has(name))
      throw new CommandError(9, `Found multiple array filters with the same top-level field name ${name}`);
    compiled.set(name, compileFilter(filter));
    if (!steps.some(({ path }) => path.split('.').includes(`$[${name}]`))) {
      throw new CommandError(9, `The array filter for identifier '${name}' was not used in the update`);
    }
  }
  return compiled;
}

function collectNames(filter: Document, names: Set<string>): void {
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and' || key === '$or' || key === '$nor') {
      for (const clause of Array.isArray(value) ? value : []) if (isDocument(clause)) collectNames(clause, names);
    } else if (key.startsWith('$')) {
      throw notImplemented(`${key} in arrayFilters`);
    } else {
      names.add(key.split('.')[0] as string);
    }
  }
}

/** The `_id` of a document never changes. */
export function checkSameId(before: Document, after: Document): void {
  if (!equal(before._id, after._id)) {
    throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
}
