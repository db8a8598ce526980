import fc from 'fast-check';
import { type ClientSession, type Collection, Int32 } from 'mongodb';
import { openDatabase } from '../database.js';
import { anyFilter, conditions } from './reference/filters.js';
import { body, path, runs, TIMEOUT, value } from './reference/generate.js';
import { compareKeys, keysOf, sortKey } from './reference/keys.js';
import { matches } from './reference/match.js';
import { compare } from './reference/order.js';
import { type Doc, EXACT, type Missing, type Value } from './reference/values.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

type Row = { _id: Int32 } & Doc;

interface Index {
  key: Record<string, number>;
  unique: boolean;
  sparse: boolean;
  partial: Doc | undefined;
}

const one = new Int32(1);
const key = fc
  .uniqueArray(fc.tuple(path, fc.constantFrom(1, -1)), { minLength: 1, maxLength: 3, selector: ([name]) => name })
  .map((fields) => Object.fromEntries(fields));
const partials = fc.constantFrom<Doc>(
  { c: { $exists: true } },
  { b: one },
  { a: { $gt: one } },
  { $and: [{ b: { $exists: true } }, { c: { $type: 'number' } }] },
  { a: { $in: [one, 'a'] } },
);
const no = fc.constant(false);
const index: fc.Arbitrary<Index> = fc.oneof(
  { arbitrary: fc.record({ key, unique: no, sparse: no, partial: fc.constant(undefined) }), weight: 3 },
  fc.record({ key, unique: fc.boolean(), sparse: fc.boolean(), partial: fc.constant(undefined) }),
  fc.record({ key, unique: fc.boolean(), sparse: no, partial: partials }),
);

const id = fc.nat({ max: 7 }).map((number) => new Int32(number));
const change = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), id, field: fc.constantFrom('a', 'b', 'c'), value }),
  fc.record({ kind: fc.constant('put' as const), id, body }),
  fc.record({ kind: fc.constant('delete' as const), id }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** The code of the error with which an index refuses a write; 0 for none. */
async function refused(run: () => Promise<unknown>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    const code = Number((error as { code: unknown }).code);
    if (![171, 16746, 11000].includes(code)) throw error;
    return code;
  }
}

function indexKeys(index: Index, doc: Doc): { keys: (Value | Missing)[][] } | { code: number } {
  return index.partial && !matches(doc, index.partial)
    ? { keys: [] }
    : keysOf(doc, Object.keys(index.key), index.sparse);
}

/** The codes with which the indexes may refuse a document beside the others; none when all take it. */
function verdict(indexes: readonly Index[], doc: Doc, others: readonly Doc[]): number[] {
  return indexes.flatMap((index) => {
    const made = indexKeys(index, doc);
    if ('code' in made) return [made.code];
    const taken = index.unique ? others.map((other) => indexKeys(index, other)) : [];
    const clash = made.keys.some((mine) =>
      taken.some(
        (other) =>
          'keys' in other && other.keys.some((theirs) => mine.every((part, i) => compare(part, theirs[i]) === 0)),
      ),
    );
    return clash ? [11000] : [];
  });
}

const same = (a: Value | undefined, b: Value | undefined) => compare(a, b) === 0;

/** What the change would make of the rows; undefined for a deletion. */
function outcome(rows: readonly Row[], { id, ...rest }: Change): Row | undefined {
  const before = rows.find((row) => same(row._id, id));
  if (rest.kind === 'put') return { _id: id, ...rest.body };
  return rest.kind === 'set' && before ? { ...before, [rest.field]: rest.value } : undefined;
}

class Run {
  constructor(
    readonly c: Collection<Row>,
    readonly indexes: readonly Index[],
    readonly session: ClientSession | undefined = undefined,
  ) {}

  private get options() {
    return this.session ? { session: this.session } : {};
  }

  async rows(): Promise<Row[]> {
    const { c, options } = this;
    return (await c.find({}, options).hint({ $natural: 1 }).toArray()) as unknown as Row[];
  }

  async change(change: Change): Promise<void> {
    const { c, options, indexes } = this;
    const { id: _id } = change;
    const filter = { _id } as object;
    const rows = await this.rows();
    const made = outcome(rows, change);
    const others = rows.filter((row) => !same(row._id, _id));
    const codes = made ? verdict(indexes, made, others) : [];
    const code = await refused(() => {
      if (change.kind === 'delete') return c.deleteOne(filter, options);
      if (change.kind === 'put') return c.replaceOne(filter, change.body, { upsert: true, ...options });
      return c.updateOne(filter, { $set: { [change.field]: change.value } } as object, options);
    });
    if (codes.length === 0) expect(code).toBe(0);
    else expect(codes).toContain(code);
  }

