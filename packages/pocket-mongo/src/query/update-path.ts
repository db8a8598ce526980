import { type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { compileFilter, isOperators, type Matcher } from './matcher.js';
import { isIndex } from './path.js';

/** MongoDB refuses to fill an array with more nulls than this. */
const MAX_PADDING = 1_500_000;

/** One update of one document: what its paths may refer to. */
export class UpdateContext {
  constructor(
    readonly root: Document,
    readonly filter: Document,
    readonly arrayFilters: ReadonlyMap<string, Matcher>,
  ) {}

  /** The position that `$` stands for in this array: its first element that the filter matched. */
  positional(arrayPath: string, array: readonly Value[]): number {
    const index = findPosition(this.filter, arrayPath.split('.'), array, this.root);
    if (index < 0) throw badValue('The positional operator did not find the match needed from the query.');
    return index;
  }
}

function findPosition(
  filter: Document,
  arrayParts: readonly string[],
  array: readonly Value[],
  root: Document,
): number {
  const conditions = arrayConditions(filter, arrayParts, root);
  if (conditions.length === 0) return -1;
  for (const condition of conditions) {
    const index = array.findIndex(condition);
    if (index >= 0) return index;
  }
  return -1;
}

/** The tests on single elements that the filter holds for the array; the last one in the filter decides, as in MongoDB. */
function arrayConditions(
  filter: Document,
  arrayParts: readonly string[],
  root: Document,
): ((element: Value) => boolean)[] {
  const path = arrayParts.join('.');
  const found: ((element: Value) => boolean)[] = [];
  for (const [key, condition] of Object.entries(filter)) {
    if (key === '$and' && Array.isArray(condition)) {
      for (const clause of condition)
        if (isDocument(clause)) found.push(...arrayConditions(clause, arrayParts, root).reverse());
    } else if (key === '$or' && Array.isArray(condition)) {
      const clause = condition.find((one) => isDocument(one) && compileFilter(one)(root));
      if (isDocument(clause)) found.push(...arrayConditions(clause, arrayParts, root).reverse());
    } else if (key === path) {
      found.push(elementTest(condition));
    } else if (key.startsWith(`${path}.`)) {
      const match = compileFilter({ [key.slice(path.length + 1)]: condition });
      found.push((element) => isDocument(element) && match(element));
    }
  }
  return found.reverse();
}

function elementTest(condition: Value): (element: Value) => boolean {
  const elemMatch = isDocument(condition) ? condition.$elemMatch : undefined;
  if (isDocument(elemMatch) && !isOperators(elemMatch)) {
    const match = compileFilter(elemMatch);
    return (element) => isDocument(element) && match(element);
  }
  const match = compileFilter({ element: elemMatch ?? condition });
  return (element) => match({ element });
}

/** One place in the document that an update operator works on. */
export interface Target {
  readonly path: string;
  readonly context: UpdateContext;
  get(): Value;
  set(value: Value): void;
  unset(): void;
}

/**
 * The places a path stands for: several with `$[]` and `$[name]`. With `create`, what is missing on the way is made
 * when a value is set; a scalar on the way is error 28. Without, a place that does not exist is left out.
 */
export function locate(context: UpdateContext, path: string, create: boolean): Target[] {
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
  create: boolean,
  targets: Target[],
): void {
  const part = parts[at] as string;
  const next = (name: string) => step(context, container, name, parts, at, done, create, targets);
  if (!part.startsWith('$')) {
    next(part);
    return;
  }
  const where = done.join('.');
  if (!Array.isArray(container)) {
    if (part === '$') throw badValue('The positional operator did not find the match needed from the query.');
    throw badValue(`Cannot apply array updates to non-array element ${where}`);
  }
  for (const index of positions(context, part, where, container)) next(String(index));
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
  create: boolean,
  targets: Target[],
): void {
  const path = [...done, name];
  if (Array.isArray(container) && !isIndex(name)) {
    if (!create) return;
    throw new CommandError(
      28,
      `Cannot create field '${name}' in element {${done.at(-1)}: ${JSON.stringify(container)}}`,
    );
  }
  if (at === parts.length - 1) {
    targets.push(place(context, container, name, path.join('.')));
    return;
  }
  const child = read(container, name);
  if (isDocument(child) || Array.isArray(child)) {
    walk(context, child, parts, at + 1, path, create, targets);
    return;
  }
  if (!create) return;
  if (child !== undefined) {
    throw new CommandError(28, `Cannot create field '${parts[at + 1]}' in element {${name}: ${JSON.stringify(child)}}`);
  }
  if (parts.slice(at + 1).some((rest) => rest.startsWith('$'))) {
    throw badValue(`The path '${path.join('.')}' must exist in the document in order to apply array updates.`);
  }
  targets.push(newPlace(context, container, name, parts.slice(at + 1), parts.join('.')));
}

function read(container: Container, name: string): Value {
  if (Array.isArray(container)) return container[Number(name)];
  return Object.hasOwn(container, name) ? container[name] : undefined;
}

function write(container: Container, name: string, value: Value): void {
  if (!Array.isArray(container)) {
    container[name] = value;
    return;
  }
  const index = Number(name);
  if (index - container.length > MAX_PADDING)
    throw new CommandError(2, `Cannot set array element ${index}: it would add more than ${MAX_PADDING} nulls`);
  while (container.length < index) container.push(null);
  container[index] = value;
}

function place(context: UpdateContext, container: Container, name: string, path: string): Target {
  return {
    context,
    path,
    get: () => read(container, name),
    set: (value) => write(container, name, value),
    unset() {
      // In an array an element becomes null, so that the others keep their positions.
      if (!Array.isArray(container)) delete container[name];
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
  path: string,
): Target {
  let made: Target | undefined;
  return {
    context,
    path,
    get: () => made?.get(),
    set(value) {
      if (!made) {
        const inner: Document = {};
        let current = inner;
        for (const part of rest.slice(0, -1)) {
          const child: Document = {};
          current[part] = child;
          current = child;
        }
        write(container, name, inner);
        made = place(context, current, rest.at(-1) as string, path);
      }
      made.set(value);
    },
    unset: () => made?.unset(),
  };
}
