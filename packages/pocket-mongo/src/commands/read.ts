import { encode } from '../bson/encode.js';
import { encodeKey, successor } from '../bson/keys.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import {
  type Context,
  checkCollation,
  count,
  documentOf,
  flag,
  type Handler,
  optionalDocument,
  refuse,
} from '../engine/context.js';
import type { Source } from '../engine/cursors.js';
import { CommandError } from '../errors.js';
import { type Examined, execute, type Query } from '../plan/execute.js';
import { plan } from '../plan/planner.js';
import { compileFilter } from '../query/matcher.js';
import { visitPath } from '../query/path.js';
import { compileProjection } from '../query/projection.js';
import { compileSort } from '../query/sort.js';
import { aggregate } from './aggregate.js';

const DEFAULT_BATCH = 101;
const NOT_IN_FIND = ['min', 'max', 'returnKey', 'showRecordId', 'tailable', 'awaitData', 'readOnce'];

function queryOf(context: Context): Query {
  const { command } = context;
  checkCollation(command.collation);
  return {
    filter: optionalDocument(command.filter, 'find.filter') ?? {},
    sort: optionalDocument(command.sort, 'find.sort'),
    skip: count(command.skip, 'skip'),
    limit: Math.abs(asNumber(command.limit) ?? 0) || undefined,
    hint: command.hint,
    variables: context.variables,
  };
}

/** Query results as bytes; what needs no change is passed on as it is stored. */
function* output(context: Context, query: Query, projection: Document | undefined): Generator<Buffer | undefined> {
  const project =
    projection && Object.keys(projection).length > 0
      ? compileProjection(projection, query.filter, query.variables)
      : undefined;
  const collection = context.engine.catalog.find(context.db, context.collectionName);
  if (!collection) {
    compileFilter(query.filter, query.variables);
    return;
  }
  for (const found of execute(context.writer, collection, query)) {
    if (!found) yield undefined;
    else yield project ? encode(project(found.document)) : found.bytes;
  }
}

const find: Handler = (context) => {
  const { command } = context;
  refuse(command, NOT_IN_FIND);
  const query = queryOf(context);
  if (query.sort) compileSort(query.sort);
  const projection = optionalDocument(command.projection, 'find.projection');
  const source: Source = output(context, query, projection);
  const negative = (asNumber(command.limit) ?? 0) < 0;
  return context.engine.cursors.first(context.ns, source, {
    batchSize: count(command.batchSize, 'batchSize') ?? DEFAULT_BATCH,
    limit: query.limit,
    single: negative || flag(command.singleBatch),
    session: context.session?.id,
    settled: settled(context),
  });
};

/** What the further batches of a cursor wait for. */
function settled(context: Context): (() => Promise<void>) | undefined {
  return context.readsOnlyDurable ? () => context.engine.store.durable() : undefined;
}