  /** However the documents are found, they are those that match. */
  async check(filter: Doc, sort: Record<string, number>): Promise<void> {
    const { c, options, indexes } = this;
    const rows = await this.rows();
    const wanted = rows.filter((row) => matches(row, filter)).map(({ _id }) => Number(_id));
    const ids = (found: readonly Row[]) => found.map(({ _id }) => Number(_id));
    const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
    const find = () => c.find(filter as object, options);
    expect(ascending(ids((await find().toArray()) as unknown as Row[]))).toEqual(ascending(wanted));
    expect(ids((await find().sort({ _id: -1 }).toArray()) as unknown as Row[])).toEqual(ascending(wanted).reverse());
    expect(Number(await c.countDocuments(filter as object, options))).toBe(wanted.length);
    expect(ascending((await c.distinct('_id', filter as object, options)).map(Number))).toEqual(ascending(wanted));
    for (const { key, sparse, partial } of indexes) {
      if (sparse || partial) continue;
      const hinted = (await find().hint(key).toArray()) as unknown as Row[];
      expect(ascending(ids(hinted))).toEqual(ascending(wanted));
    }
    const keys = rows.map((row) => ({ row, key: sortKey(row, sort) }));
    if (keys.some(({ key }) => 'code' in key)) return;
    const directions = Object.values(sort);
    const order = new Map(keys.map(({ row, key }) => [Number(row._id), key as (Value | Missing)[]]));
    const sorted = ids(
      (await find()
        .sort(sort as Record<string, 1 | -1>)
        .toArray()) as unknown as Row[],
    );
    expect(ascending(sorted)).toEqual(ascending(wanted));
    for (const [i, now] of sorted.entries()) {
      const before = order.get(sorted[i - 1] as number);
      if (before) expect(compareKeys(before, order.get(now) ?? [], directions)).toBeLessThanOrEqual(0);
    }
    const some = await find()
      .sort(sort as Record<string, 1 | -1>)
      .skip(1)
      .limit(2)
      .toArray();
    const sliced = ids(some as unknown as Row[]);
    expect(sliced).toHaveLength(Math.min(Math.max(wanted.length - 1, 0), 2));
    for (const [i, now] of sliced.entries())
      expect(compareKeys(order.get(now) ?? [], order.get(sorted[i + 1] as number) ?? [], directions)).toBe(0);
  }
}

async function createIndexes(c: Collection<Row>, indexes: readonly Index[]): Promise<Index[]> {
  const made: Index[] = [];
  for (const [i, one] of indexes.entries()) {
    const { key, unique, sparse, partial } = one;
    const code = await refused(() =>
      c.createIndex(key as Record<string, 1 | -1>, {
        name: `i${i}`,
        unique,
        sparse,
        ...(partial ? { partialFilterExpression: partial } : {}),
      }),
    );
    if (code === 0) made.push(one);
  }
  return made;
}

const filters = fc.array(
  fc.oneof(
    anyFilter,
    fc.tuple(path, conditions).map(([name, one]): Doc => ({ [name]: one })),
    fc.tuple(path, value, path, conditions).map(([p, one, q, two]): Doc => ({ [p]: { $eq: one }, [q]: two })),
  ),
  { minLength: 3, maxLength: 5 },
);
const scenario = fc.record({
  indexes: fc.uniqueArray(index, { minLength: 1, maxLength: 3, selector: ({ key }) => JSON.stringify(key) }),
  before: fc.array(change, { maxLength: 8 }),
  after: fc.array(change, { maxLength: 8 }),
  filters,
  sort: key,
});

let collections = 0;
function fresh(): Collection<Row> {
  return database.db.collection<Row>(`indexed${collections++}`, EXACT);
}

describe('indexes change no answer', () => {
  test(
    'built before or after the data, and after changes of it',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ indexes, before, after, filters, sort }) => {
          const c = fresh();
          const early = new Run(c, []);
          for (const one of before) await early.change(one);
          const run = new Run(c, await createIndexes(c, indexes));
          for (const one of after) await run.change(one);
          for (const filter of filters) await run.check(filter, sort);
          await c.drop();
        }),
        runs(60),
      );
    },
    TIMEOUT,
  );

  test(
    'in a transaction with writes of its own, and after it',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, fc.boolean(), async ({ indexes, before, after, filters, sort }, commit) => {
          const c = fresh();
          const made = await createIndexes(c, indexes);
          const plain = new Run(c, made);
          for (const one of before) await plain.change(one);
          const rows = await plain.rows();
          const session = database.client.startSession();
          session.startTransaction();
          const inside = new Run(c, made, session);
          for (const one of after) {
            const now = await inside.rows();
            const result = outcome(now, one);
            const others = now.filter((row) => !same(row._id, one.id));
            // An error would end the transaction.
            if (result && verdict(made, result, others).length > 0) continue;
            await inside.change(one);
          }
          for (const filter of filters) await inside.check(filter, sort);
          const own = await inside.rows();
          if (commit) await session.commitTransaction();
          else await session.abortTransaction();
          await session.endSession();
          expect(await plain.rows()).toEqual(commit ? own : rows);
          for (const filter of filters) await plain.check(filter, sort);
          await c.drop();
        }),
        runs(30),
      );
    },
    TIMEOUT,
  );
});
