import type { Document } from 'mongodb';
import mongoose from 'mongoose';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
  const c = things();
  await c.createIndex({ kind: 1, n: -1 });
  await c.insertMany(Array.from({ length: 100 }, (_, i) => ({ _id: i, kind: i % 4, n: i })));
});
afterAll(() => database.close());

const things = () => database.db.collection<Thing>('things');
const explain = (command: Document, verbosity?: string) =>
  database.db.command({ explain: command, ...(verbosity ? { verbosity } : {}) });

describe('explain', () => {
  test('of find has the shape that tools read', async () => {
    const plan = await things()
      .find({ kind: 2, n: { $gt: 50, $lte: 80 } })
      .sort({ n: 1 })
      .skip(1)
      .limit(3)
      .project({ n: 1 })
      .explain('executionStats');
    expect(plan).toMatchObject({
      explainVersion: '1',
      queryPlanner: {
        namespace: 'test.things',
        parsedQuery: { $and: [{ kind: { $eq: 2 } }, { n: { $gt: 50 } }, { n: { $lte: 80 } }] },
        rejectedPlans: [],
      },
      executionStats: { executionSuccess: true, nReturned: 3, totalDocsExamined: 4 },
      command: { find: 'things', $db: 'test', limit: 3 },
      serverInfo: { version: expect.stringMatching(/^8\./) },
      serverParameters: expect.any(Object),
      ok: 1,
    });
    const stages: Document[] = [];
    for (let at = plan.queryPlanner.winningPlan; at; at = at.inputStage) stages.push(at);
    expect(stages.map(({ stage }) => stage)).toEqual(['PROJECTION_SIMPLE', 'LIMIT', 'SKIP', 'FETCH', 'IXSCAN']);
    expect(stages.at(-1)).toMatchObject({
      keyPattern: { kind: 1, n: -1 },
      indexName: 'kind_1_n_-1',
      isMultiKey: false,
      isUnique: false,
      direction: 'backward',
      indexBounds: { kind: ['[2, 2]'], n: ['(50, 80]'] },
    });
    expect(plan.executionStats.executionStages).toMatchObject({ stage: 'PROJECTION_SIMPLE', nReturned: 3 });
  });

  test('shows a sort, a scan, and a collection that is not there', async () => {
    const sorted = await things().find({ x: 1 }).sort({ x: 1 }).explain('executionStats');
    expect(sorted.queryPlanner.winningPlan).toMatchObject({
      stage: 'SORT',
      sortPattern: { x: 1 },
      inputStage: { stage: 'COLLSCAN', filter: { x: { $eq: 1 } }, direction: 'forward' },
    });
    expect(sorted.executionStats).toMatchObject({ nReturned: 0, totalKeysExamined: 0, totalDocsExamined: 100 });
    const nothing = await database.db.collection('nothing').find({ x: 1 }).explain();
    expect(nothing.queryPlanner.winningPlan.stage).toBe('EOF');
    expect((await things().find({ x: 1 }).explain('queryPlanner')).executionStats).toBeUndefined();
  });

  test('of writes says what they would do and does not do it', async () => {
    const before = await things().find().toArray();
    const update = await explain({
      update: 'things',
      updates: [{ q: { kind: 1 }, u: { $max: { n: 50 } }, multi: true }],
    });
    expect(update.queryPlanner.winningPlan).toMatchObject({ stage: 'UPDATE', inputStage: { stage: 'FETCH' } });
    expect(update.executionStats.executionStages).toMatchObject({ nMatched: 25, nWouldModify: 13, nWouldUpsert: 0 });
    const upsert = await explain({
      update: 'things',
      updates: [{ q: { kind: 9 }, u: { $set: { n: 1 } }, upsert: true }],
    });
    expect(upsert.executionStats.executionStages).toMatchObject({ nMatched: 0, nWouldUpsert: 1 });
    const gone = await explain({ delete: 'things', deletes: [{ q: { kind: 1 }, limit: 0 }] });
    expect(gone.executionStats.executionStages).toMatchObject({ stage: 'DELETE', nWouldDelete: 25 });
    const modify = await explain({
      findAndModify: 'things',
      query: { kind: 1 },
      sort: { n: -1 },
      update: { $set: { n: 0 } },
    });
    expect(modify.queryPlanner.winningPlan.stage).toBe('UPDATE');
    const removal = await explain({ findAndModify: 'things', query: { kind: 1 }, remove: true });
    expect(removal.executionStats.executionStages).toMatchObject({ stage: 'DELETE', nWouldDelete: 1 });
    expect(await things().find().toArray()).toEqual(before);
  });

  test('of aggregate: a query alone, or a cursor and the stages after it', async () => {
    const plain = await things()
      .aggregate([{ $match: { kind: 2 } }])
      .explain();
    expect(plain.queryPlanner.winningPlan).toMatchObject({ stage: 'FETCH', inputStage: { stage: 'IXSCAN' } });
    const grouped = await things()
      .aggregate([{ $match: { kind: 2 } }, { $group: { _id: '$n' } }])
      .explain('executionStats');
    expect(grouped.stages[0].$cursor).toMatchObject({
      queryPlanner: { winningPlan: { stage: 'FETCH' } },
      executionStats: { nReturned: 25 },
    });
    expect(grouped.stages[1]).toEqual({ $group: { _id: '$n' } });
    const inside = await database.db.command({
      aggregate: 'things',
      pipeline: [{ $match: { kind: 2 } }],
      explain: true,
    });
    expect(inside.queryPlanner.namespace).toBe('test.things');
    expect(inside.cursor).toBeUndefined();
    await expect(
      things()
        .aggregate([{ $nope: 1 }])
        .explain(),
    ).rejects.toMatchObject({ code: 40324 });
  });

  test('of count and distinct', async () => {
    const counted = await explain({ count: 'things', query: { kind: 2 } });
    expect(counted.executionStats.executionStages).toMatchObject({
      stage: 'COUNT',
      nCounted: 25,
      inputStage: { stage: 'COUNT_SCAN', keysExamined: 25 },
    });
    const all = await explain({ count: 'things' });
    expect(all.executionStats.executionStages).toMatchObject({ stage: 'RECORD_STORE_COUNT', nCounted: 100 });
    const values = await explain({ distinct: 'things', key: 'n', query: { kind: 2 } });
    expect(values.executionStats).toMatchObject({ nReturned: 25 });
  });

  test('refuses what MongoDB refuses', async () => {
    await expect(explain({ find: 'things' }, 'loudly')).rejects.toMatchObject({ code: 2 });
    await expect(explain({ nope: 'things' })).rejects.toMatchObject({ code: 59 });
    await expect(explain({ find: 'things', filter: { $nope: 1 } })).rejects.toMatchObject({ code: 2 });
    await expect(explain({ find: 'things', colour: 1 })).rejects.toMatchObject({ code: 40415 });
    await expect(explain({ update: 'things', updates: [] })).rejects.toMatchObject({ code: 72 });
  });

  test('by mongoose', async () => {
    const connection = await mongoose.createConnection(database.server.uri, { dbName: 'test' }).asPromise();
    const Model = connection.model('Thing', new mongoose.Schema({ _id: Number, kind: Number, n: Number }), 'things');
    const found = (await Model.find({ kind: 1 }).explain('executionStats')) as unknown as Document;
    expect(found.executionStats.nReturned).toBe(25);
    const piped = (await Model.aggregate([{ $match: { kind: 1 } }]).explain()) as unknown as Document;
    expect(piped.queryPlanner.winningPlan.stage).toBe('FETCH');
    await connection.close();
  });
});
