import fc from 'fast-check';
import { type Collection, type Document, ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const fresh = () => database.db.collection<Thing>(`c${new ObjectId().toHexString()}`);

interface Explained {
  queryPlanner: { winningPlan: Document; rejectedPlans: Document[] };
  executionStats: { nReturned: number; totalKeysExamined: number; totalDocsExamined: number };
}

async function explained(cursor: { explain(): Promise<unknown> }) {
  const { queryPlanner, executionStats } = (await cursor.explain()) as Explained;
  return {
    text: JSON.stringify(queryPlanner.winningPlan),
    rejected: JSON.stringify(queryPlanner.rejectedPlans),
    keys: executionStats.totalKeysExamined,
    docs: executionStats.totalDocsExamined,
    returned: executionStats.nReturned,
  };
}

async function numbered(total: number, make: (i: number) => Document): Promise<Collection<Thing>> {
  const c = fresh();
  await c.insertMany(Array.from({ length: total }, (_, i) => ({ _id: i, ...make(i) })));
  return c;
}

describe('planner', () => {
  test('takes the index with the fewest keys in its bounds, whichever came first', async () => {
    const c = await numbered(300, (i) => ({ common: i % 2, rare: i % 100 }));
    await c.createIndex({ common: 1 });
    await c.createIndex({ rare: 1 });
    const plan = await explained(c.find({ common: 1, rare: 7 }));
    expect(plan).toMatchObject({ keys: 3, returned: 3 });
    expect(plan.text).toContain('rare_1');
    expect(plan.rejected).toContain('common_1');
    expect((await explained(c.find({ rare: { $gte: 0 }, common: 2 }))).text).toContain('common_1');
  });

  test('a range with both ends, a prefix and $in read no more than they must', async () => {
    const c = await numbered(200, (i) => ({ n: i, s: `item-${String(i).padStart(3, '0')}` }));
    await c.createIndex({ n: -1 });
    await c.createIndex({ s: 1 });
    expect(await explained(c.find({ n: { $gt: 10, $lte: 20 } }))).toMatchObject({ keys: 10, returned: 10 });
    expect(await explained(c.find({ s: /^item-01/ }))).toMatchObject({ keys: 10, returned: 10 });
    expect(await explained(c.find({ s: { $regex: '^item-01' } }))).toMatchObject({ keys: 10, returned: 10 });
    expect(await explained(c.find({ n: { $in: [3, 5, 500] } }))).toMatchObject({ keys: 2, returned: 2 });
    expect(await explained(c.find({ n: { $ne: 3 } }))).toMatchObject({ keys: 0, docs: 200, returned: 199 });
    expect(await c.find({ s: { $lte: 'item-005', $lt: 'item-005' } }).toArray()).toHaveLength(5);
  });

  test('$or is answered by several indexes, each document once, in the order of the sort', async () => {
    const c = await numbered(300, (i) => ({ a: i % 50, b: i % 30, at: 300 - i }));
    await c.createIndex({ a: 1, at: 1 });
    await c.createIndex({ b: 1, at: 1 });
    const filter = { $or: [{ a: 10 }, { b: 10 }] };
    const plan = await explained(c.find(filter));
    expect(plan.text).toMatch(/OR.*IXSCAN.*IXSCAN/);
    expect(plan).toMatchObject({ keys: 16, returned: 14 });
    const found = await c.find(filter).toArray();
    expect(found.map(({ _id }) => _id).sort((x, y) => Number(x) - Number(y))).toEqual(
      (await c.find(filter).hint({ $natural: 1 }).toArray()).map(({ _id }) => _id),
    );
    const sorted = await explained(c.find(filter).sort({ at: 1 }));
    expect(sorted.text).toContain('SORT_MERGE');
    const ats = (await c.find(filter).sort({ at: 1 }).toArray()).map(({ at }) => at as number);
    expect(ats).toEqual([...ats].sort((x, y) => x - y));
    expect(ats).toHaveLength(14);
    expect((await explained(c.find({ $or: [{ a: 10 }, { c: 1 }] }))).text).toContain('COLLSCAN');
    expect((await explained(c.find({ $or: [{ _id: 5 }, { a: 10 }] }))).keys).toBe(7);
  });

  test('$in and a sort by the next field merge the ranges instead of sorting', async () => {
    const c = await numbered(300, (i) => ({ table: i % 3, at: (i * 7) % 300 }));
    await c.createIndex({ table: 1, at: -1 });
    for (const direction of [1, -1] as const) {
      const cursor = () =>
        c
          .find({ table: { $in: [0, 2] } })
          .sort({ at: direction })
          .limit(5);
      const plan = await explained(cursor());
      expect(plan.text).not.toContain('"SORT"');
      expect(plan.docs).toBe(5);
      const ats = (await cursor().toArray()).map(({ at }) => at as number);
      expect(ats).toEqual([...ats].sort((x, y) => (x - y) * direction));
    }
  });

  test('$elemMatch bounds both ends of an index on an array', async () => {
    const c = await numbered(100, (i) => ({
      marks: [i, 1000],
      lines: [
        { item: i % 10, n: i },
        { item: 99, n: -1 },
      ],
    }));
    await c.createIndex({ marks: 1 });
    await c.createIndex({ 'lines.item': 1, 'lines.n': 1 });
    expect(await explained(c.find({ marks: { $elemMatch: { $gte: 10, $lt: 20 } } }))).toMatchObject({ keys: 10 });
    expect(await explained(c.find({ lines: { $elemMatch: { item: 3, n: 13 } } }))).toMatchObject({ keys: 1 });
    expect(await c.countDocuments({ lines: { $elemMatch: { item: 3, n: -1 } } })).toBe(0);
    expect(await c.countDocuments({ 'lines.item': 3, 'lines.n': -1 })).toBe(10);
    await c.insertOne({ _id: 1000, lines: [{ item: 5, n: [0, 100] }] });
    expect(await c.countDocuments({ lines: { $elemMatch: { item: 5, n: { $gt: 96, $lt: 99 } } } })).toBe(1);
  });

  test('a count reads keys only, where they tell', async () => {
    const c = await numbered(500, (i) => ({ n: i, s: `x${i}` }));
    await c.createIndex({ s: 1 });
    const plan = (await database.db.command({
      explain: { count: c.collectionName, query: { s: { $gte: 'x1', $lt: 'x2' } } },
      verbosity: 'executionStats',
    })) as unknown as Explained;
    expect(JSON.stringify(plan.queryPlanner.winningPlan)).toContain('COUNT_SCAN');
    expect(plan.executionStats).toMatchObject({ totalDocsExamined: 0, totalKeysExamined: 111 });
    const count = (query: Document, more: Document = {}) =>
      database.db.command({ count: c.collectionName, query, ...more }).then(({ n }) => n);
    expect(await count({ s: { $gte: 'x1', $lt: 'x2' } })).toBe(111);
    expect(await count({})).toBe(500);
    expect(await count({}, { skip: 450 })).toBe(50);
    expect(await count({}, { limit: -20 })).toBe(20);
    expect(await count({}, { skip: 490, limit: 20 })).toBe(10);
    expect(await count({ n: { $lt: 100 } }, { skip: 90, limit: 20 })).toBe(10);
    expect(await c.estimatedDocumentCount()).toBe(500);
  });

  test('returnKey gives the keys of the index that was used, and is refused where they cannot be told', async () => {
    const c = await numbered(4, (i) => ({ n: i, sizes: { small: [i] }, tags: ['a', 'b'] }));
    await c.createIndex({ n: -1, 'sizes.small': 1, gone: 1 });
    await c.createIndex({ tags: 1 });
    const keys = (filter: object, options: object) => c.find(filter, { returnKey: true, ...options }).toArray();
    expect(await keys({}, { sort: { _id: 1 }, showRecordId: true, limit: 2 })).toEqual([{ _id: 0 }, { _id: 1 }]);
    expect(await keys({ _id: 3 }, { projection: { n: 1 } })).toEqual([{ _id: 3 }]);
    expect(await keys({ n: { $gte: 2 } }, { batchSize: 1 })).toEqual([
      { n: 3, 'sizes.small': 3, gone: null },
      { n: 2, 'sizes.small': 2, gone: null },
    ]);
    expect(await keys({}, { limit: 1 })).toEqual([{}]);
    await expect(keys({ tags: 'a' }, {})).rejects.toMatchObject({ code: 238 });
    await expect(keys({ $or: [{ _id: 1 }, { n: 1 }] }, {})).rejects.toMatchObject({ code: 238 });
    await expect(c.find({}, { returnKey: true }).explain()).rejects.toMatchObject({ code: 238 });
    await expect(c.find({}, { showRecordId: true }).toArray()).rejects.toMatchObject({ code: 238 });
  });

  test('hints: by name, by key, $natural; what names no index is error 2, for every command', async () => {
    const c = await numbered(10, (i) => ({ n: i, m: -i }));
    await c.createIndex({ n: 1 });
    await c.createIndex({ m: 1 }, { hidden: true });
    expect((await explained(c.find({ m: -3 }))).text).toContain('COLLSCAN');
    expect((await explained(c.find({ m: -3 }).hint('n_1'))).keys).toBe(10);
    expect((await c.find().hint({ $natural: -1 }).toArray())[0]?._id).toBe(9);
    expect((await c.find().sort({ $natural: -1 }).limit(1).toArray())[0]?._id).toBe(9);
    const bad = { code: 2, message: expect.stringContaining('hint provided does not correspond to an existing index') };
    for (const hint of ['nope', { nope: 1 }, 'm_1'] as Document[]) {
      await expect(c.find({}, { hint }).toArray()).rejects.toMatchObject(bad);
      await expect(c.countDocuments({}, { hint })).rejects.toMatchObject(bad);
      await expect(c.distinct('n', {}, { hint })).rejects.toMatchObject(bad);
      await expect(c.updateOne({ n: 1 }, { $set: { x: 1 } }, { hint })).rejects.toMatchObject(bad);
      await expect(c.updateMany({ n: 1 }, { $set: { x: 1 } }, { hint })).rejects.toMatchObject(bad);
      await expect(c.deleteOne({ n: 1 }, { hint })).rejects.toMatchObject(bad);
      await expect(c.findOneAndUpdate({ n: 1 }, { $set: { x: 1 } }, { hint })).rejects.toMatchObject(bad);
      await expect(c.findOneAndDelete({ n: 1 }, { hint })).rejects.toMatchObject(bad);
    }
    expect(await c.distinct('n', { n: { $lt: 2 } }, { hint: 'n_1' })).toEqual([0, 1]);
  });

  test('min and max bound the hinted index', async () => {
    const c = await numbered(10, (i) => ({ a: i % 2, b: i }));
    await c.createIndex({ a: 1, b: -1 });
    const ids = async (options: object) => (await c.find({}, options).toArray()).map(({ _id }) => _id);
    expect(await ids({ min: { a: 1, b: 5 }, hint: { a: 1, b: -1 } })).toEqual([5, 3, 1]);
    expect(await ids({ min: { a: 0, b: 4 }, max: { a: 1, b: 7 }, hint: { a: 1, b: -1 } })).toEqual([4, 2, 0, 9]);
    await expect(ids({ min: { a: 1, b: 5 } })).rejects.toMatchObject({ code: 51173 });
    await expect(ids({ min: { a: 1 }, hint: { a: 1, b: -1 } })).rejects.toMatchObject({ code: 51174 });
  });

  test('uses are counted by $indexStats', async () => {
    const c = await numbered(10, (i) => ({ n: i }));
    await c.createIndex({ n: 1 });
    const uses = async () => {
      const stats = await c.aggregate([{ $indexStats: {} }]).toArray();
      return Number(stats.find(({ name }) => name === 'n_1')?.accesses.ops);
    };
    expect(await uses()).toBe(0);
    await c.findOne({ n: 3 });
    await c.countDocuments({ n: 3 });
    expect(await uses()).toBe(2);
  });

  test('a cursor whose index is dropped ends with error 175, not with fewer documents', async () => {
    const c = await numbered(2000, (i) => ({ n: i }));
    await c.createIndex({ n: 1 });
    const cursor = c.find({ n: { $gte: 0 } }, { batchSize: 10 });
    expect(await cursor.next()).toMatchObject({ n: 0 });
    await c.dropIndex('n_1');
    await expect(cursor.toArray()).rejects.toMatchObject({ code: 175 });
  });

  test('no plan gives another answer than a scan', async () => {
    const c = fresh();
    const value = fc.constantFrom<unknown>(null, 0, 1, 2, 'x', 'xy', [0, 2], [], { y: 1 });
    const doc = fc.record({ a: value, b: value, c: fc.nat({ max: 5 }) }, { requiredKeys: ['c'] });
    const condition = fc.oneof(
      fc.constantFrom<unknown>(0, 1, 'x', null, 2),
      fc.constantFrom<unknown>(
        { $gt: 0 },
        { $gte: 0, $lt: 2 },
        { $in: [0, 'x', 2] },
        { $exists: true },
        { $ne: 1 },
        { $elemMatch: { $gt: 0, $lt: 3 } },
        { $all: [0, 2] },
        /^x/,
      ),
    );
    const leaf = fc.record(
      { a: condition, b: condition, c: fc.constantFrom<unknown>(1, { $gt: 2 }, { $in: [1, 4] }) },
      { requiredKeys: [] },
    );
    const filter = fc.oneof(
      leaf,
      fc.tuple(fc.array(leaf, { minLength: 1, maxLength: 3 }), leaf).map(([or, rest]) => ({ ...rest, $or: or })),
    );
    const sort = fc.constantFrom<Record<string, 1 | -1>>(
      { c: 1, _id: 1 },
      { a: 1, c: -1, _id: 1 },
      { c: -1, _id: -1 },
      { _id: -1 },
    );
    await c.createIndexes([
      { key: { a: 1, c: 1 } },
      { key: { b: -1 }, sparse: true },
      { key: { c: 1, _id: 1 } },
      { key: { c: -1 }, name: 'partial', partialFilterExpression: { a: { $gte: 0 } } },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(doc, { minLength: 5, maxLength: 30 }),
        fc.array(fc.tuple(filter, sort, fc.nat({ max: 8 })), { minLength: 5, maxLength: 5 }),
        async (docs, queries) => {
          await c.deleteMany({});
          await c.insertMany(docs.map((one, _id) => ({ _id, ...one })));
          for (const [given, by, limit] of queries) {
            const run = (options: object) =>
              c
                .find(given as Document, options)
                .sort(by)
                .limit(limit)
                .toArray();
            expect(await run({})).toEqual(await run({ hint: { $natural: 1 } }));
            const { n } = await database.db.command({ count: c.collectionName, query: given });
            expect(n).toBe((await c.find(given as Document, { hint: { $natural: 1 } }).toArray()).length);
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});