const getMore: Handler = (context) => {
  const { command } = context;
  const id = command.getMore;
  if (typeof id !== 'bigint' && typeof id !== 'number')
    throw new CommandError(14, "BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
  const ns = `${context.db}.${String(command.collection)}`;
  return context.engine.cursors.more(BigInt(id), ns, count(command.batchSize, 'batchSize') || Number.POSITIVE_INFINITY);
};

const killCursors: Handler = ({ command, engine }) => {
  const ids = Array.isArray(command.cursors)
    ? command.cursors.map((id) => BigInt(asNumber(id) === undefined ? 0 : (id as bigint | number)))
    : [];
  return engine.cursors.kill(ids);
};

const countCommand: Handler = (context) => {
  const { command, engine } = context;
  checkCollation(command.collation);
  const collection = engine.catalog.find(context.db, context.collectionName);
  const filter = optionalDocument(command.query, 'count.query') ?? {};
  if (!collection) return { n: 0, ok: 1 };
  const skip = count(command.skip, 'skip') ?? 0;
  const limit = Math.abs(asNumber(command.limit) ?? 0) || Number.POSITIVE_INFINITY;
  let total = 0;
  if (Object.keys(filter).length === 0)
    total = context.writer.count({ from: collection.prefix, to: successor(collection.prefix) });
  else for (const found of execute(context.writer, collection, { filter, hint: command.hint })) if (found) total++;
  return { n: Math.min(Math.max(total - skip, 0), limit), ok: 1 };
};

const distinct: Handler = (context) => {
  const { command, engine } = context;
  checkCollation(command.collation);
  if (typeof command.key !== 'string')
    throw new CommandError(14, "BSON field 'distinct.key' is the wrong type, expected type 'string'");
  const parts = command.key.split('.');
  const filter = optionalDocument(command.query, 'distinct.query') ?? {};
  const collection = engine.catalog.find(context.db, context.collectionName);
  const values = new Map<string, Value>();
  const add = (value: Value) => {
    if (value !== undefined) values.set(encodeKey(value), value);
    return false;
  };
  if (collection) {
    for (const found of execute(context.writer, collection, { filter, hint: command.hint })) {
      if (found) visitPath(found.document, parts, 0, (leaf) => (Array.isArray(leaf) ? leaf.some(add) : add(leaf)));
    }
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return { values: sorted, ok: 1 };
};

const aggregateCommand: Handler = (context) => {
  const { command } = context;
  checkCollation(command.collation);
  if (!Array.isArray(command.pipeline))
    throw new CommandError(14, "BSON field 'aggregate.pipeline' is the wrong type, expected type 'array'");
  if (flag(command.explain)) throw new CommandError(238, 'aggregate with explain is not implemented by pocket-mongo');
  if (!isDocument(command.cursor))
    throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  const wholeDatabase = typeof command.aggregate !== 'string';
  const name = wholeDatabase ? '$cmd.aggregate' : context.collectionName;
  const source = aggregate(
    context,
    wholeDatabase ? undefined : name,
    command.pipeline.map((stage) => documentOf(stage, 'pipeline')),
    context.variables,
  );
  return context.engine.cursors.first(`${context.db}.${name}`, source, {
    batchSize: count(command.cursor.batchSize, 'cursor.batchSize') ?? DEFAULT_BATCH,
    session: context.session?.id,
    settled: settled(context),
  });
};

/** `explain` of find, count, distinct, update and delete: the plan, and what running it would look at. */
const explain: Handler = (context) => {
  const inner = documentOf(context.command.explain, 'explain');
  const [name = ''] = Object.keys(inner);
  const collectionName = String(inner[name]);
  const collection = context.engine.catalog.find(context.db, collectionName);
  const statement = isDocument(inner) ? firstStatement(name, inner) : inner;
  const query: Query = {
    filter: optionalDocument(statement.filter ?? statement.query ?? statement.q, 'filter') ?? {},
    sort: optionalDocument(statement.sort, 'sort'),
    skip: count(statement.skip, 'skip'),
    limit: count(statement.limit, 'limit'),
    hint: statement.hint,
  };
  const examined: Examined = { keys: 0, documents: 0 };
  let returned = 0;
  if (collection) for (const found of execute(context.writer, collection, query, examined)) if (found) returned++;
  const chosen = collection && plan(collection, query.filter, query.sort && compileSort(query.sort), query.hint);
  const index = chosen?.index;
  const scan: Document = index
    ? {
        stage: 'FETCH',
        inputStage: {
          stage: 'IXSCAN',
          indexName: index.name,
          keyPattern: index.key,
          direction: chosen.reverse ? 'backward' : 'forward',
        },
      }
    : { stage: collection ? 'COLLSCAN' : 'EOF' };
  return {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${context.db}.${collectionName}`,
      winningPlan: chosen && !chosen.sorted ? { stage: 'SORT', inputStage: scan } : scan,
      rejectedPlans: [],
    },
    executionStats: {
      executionSuccess: true,
      nReturned: returned,
      totalKeysExamined: examined.keys,
      totalDocsExamined: examined.documents,
    },
    ok: 1,
  };
};

function firstStatement(name: string, inner: Document): Document {
  if (!['find', 'count', 'distinct', 'update', 'delete', 'findAndModify'].includes(name))
    throw new CommandError(238, `explain of ${name} is not implemented by pocket-mongo`);
  const list = name === 'update' ? inner.updates : name === 'delete' ? inner.deletes : undefined;
  return Array.isArray(list) ? documentOf(list[0], name) : inner;
}

export const readCommands: Readonly<Record<string, Handler>> = {
  find,
  getMore,
  killCursors,
  count: countCommand,
  distinct,
  aggregate: aggregateCommand,
  explain,
};
