import { entriesOf, put, remove } from '../bson/field-order.js';
import { show } from '../bson/show.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import type { Environment } from './environment.js';
import { compileFilter, isOperators, isTopLevel, type Matcher } from './matcher.js';
import { field, isIndex } from './path.js';
import type { UpdateLog } from './update-description.js';

/** MongoDB refuses to fill an array with more nulls than this. */
const MAX_PADDING = 1_500_000;

/** One update of one document: what its paths may refer to. */
export class UpdateContext {
  private readonly positions = new Map<string, number>();

  /** @param arrayPaths of the arrays that `$` is used in: what it stands for is found before anything changes. */
  constructor(
    readonly root: Document,
    private readonly filter: Document,
    arrayPaths: Iterable<string>,
    readonly arrayFilters: ReadonlyMap<string, Matcher>,
    readonly environment: Environment,
    readonly log?: UpdateLog,
  ) {
    for (const path of arrayPaths) {
      const parts = path.split('.');
      const array = valueAt(root, parts);
      if (Array.isArray(array)) this.positions.set(path, this.find(parts, array));
    }
  }

  private find(arrayParts: readonly string[], array: readonly Value[]): number {
    return findPosition(this.filter, arrayParts, array, this.root, this.environment);
  }

  /** The position that `$` stands for in this array: its first element that the filter matched. */
  positional(arrayPath: string, array: readonly Value[]): number {
    const index = this.positions.get(arrayPath) ?? this.find(arrayPath.split('.'), array);
    if (index < 0) throw badValue('The positional operator did not find the match needed from the query.');
    return index;
  }
}

function findPosition(
  filter: Document,
  arrayParts: readonly string[],
  array: readonly Value[],
  root: Document,
  environment: Environment,
): number {
  for (const condition of arrayConditions(filter, arrayParts, root, environment)) {
    const index = array.findIndex(condition);
    if (index >= 0) return index;
  }
  return positionInOther(filter, arrayParts, root, environment);
}

/** Where the filter says nothing of the array, the position in another array that it looked into is taken, as MongoDB does. */
function positionInOther(
  filter: Document,
  arrayParts: readonly string[],
  root: Document,
  environment: Environment,
): number {
  for (const key of Object.keys(filter).reverse()) {
    const parts = key.split('.');
    const depth = parts.findIndex((_, i) => Array.isArray(valueAt(root, parts.slice(0, i + 1)))) + 1;
    const other = parts.slice(0, depth);
    if (depth === 0 || other.join('.') === arrayParts.join('.')) continue;
    const array = valueAt(root, other);
    const [condition] = arrayConditions({ [key]: filter[key] }, other, root, environment);
    const index = condition && Array.isArray(array) ? array.findIndex(condition) : -1;
    if (index >= 0) return index;
  }
  return -1;
}

function valueAt(root: Document, parts: readonly string[]): Value {
  return parts.reduce<Value>((at, part) => (Array.isArray(at) ? at[Number(part)] : field(at, part)), root);
}

/** The tests on single elements that the filter holds for the array; the last one in the filter decides, as in MongoDB. */
function arrayConditions(
  filter: Document,
  arrayParts: readonly string[],
  root: Document,
  environment: Environment,
): ((element: Value) => boolean)[] {
  const path = arrayParts.join('.');
  const found: ((element: Value) => boolean)[] = [];
  for (const [key, condition] of entriesOf(filter)) {
    if (key === '$and' && Array.isArray(condition)) {
      for (const clause of condition)
        if (isDocument(clause)) found.push(...arrayConditions(clause, arrayParts, root, environment).reverse());
    } else if (key === '$or' && Array.isArray(condition)) {
      const clause = condition.find((one) => isDocument(one) && compileFilter(one, environment)(root));
      if (isDocument(clause)) found.push(...arrayConditions(clause, arrayParts, root, environment).reverse());
    } else if (key === path) {
      found.push(elementTest(condition, environment));
    } else if (key.startsWith(`${path}.`)) {
      const match = compileFilter({ [key.slice(path.length + 1)]: condition }, environment);
      found.push((element) => isDocument(element) && match(element));
    }
  }
  return found.reverse();
}

function elementTest(condition: Value, environment: Environment): (element: Value) => boolean {
  const elemMatch = isDocument(condition) ? condition.$elemMatch : undefined;
  if (isDocument(elemMatch) && (!isOperators(elemMatch) || isTopLevel(Object.keys(elemMatch)[0] ?? ''))) {
    const match = compileFilter(elemMatch, environment);
    return (element) => isDocument(element) && match(element);
  }
  const match = compileFilter({ element: elemMatch ?? condition }, environment);
  return (element) => match({ element });
}

/** One place in the document that an update operator works on. */
export interface Target {
  readonly path: string;
  readonly parts: readonly string[];
  /** How many names of the path lead to what is made new when the place does not exist. */
  readonly depth: number;
  readonly context: UpdateContext;
  get(): Value;
  set(value: Value): void;
  unset(): void;
}

/**
 * What becomes of a place that does not exist: it is made when a value is set, or left out. A scalar on the way is error
 * 28, but for `$unset`, which leaves that out too.
 */
