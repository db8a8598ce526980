import { asNumber, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { compileExpression } from './expression.js';
import { compileFilter, isOperators, type Matcher, type Variables } from './matcher.js';
import { UpdateContext } from './update-path.js';

export type Projector = (document: Document) => Document;

type Special = (value: Value, document: Document) => Value;

/** What is wanted of the fields of one level. */
interface Tree {
  [name: string]: Tree | true | Special | { compute: (document: Document) => Value };
}

interface Parsed {
  mode: 'include' | 'exclude' | undefined;
  id: boolean | undefined;
  tree: Tree;
  specials: boolean;
}

/** Compiles a projection of `find`, or the argument of a `$project` stage. */
export function compileProjection(
  spec: Document,
  filter: Document = {},
  variables: Variables = {},
  stage = false,
): Projector {
  const parsed: Parsed = { mode: undefined, id: undefined, tree: {}, specials: false };
  parseLevel(spec, [], parsed, filter, variables, stage);
  const mode =
    parsed.mode ?? (parsed.id === true ? 'include' : parsed.id === false || parsed.specials ? 'exclude' : 'include');
  if (Object.keys(spec).length === 0) return (document) => document;
  if (mode === 'include') {
    const tree: Tree = parsed.id === false ? parsed.tree : { _id: true, ...parsed.tree };
    return (document) => include(document, tree, document) as Document;
  }
  const tree: Tree = parsed.id === false ? { ...parsed.tree, _id: true } : parsed.tree;
  return (document) => exclude(document, tree, document) as Document;
}

function parseLevel(
  spec: Document,
  path: readonly string[],
  parsed: Parsed,
  filter: Document,
  variables: Variables,
  stage: boolean,
): void {
  for (const [name, wanted] of Object.entries(spec)) {
    if (name === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
    if (!stage && /(^|\.)\$$/.test(name)) {
      positional(name, wanted, parsed, filter);
      continue;
    }
    if (name.startsWith('$'))
      throw new CommandError(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
      );
    parseField([...path, ...name.split('.')], wanted, parsed, filter, variables, stage);
  }
}

function parseField(
  parts: readonly string[],
  wanted: Value,
  parsed: Parsed,
  filter: Document,
  variables: Variables,
  stage: boolean,
): void {
  const number = typeof wanted === 'boolean' ? Number(wanted) : asNumber(wanted);
  if (number !== undefined) {
    flag(parts, number !== 0, parsed);
    return;
  }
  if (!stage && isDocument(wanted)) {
    if ('$slice' in wanted) {
      const slice = sliceOf(wanted.$slice);
      parsed.specials = true;
      put(parsed.tree, parts, (value) => (Array.isArray(value) ? slice(value) : value));
      return;
    }
    if ('$elemMatch' in wanted) {
      parsed.specials = true;
      // $elemMatch includes its field alone, unless other fields are excluded.
      parsed.mode ??= 'include';
      put(parsed.tree, parts, elemMatch(wanted.$elemMatch));
      return;
    }
    if ('$meta' in wanted) throw notImplemented('projection by $meta');
  }
  if (isDocument(wanted) && !isOperators(wanted)) {
    if (Object.keys(wanted).length === 0)
      throw new CommandError(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
    parseLevel(wanted, parts, parsed, filter, variables, stage);
    return;
  }
  setMode('include', parsed, parts);
  const compute = compileExpression(wanted, variables);
  put(parsed.tree, parts, { compute });
}

function flag(parts: readonly string[], on: boolean, parsed: Parsed): void {
  if (parts.length === 1 && parts[0] === '_id') {
    parsed.id = on;
    return;
  }
  setMode(on ? 'include' : 'exclude', parsed, parts);
  put(parsed.tree, parts, true);
}

function setMode(mode: 'include' | 'exclude', parsed: Parsed, parts: readonly string[]): void {
  if (parsed.mode !== undefined && parsed.mode !== mode) {
    const [code, verb, other] =
      mode === 'include' ? [31253, 'inclusion', 'exclusion'] : [31254, 'exclusion', 'inclusion'];
    throw new CommandError(code as number, `Cannot do ${verb} on field ${parts.join('.')} in ${other} projection`);
  }
  parsed.mode = mode;
}

function put(tree: Tree, parts: readonly string[], leaf: Tree[string]): void {
  let level = tree;
  for (const part of parts.slice(0, -1)) {
    const next = level[part];
    if (next === undefined) {
      const made: Tree = {};
      level[part] = made;
      level = made;
    } else if (isTree(next)) {
      level = next;
    } else {
      throw new CommandError(31249, `Path collision at ${parts.join('.')}`);
    }
  }
  const name = parts.at(-1) as string;
  if (level[name] !== undefined) throw new CommandError(31250, `Path collision at ${parts.join('.')}`);
  level[name] = leaf;
}

function isTree(node: Tree[string]): node is Tree {
  return typeof node === 'object' && typeof (node as { compute?: unknown }).compute !== 'function';
}

function isComputed(node: Tree[string]): node is { compute: (document: Document) => Value } {
  return typeof node === 'object' && typeof (node as { compute?: unknown }).compute === 'function';
}

function sliceOf(operand: Value): (array: Value[]) => Value[] {
  const [skip, limit] = Array.isArray(operand) ? operand.map(asNumber) : [asNumber(operand)];
  if (skip === undefined) throw badValue('$slice only supports numbers and [skip, limit] arrays');
  if (limit === undefined) return (array) => (skip < 0 ? array.slice(skip) : array.slice(0, skip));
  if (limit <= 0) throw badValue('$slice limit must be positive');
  return (array) => {
    const from = skip < 0 ? Math.max(array.length + skip, 0) : skip;
    return array.slice(from, from + limit);
  };
}

function elemMatch(operand: Value): Special {
  if (!isDocument(operand)) throw badValue('elemMatch: Invalid argument, object required');
  const test: Matcher = compileFilter({ array: { $elemMatch: operand } });
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const found = value.find((element) => test({ array: [element] }));
    return found === undefined ? undefined : [found];
  };
}

/** `'array.$': 1`: the first element that the filter matched. */
function positional(name: string, wanted: Value, parsed: Parsed, filter: Document): void {
  if (!truthy(wanted)) throw new CommandError(31395, 'positional projection cannot be used with exclusion');
  const path = name.slice(0, -2);
  const context = (document: Document) => new UpdateContext(document, filter, new Map());
  setMode('include', parsed, [name]);
  put(parsed.tree, path.split('.'), (value, document) => {
    if (!Array.isArray(value)) return value;
    try {
      return [value[context(document).positional(path, value)]];
    } catch (error) {
      if (error instanceof CommandError)
        throw new CommandError(
          51246,
          "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
        );
      throw error;
    }
  });
}

function include(value: Value, tree: Tree, root: Document): Value {
  if (Array.isArray(value))
    return value.map((element) => include(element, tree, root)).filter((element) => element !== undefined);
  if (!isDocument(value)) return hasComputed(tree) ? include({}, tree, root) : undefined;
  const result: Document = {};
  for (const name of Object.keys(value)) {
    const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
    if (node === undefined || isComputed(node)) continue;
    const kept =
      node === true
        ? value[name]
        : typeof node === 'function'
          ? node(value[name], root)
          : include(value[name], node, root);
    if (kept !== undefined) result[name] = kept;
  }
  for (const [name, node] of Object.entries(tree)) {
    const made = isComputed(node)
      ? node.compute(root)
      : isTree(node) && !(name in value) && hasComputed(node)
        ? include({}, node, root)
        : undefined;
    if (made !== undefined) result[name] = made;
  }
  return result;
}

function hasComputed(tree: Tree): boolean {
  return Object.values(tree).some((node) => isComputed(node) || (isTree(node) && hasComputed(node)));
}

function exclude(value: Value, tree: Tree, root: Document): Value {
  if (Array.isArray(value)) return value.map((element) => exclude(element, tree, root));
  if (!isDocument(value)) return value;
  const result: Document = {};
  for (const name of Object.keys(value)) {
    const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
    if (node === true) continue;
    const kept =
      node === undefined || isComputed(node)
        ? value[name]
        : typeof node === 'function'
          ? node(value[name], root)
          : exclude(value[name], node, root);
    if (kept !== undefined) result[name] = kept;
  }
  return result;
}
