import { encode } from '../bson/encode.js';
import { asNumber, type Document, type Value } from '../bson/values.js';
import { type Context, count, type Handler, optionalDocument } from '../engine/context.js';
import { CommandError } from '../errors.js';
import { countByKeys, execute, prepare, type Query, run } from '../plan/execute.js';
import { compileFilter } from '../query/matcher.js';
import { visitPath } from '../query/path.js';
import { rootOf } from '../query/roots.js';
import type { Collection } from '../storage/catalog.js';
import { viewRows } from './find.js';

/** The query of a `count`, without its limit and skip: a negative limit means its absolute value. */
export function countQuery(context: Context, command: Document = context.command): Query {
  return {
    filter: optionalDocument(command.query, 'count.query') ?? {},
    skip: count(command.skip, 'count.skip'),
    limit: Math.abs(asNumber(command.limit) ?? 0) || undefined,
    hint: command.hint,
    environment: context.environment,
  };
}

export const countCommand: Handler = async (context) => {
  const query = countQuery(context);
  if (context.definition(context.db, context.collectionName)?.view) {
    let n = 0;
    for await (const _ of context.pace.through(viewRows(context, query))) n++;
    return { n, ok: 1 };
  }
  const collection = context.find(context.db, context.collectionName);
  if (!collection) {
    compileFilter(query.filter, query.environment);
    return { n: 0, ok: 1 };
  }
  return { n: await countDocuments(context, collection, query), ok: 1 };
};

/** How many documents a query finds; by the keys of an index alone where they tell. */
export async function countDocuments(context: Context, collection: Collection, query: Query): Promise<number> {
  const { writer, pace } = context;
  const { skip = 0, limit = Number.POSITIVE_INFINITY, ...all } = query;
  const prepared = prepare(writer, collection, all);
  const wanted = skip + limit;
  let total = 0;
  const keys = countByKeys(writer, collection, prepared.choice.plan);
  if (keys) {
    for await (const more of pace.through(keys)) {
      total += more;
      if (total >= wanted) break;
    }
  } else {
    for await (const _ of pace.through(run(writer, collection, all, prepared))) if (++total >= wanted) break;
  }
  return Math.max(Math.min(total, wanted) - skip, 0);
}

/** The reply of a distinct is one document. */
const MAX_DISTINCT_BYTES = 16 * 1024 * 1024;

export function distinctQuery(context: Context, command: Document = context.command): Query & { key: string } {
  const key = command.key as string;
  if (key.includes('\0')) throw new CommandError(31032, 'Key field cannot contain an embedded null byte');
  return {
    key,
    filter: optionalDocument(command.query, 'distinct.query') ?? {},
    hint: command.hint,
    environment: context.environment,
    needs: new Set([rootOf(key)]),
  };
}

export const distinct: Handler = async (context) => {
  const query = distinctQuery(context);
  const values = new DistinctValues(context, query.key);
  if (context.definition(context.db, context.collectionName)?.view) {
    for await (const row of context.pace.through(viewRows(context, query))) values.add(row);
    return { values: values.sorted(), ok: 1 };
  }
  const collection = context.find(context.db, context.collectionName);
  if (!collection) compileFilter(query.filter, query.environment);
  const found = collection ? execute(context.writer, collection, query) : [];
  for await (const { fields } of context.pace.through(found)) values.add(fields);
  return { values: values.sorted(), ok: 1 };
};

/** The values at a path, each once, the elements of arrays among them. */
class DistinctValues {
  private readonly values = new Map<string, Value>();
  private readonly parts: readonly string[];
  private size = 0;

  constructor(
    private readonly context: Context,
    key: string,
  ) {
    this.parts = key.split('.');
  }

  add(document: Document): void {
    visitPath(document, this.parts, 0, (leaf) => {
      if (Array.isArray(leaf)) for (const element of leaf) this.addValue(element);
      else this.addValue(leaf);
      return false;
    });
  }

  private addValue(value: Value): void {
    if (value === undefined) return;
    const key = this.context.environment.ordering.key(value);
    if (this.values.has(key)) return;
    this.values.set(key, value);
    this.size += encode({ '': value }).length;
    if (this.size > MAX_DISTINCT_BYTES) throw new CommandError(17217, 'distinct too big, 16mb cap');
  }

  sorted(): Value[] {
    return [...this.values.values()].sort(this.context.environment.ordering.compare);
  }
}