export type Absent = 'make' | 'skip' | 'unset';

/** The places a path stands for: several with `$[]` and `$[name]`. @throws CommandError 2, 28. */
export function locate(context: UpdateContext, path: string, create: Absent): Target[] {
  const targets: Target[] = [];
  walk(context, context.root, path.split('.'), 0, [], create, targets);
  return targets;
}

type Container = Document | Value[];

function walk(
  context: UpdateContext,
  container: Container,
  parts: readonly string[],
  at: number,
  done: readonly string[],
  create: Absent,
  targets: Target[],
): void {
  const part = parts[at] as string;
  const next = (name: string) => step(context, container, name, parts, at, done, create, targets);
  // At the top a dollar is part of the name: an upsert may insert such fields.
  if (!part.startsWith('$') || at === 0) {
    next(part);
    return;
  }
  const where = done.join('.');
  if (!Array.isArray(container)) {
    if (part === '$') throw badValue('The positional operator did not find the match needed from the query.');
    throw badValue(`Cannot apply array updates to non-array element ${where}`);
  }
  for (const index of positions(context, part, where, container)) {
    if (part !== '$') context.log?.select(done, String(index));
    next(String(index));
  }
}

function positions(context: UpdateContext, part: string, where: string, array: readonly Value[]): number[] {
  if (part === '$') return [context.positional(where, array)];
  if (part === '$[]') return array.map((_, index) => index);
  const name = /^\$\[(.+)\]$/.exec(part)?.[1];
  if (name === undefined)
    throw new CommandError(52, `The dollar ($) prefixed field '${part}' is not valid for storage.`);
  const match = context.arrayFilters.get(name);
  if (!match) throw badValue(`No array filter found for identifier '${name}' in path '${where}.${part}'`);
  return array.flatMap((element, index) => (match({ [name]: element }) ? [index] : []));
}

function step(
  context: UpdateContext,
  container: Container,
  name: string,
  parts: readonly string[],
  at: number,
  done: readonly string[],
  create: Absent,
  targets: Target[],
): void {
  const path = [...done, name];
  const arraysBelow = parts.slice(at + 1).some((rest) => rest.startsWith('$['));
  if (Array.isArray(container) && !isIndex(name)) {
    if (arraysBelow) throw mustExist([...done, name]);
    if (create === 'unset') return;
    throw new CommandError(28, `Cannot create field '${name}' in element {${done.at(-1)}: ${show(container)}}`);
  }
  if (at === parts.length - 1) {
    targets.push(place(context, container, name, path, path.length));
    return;
  }
  const child = read(container, name);
  if (isDocument(child) || Array.isArray(child)) {
    walk(context, child, parts, at + 1, path, create, targets);
    return;
  }
  if (arraysBelow) throw mustExist(path);
  if (child !== undefined) {
    if (create === 'unset') return;
    throw new CommandError(28, `Cannot create field '${parts[at + 1]}' in element {${name}: ${show(child)}}`);
  }
  if (create !== 'make') return;
  if (parts.slice(at + 1).includes('$'))
    throw badValue('The positional operator did not find the match needed from the query.');
  targets.push(newPlace(context, container, name, parts.slice(at + 1), path));
}

function mustExist(path: readonly string[]): CommandError {
  return badValue(`The path '${path.join('.')}' must exist in the document in order to apply array updates.`);
}

function read(container: Container, name: string): Value {
  if (Array.isArray(container)) return container[Number(name)];
  return Object.hasOwn(container, name) ? container[name] : undefined;
}

function write(container: Container, name: string, value: Value): void {
  if (!Array.isArray(container)) {
    put(container, name, value);
    return;
  }
  const index = Number(name);
  if (index - container.length > MAX_PADDING)
    throw new CommandError(34, `can't backfill more than ${MAX_PADDING} elements`);
  while (container.length < index) container.push(null);
  container[index] = value;
}

function place(
  context: UpdateContext,
  container: Container,
  name: string,
  parts: readonly string[],
  depth: number,
): Target {
  return {
    context,
    path: parts.join('.'),
    parts,
    depth,
    get: () => read(container, name),
    set: (value) => write(container, name, value),
    unset() {
      // In an array an element becomes null, so that the others keep their positions.
      if (!Array.isArray(container)) remove(container, name);
      else if (Number(name) < container.length) container[Number(name)] = null;
    },
  };
}

/** A place whose parents do not exist yet. */
function newPlace(
  context: UpdateContext,
  container: Container,
  name: string,
  rest: readonly string[],
  existing: readonly string[],
): Target {
  let made: Target | undefined;
  const parts = [...existing, ...rest];
  return {
    context,
    path: parts.join('.'),
    parts,
    depth: existing.length,
    get: () => made?.get(),
    set(value) {
      if (!made) {
        const inner: Document = {};
        let current = inner;
        for (const part of rest.slice(0, -1)) {
          const child: Document = {};
          put(current, part, child);
          current = child;
        }
        write(container, name, inner);
        made = place(context, current, rest.at(-1) as string, parts, existing.length);
      }
      made.set(value);
    },
    unset: () => made?.unset(),
  };
}
