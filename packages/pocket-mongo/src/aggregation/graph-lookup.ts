import { asNumber, BSONRegExp, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { compileExpression, fieldPath } from '../query/expression.js';
import { compileFilter } from '../query/matcher.js';
import { typeName } from '../query/operator.js';
import { visitPath } from '../query/path.js';
import { withPath } from '../query/pipeline-update.js';
import { expressionRoots, union } from '../query/roots.js';
import type { Rows, Stage, StageDefinition, Surroundings } from './stage.js';

interface Graph {
  readonly from: string;
  readonly as: readonly string[];
  readonly startWith: Value;
  readonly connectFrom: readonly string[];
  readonly connectTo: string;
  readonly depthField: readonly string[] | undefined;
  readonly maxDepth: number;
  readonly restrict: Document | undefined;
}

const STRINGS = ['from', 'as', 'connectFromField', 'connectToField', 'depthField'];

function graphOf(argument: Value): Graph {
  if (!isDocument(argument))
    throw new CommandError(
      40327,
      `the $graphLookup stage specification must be an object, but found ${typeName(argument)}`,
    );
  for (const [key, value] of Object.entries(argument)) {
    if (key === 'startWith') continue;
    if (key === 'maxDepth') checkDepth(value);
    else if (key === 'restrictSearchWithMatch') {
      if (!isDocument(value)) throw new CommandError(40185, 'restrictSearchWithMatch must be an object');
    } else if (!STRINGS.includes(key)) throw new CommandError(40104, `Unknown argument to $graphLookup: ${key}`);
    else if (typeof value !== 'string')
      throw new CommandError(
        key === 'from' ? 9 : 40103,
        `expected string as argument for ${key}, found: ${typeName(value)}`,
      );
  }
  const { from, as, connectFromField, connectToField, depthField } = argument as Readonly<
    Record<string, string | undefined>
  >;
  if (
    from === undefined ||
    as === undefined ||
    argument.startWith === undefined ||
    connectFromField === undefined ||
    connectToField === undefined
  )
    throw new CommandError(
      40105,
      "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
    );
  return {
    from,
    as: fieldPath(as, as),
    startWith: argument.startWith,
    connectFrom: fieldPath(connectFromField, connectFromField),
    connectTo: fieldPath(connectToField, connectToField).join('.'),
    depthField: depthField === undefined ? undefined : fieldPath(depthField, depthField),
    maxDepth: asNumber(argument.maxDepth) ?? Number.POSITIVE_INFINITY,
    restrict: isDocument(argument.restrictSearchWithMatch) ? argument.restrictSearchWithMatch : undefined,
  };
}

function checkDepth(value: Value): void {
  const depth = asNumber(value);
  if (depth === undefined)
    throw new CommandError(40100, `maxDepth requires a numeric argument, found: ${typeName(value)}`);
  if (depth < 0) throw new CommandError(40101, `maxDepth requires a nonnegative argument, found: ${depth}`);
  if (!Number.isInteger(depth))
    throw new CommandError(40102, `maxDepth could not be represented as a long long: ${depth}`);
}

/** The values to look for next. */
class Frontier {
  private readonly seen = new Set<string>();
  private fresh: Value[] = [];

  constructor(private readonly keyOf: (value: Value) => string) {}

  add(value: Value): void {
    if (value === undefined) return;
    const key = this.keyOf(value);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.fresh.push(value);
  }

  take(): Value[] {
    const taken = this.fresh;
    this.fresh = [];
    return taken;
  }
}

function filterOf(path: string, values: readonly Value[], restrict: Document | undefined): Document {
  const plain = values.filter((value) => !(value instanceof BSONRegExp));
  const clauses: Document[] = [
    { [path]: { $in: plain } },
    ...values.filter((value) => value instanceof BSONRegExp).map((value) => ({ [path]: { $eq: value } })),
  ];
  const [only] = clauses;
  const wanted = clauses.length === 1 && only ? only : { $or: clauses };
  return restrict ? { $and: [wanted, restrict] } : wanted;
}

function graphStage(argument: Value, { environment, run }: Surroundings): Stage {
  const graph = graphOf(argument);
  const start = compileExpression(graph.startWith, environment);
  if (graph.restrict) compileFilter(graph.restrict, environment);
  const { key } = environment.ordering;
  return function* search(rows: Rows) {
    for (const row of rows) {
      if (!row) {
        yield undefined;
        continue;
      }
      const found = new Map<string, Document>();
      const frontier = new Frontier(key);
      const first = start(row);
      for (const value of Array.isArray(first) ? first : [first]) frontier.add(value);
      let values = frontier.take();
      for (let depth = 0; values.length > 0 && depth <= graph.maxDepth; depth++) {
        const filter = filterOf(graph.connectTo, values, graph.restrict);
        for (const one of run(graph.from, [{ $match: filter }], environment)) {
          if (!one) yield undefined;
          else visit(one, depth, graph, found, frontier, key);
        }
        values = frontier.take();
      }
      yield withPath(row, graph.as, [...found.values()]) as Document;
    }
  };
}

function visit(
  one: Document,
  depth: number,
  { depthField, connectFrom }: Graph,
  found: Map<string, Document>,
  frontier: Frontier,
  keyOf: (value: Value) => string,
): void {
  const id = keyOf(one._id ?? null);
  if (found.has(id)) return;
  found.set(id, depthField ? (withPath(one, depthField, BigInt(depth)) as Document) : one);
  visitPath(one, connectFrom, 0, (leaf) => {
    for (const value of Array.isArray(leaf) ? leaf : [leaf]) frontier.add(value);
    return false;
  });
}

/** `$graphLookup`: what can be reached from a document, step by step. */
export const graphLookup: StageDefinition = {
  compile: graphStage,
  needs: (argument) => {
    const { startWith, as } = graphOf(argument);
    return {
      fields: union([expressionRoots(startWith), new Set(as.length > 1 ? [as[0] as string] : [])]),
      ends: false,
    };
  },
};
