import { fieldNames, put } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { type Environment, PLAIN } from './environment.js';
import { type Branch, type Node, parseProjection } from './projection-parser.js';

export type Projector = (document: Document) => Document;

/**
 * Compiles a projection of `find`, or the argument of a `$project` stage. `filter` is what found the documents, for the
 * positional operator.
 */
export function compileProjection(
  spec: Document,
  filter: Document = {},
  environment: Environment = PLAIN,
  stage = false,
): Projector {
  if (Object.keys(spec).length === 0) return (document) => document;
  const { mode, root } = parseProjection(spec, { stage, filter, environment });
  return mode === 'include'
    ? (document) => include(document, root, document) as Document
    : (document) => exclude(document, root, document) as Document;
}

/** Included fields keep the document's order; what is computed comes after them, in the order of the specification. */
function include(value: Value, { fields, computes }: Branch, root: Document): Value {
  if (Array.isArray(value))
    return value
      .map((element) => include(element, { kind: 'branch', fields, computes }, root))
      .filter((element) => element !== undefined);
  if (!isDocument(value)) return computes ? compute({}, {}, fields, root) : undefined;
  const result: Document = {};
  for (const name of fieldNames(value)) {
    const node = fields.get(name);
    const kept = node && included(value[name], node, root);
    if (kept !== undefined) put(result, name, kept);
  }
  return compute(result, value, fields, root);
}

function included(value: Value, node: Node, root: Document): Value {
  switch (node.kind) {
    case 'flag':
      return value;
    case 'changed':
      return node.change(value, root);
    case 'branch':
      return include(value, node, root);
    default:
      return undefined;
  }
}

function compute(result: Document, source: Document, fields: Branch['fields'], root: Document): Document {
  for (const [name, node] of fields) {
    let made: Value;
    if (node.kind === 'computed') made = node.evaluate(root);
    else if (node.kind === 'elemMatch') made = node.change(Object.hasOwn(source, name) ? source[name] : undefined);
    else if (node.kind === 'branch' && node.computes && !Object.hasOwn(source, name)) made = include({}, node, root);
    if (made !== undefined) put(result, name, made);
  }
  return result;
}

function exclude(value: Value, branch: Branch, root: Document): Value {
  if (Array.isArray(value)) return value.map((element) => exclude(element, branch, root));
  if (!isDocument(value)) return value;
  const result: Document = {};
  for (const name of fieldNames(value)) {
    const node = branch.fields.get(name);
    const kept = node ? excluded(value[name], node, root) : value[name];
    if (kept !== undefined) put(result, name, kept);
  }
  return result;
}

function excluded(value: Value, node: Node, root: Document): Value {
  switch (node.kind) {
    case 'changed':
    case 'elemMatch':
      return node.change(value, root);
    case 'branch':
      return exclude(value, node, root);
    default:
      return undefined;
  }
}
