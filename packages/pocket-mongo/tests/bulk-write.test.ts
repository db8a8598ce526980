import { type ClientBulkWriteModel, MongoClient, type ObjectId } from 'mongodb';
import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.db.dropDatabase());

/** What the collections hold, by namespace. */
type Schemas = {
  'test.a': { _id: number | string; n?: number; all?: boolean };
  'test.b': { _id: number; v: number };
  'test.c': { _id: string; n: number };
  'test.orders': { _id: number };
  'test.tables': { _id: string; orders: number };
  'test.journal': { _id?: ObjectId; r: string; n: number };
};

describe('bulkWrite over several collections', () => {
  test('gives the result of each operation', async () => {
    await database.db.collection<{ _id: string; n: number }>('a').insertMany([
      { _id: 'x', n: 1 },
      { _id: 'y', n: 1 },
    ]);
    const result = await database.client.bulkWrite<Schemas>(
      [
        { name: 'insertOne', namespace: 'test.b', document: { _id: 1, v: 1 } },
        { name: 'updateOne', namespace: 'test.a', filter: { _id: 'x' }, update: { $inc: { n: 1 } } },
        { name: 'updateMany', namespace: 'test.a', filter: {}, update: { $set: { all: true } } },
        {
          name: 'updateOne',
          namespace: 'test.c',
          filter: { _id: 'new' },
          update: { $set: { n: 1 } },
          upsert: true,
        },
        { name: 'replaceOne', namespace: 'test.a', filter: { _id: 'y' }, replacement: { n: 5 } },
        { name: 'deleteOne', namespace: 'test.b', filter: { _id: 1 } },
      ],
      { verboseResults: true },
    );
    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 4,
      modifiedCount: 4,
      upsertedCount: 1,
      deletedCount: 1,
    });
    expect(result.updateResults?.get(3)).toMatchObject({ upsertedId: 'new', didUpsert: true });
    expect(await database.db.collection('a').find().toArray()).toEqual([
      { _id: 'x', n: 2, all: true },
      { _id: 'y', n: 5 },
    ]);
  });

  test('stops at the first error when ordered, goes on when not, also with errorsOnly', async () => {
    const insert = (id: number): ClientBulkWriteModel<Schemas> => ({
      name: 'insertOne',
      namespace: 'test.a',
      document: { _id: id },
    });
    const ops = [insert(1), insert(1), insert(2)];
    for (const verboseResults of [true, false]) {
      await database.db.dropDatabase();
      const stopped = await database.client.bulkWrite<Schemas>(ops, { verboseResults }).catch((error) => error);
      expect(stopped.writeErrors.get(1)).toMatchObject({ code: 11000 });
      expect(await database.db.collection('a').countDocuments()).toBe(1);
      const went = await database.client
        .bulkWrite<Schemas>([insert(1), insert(3), insert(3), insert(4)], { ordered: false, verboseResults })
        .catch((error) => error);
      expect([...went.writeErrors.keys()]).toEqual([0, 2]);
      expect(went.partialResult).toMatchObject({ insertedCount: 2 });
      expect(await database.db.collection('a').countDocuments()).toBe(3);
    }
  });

  test('is all or nothing in a transaction, and a duplicate key says which', async () => {
    await database.db.collection('journal').createIndex({ r: 1, n: 1 }, { unique: true });
    await database.db.collection('journal').insertOne({ r: 'x', n: 1 });
    const session = database.client.startSession();
    const write = (n: number) =>
      session.withTransaction(() =>
        database.client.bulkWrite<Schemas>(
          [
            { name: 'insertOne', namespace: 'test.orders', document: { _id: n } },
            {
              name: 'updateOne',
              namespace: 'test.tables',
              filter: { _id: 't' },
              update: { $inc: { orders: 1 } },
              upsert: true,
            },
            { name: 'insertOne', namespace: 'test.journal', document: { r: 'x', n } },
          ],
          { session },
        ),
      );
    await write(2);
    const refused = await write(2).catch((error) => error);
    expect(refused.writeErrors.get(0)).toMatchObject({ code: 11000 });
    await database.db.collection('orders').deleteMany({});
    const late = await write(1).catch((error) => error);
    expect(late.writeErrors.get(2).message).toContain('index: r_1_n_1 dup key: { r: "x", n: 1 }');
    expect(await database.db.collection('orders').countDocuments()).toBe(0);
    expect(await database.db.collection('tables').findOne()).toEqual({ _id: 't', orders: 1 });
    await session.endSession();
  });

  test('gives results that are too large for one reply in several, also in a transaction', async () => {
    const client = new MongoClient(database.server.uri, { monitorCommands: true });
    const names: string[] = [];
    client.on('commandStarted', ({ commandName }) => names.push(commandName));
    const upserts = (): ClientBulkWriteModel<Schemas>[] =>
      ['a', 'b', 'c'].map((letter) => ({
        name: 'updateOne',
        namespace: 'test.tables',
        filter: { _id: letter.repeat(6_000_000) },
        update: { $set: { orders: 1 } },
        upsert: true,
      }));
    const lengths = (results: ReadonlyMap<number, { upsertedId?: unknown }> | undefined) =>
      [...(results?.values() ?? [])].map(({ upsertedId }) => String(upsertedId).length);
    try {
      const { updateResults } = await client.bulkWrite<Schemas>(upserts(), { verboseResults: true });
      expect(lengths(updateResults)).toEqual([6_000_000, 6_000_000, 6_000_000]);
      expect(names).toContain('getMore');
      await database.db.collection('tables').deleteMany({});
      names.length = 0;
      await client.withSession((session) =>
        session.withTransaction(async () => {
          const inside = await client.bulkWrite<Schemas>(upserts(), { verboseResults: true, session });
          expect(lengths(inside.updateResults)).toEqual([6_000_000, 6_000_000, 6_000_000]);
        }),
      );
      expect(names).toContain('getMore');
      await database.db.collection('tables').deleteMany({});
      names.length = 0;
      const data = { failCommands: ['getMore'], errorCode: 8 };
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
      const failed = await client.bulkWrite<Schemas>(upserts(), { verboseResults: true }).catch((error) => error);
      expect(failed).toMatchObject({ cause: { code: 8 }, partialResult: { upsertedCount: 3 } });
      expect(lengths(failed.partialResult.updateResults)).toEqual([6_000_000]);
      expect(names).toContain('killCursors');
    } finally {
      await client.close();
    }
  });

  test('refuses what it does not do', async () => {
    const op = {
      update: 0,
      filter: {},
      updateMods: { $set: { a: 1 } },
      multi: false,
      collation: { locale: 'de', strength: 4 },
    };
    const reply = await database.client.db('admin').command({ bulkWrite: 1, ops: [op], nsInfo: [{ ns: 'test.a' }] });
    expect(reply).toMatchObject({ nErrors: 1, cursor: { firstBatch: [{ ok: 0, code: 238 }] } });
    await expect(database.db.command({ bulkWrite: 1, ops: [op], nsInfo: [{ ns: 'test.a' }] })).rejects.toMatchObject({
      code: 13,
    });
  });
});
