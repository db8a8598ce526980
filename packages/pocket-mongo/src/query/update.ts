import { equal } from '../bson/compare.js';
import { encode } from '../bson/encode.js';
import { entriesOf } from '../bson/field-order.js';
import { add, isInteger, isNumeric, multiply } from '../bson/numbers.js';
import { show } from '../bson/show.js';
import { asNumber, type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { arrayOperator, arrayOperators } from './array-updates.js';
import { type Environment, PLAIN } from './environment.js';
import { compileFilter, type Matcher } from './matcher.js';
import { typeName } from './operators-basic.js';
import { field, isIndex } from './path.js';
import type { UpdateLog } from './update-description.js';
import { type Absent, locate, type Target, UpdateContext } from './update-path.js';

/** Changes a document in place. `inserting` is true for an upsert's new document. */
export type Updater = (
  document: Document,
  query: PositionalQuery,
  inserting: boolean,
  /** Where somebody listens: told which paths change. */
  log?: UpdateLog,
) => Document;

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
export const updateOperators: readonly string[] = [...Object.keys(FIELD_OPERATORS), '$rename', ...arrayOperators];

function arithmetic(operator: '$inc' | '$mul', target: Target, operand: Value): void {
  if (!isNumeric(operand))
    throw new CommandError(
      14,
      `Cannot ${operator === '$inc' ? 'increment' : 'multiply'} with non-numeric argument: {${target.path}: ${show(operand)}}`,
    );
  const current = target.get();
  if (current === undefined) {
    target.set(operator === '$inc' ? operand : multiply(operand, 0));
    return;
  }
  if (!isNumeric(current)) {
    const id = show(target.context.root._id);
    throw new CommandError(
      14,
      `Cannot apply ${operator} to a value of non-numeric type. {_id: ${id}} has the field '${target.path}' of non-numeric type ${typeName(current)}`,
    );
  }
  target.set(operator === '$inc' ? add(current, operand) : multiply(current, operand));
}

function extreme(target: Target, operand: Value, direction: 1 | -1): void {
  const current = target.get();
  const { compare } = target.context.environment.ordering;
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
  const given = target.get();
  let current = given === undefined ? 0 : given;
  for (const [name, mask] of Object.entries(operand)) {
    if (!isInteger(current)) throw badValue(`Cannot apply $bit to a value of non-integral type: ${typeName(current)}`);
    if (!isInteger(mask)) throw badValue('The $bit modifier field must be an Integer');
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
export function compileUpdate(
  update: Document,
  arrayFilters: readonly Document[],
  environment: Environment = PLAIN,
): Updater {
  const steps = collectSteps(update);
  checkConflicts(steps);
  const filters = compileArrayFilters(arrayFilters, steps, environment);
  // New fields are added in the order of their names, whatever the order in the command.
  steps.sort((a, b) => comparePaths(written(a), written(b)));
  const arrayPaths = new Set(steps.flatMap(({ path }) => /^(.+?)\.\$(?:\.|$)/.exec(path)?.[1] ?? []));
  return (document, query, inserting, log) => {
    const context = new UpdateContext(document, query.filter, arrayPaths, filters, environment, log);
    for (const step of steps) applyStep(context, step, inserting);
    return document;
  };
}

/** Applies an operator, and tells the log what came of it. */
function change(target: Target, step: Step, apply: () => unknown): void {
  const { log } = target.context;
  if (!log) {
    apply();
    return;
  }
  const current = target.get();
  // Arrays are added to in place.
  const was = Array.isArray(current) ? [...current] : current;
  apply();
  tell(log, target, step, was, target.get());
}

function tell(log: UpdateLog, { parts, depth }: Target, step: Step, was: Value, now: Value): void {
  if (now === undefined) {
    if (was !== undefined) log.removed(parts);
  } else if (was === undefined) log.created(parts.slice(0, depth));
  else if (Array.isArray(was) && Array.isArray(now) && appends(step, was.length)) {
    for (let i = was.length; i < now.length; i++) log.updated([...parts, String(i)]);
  } else if (!encode({ '': was }).equals(encode({ '': now }))) log.updated(parts);
}

/** True for a `$push` that only adds behind what is there: MongoDB names the new elements then, not the array. */
function appends({ operator, operand }: Step, length: number): boolean {
  if (operator !== '$push' || length === 0) return false;
  if (!isDocument(operand) || !('$each' in operand)) return true;
  const { $each: each, $position: position, $slice: slice, $sort: sort } = operand;
  if (sort !== undefined || !Array.isArray(each)) return false;
  const limit = asNumber(slice);
  return (
    (limit === undefined || Math.abs(limit) >= length + each.length) &&
    (position === undefined || (asNumber(position) ?? 0) > length)
  );
}

function applyStep(context: UpdateContext, step: Step, inserting: boolean): void {
  checkDollar(step.path, inserting);
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
  for (const target of locate(context, step.path, absent(step.operator))) {
    change(target, step, () => apply(target, step.operand, inserting));
  }
}

function absent(operator: string): Absent {
  if (operator === '$unset') return 'unset';
  return ['$pull', '$pullAll', '$pop'].includes(operator) ? 'skip' : 'make';
}

function rename(context: UpdateContext, step: Step): void {
  const [from] = locate(context, step.path, 'skip');
  const value = from?.get();
  if (!from || value === undefined) return;
  for (const [path, end] of [
    [step.path, 'source'],
    [String(step.operand), 'destination'],
  ] as const) {
    const array = arrayOnPath(context.root, path);
    if (array !== undefined)
      throw badValue(
        `The ${end} field cannot be an array element, '${path}' in doc with _id: ${show(context.root._id)} has an array field called '${array}'`,
      );
  }
  const [to] = locate(context, String(step.operand), 'make');
  change(from, step, () => from.unset());
  if (to) change(to, step, () => to.set(value));
}

/** The name of the first array that a path goes through. */
function arrayOnPath(document: Document, path: string): string | undefined {
  let current: Value = document;
  for (const name of path.split('.').slice(0, -1)) {
    current = field(current, name);
    if (Array.isArray(current)) return name;
  }
  return undefined;
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
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${show(fields)}}`,
      );
    for (const [path, operand] of entriesOf(fields)) {
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
  if (parts.filter((part) => part === '$').length > 1)
    throw badValue(`Too many positional (i.e. '$') elements found in path '${path}'`);
  if (parts.includes(''))
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
}

/** A document that an upsert inserts may have top-level names with a dollar, one that is updated may not. */
function checkDollar(path: string, inserting: boolean): void {
  const [first = ''] = path.split('.');
  if (!first.startsWith('$') || (inserting && first !== '$' && !first.startsWith('$['))) return;
  throw new CommandError(
    52,
    `The dollar ($) prefixed field '${first}' in '${path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
  );
}

function checkRename(path: string, operand: Value): void {
  if (typeof operand !== 'string') throw badValue(`The 'to' field for $rename must be a string: ${path}`);
  checkPath(operand);
  if (`${operand}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${operand}.`))
    throw badValue(
      operand === path
        ? `The source and target field for $rename must differ: ${path}: "${operand}"`
        : `The source and target field for $rename must not be on the same path: ${path}: "${operand}"`,
    );
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

/** The path that a step gives a value to. */
function written({ operator, path, operand }: Step): string {
  return operator === '$rename' ? String(operand) : path;
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

function compileArrayFilters(
  filters: readonly Document[],
  steps: readonly Step[],
  environment: Environment,
): ReadonlyMap<string, Matcher> {
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
    compiled.set(name, compileFilter(filter, environment));
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
