import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.db.dropDatabase());

const ns = (name: string) => `test.${name}`;

describe('bulkWrite over several collections', () => {
  test('gives the result of each operation', async () => {
    await database.db.collection<{ _id: string; n: number }>('a').insertMany([
      { _id: 'x', n: 1 },
      { _id: 'y', n: 1 },
    ]);
    const result = await database.client.bulkWrite(
      [
        { name: 'insertOne', namespace: ns('b'), document: { _id: 1 as never, v: 1 } },
        { name: 'updateOne', namespace: ns('a'), filter: { _id: 'x' as never }, update: { $inc: { n: 1 } } },
        { name: 'updateMany', namespace: ns('a'), filter: {}, update: { $set: { all: true } } },
        {
          name: 'updateOne',
          namespace: ns('c'),
          filter: { _id: 'new' as never },
          update: { $set: { n: 1 } },
          upsert: true,
        },
        { name: 'replaceOne', namespace: ns('a'), filter: { _id: 'y' as never }, replacement: { n: 5 } },
        { name: 'deleteOne', namespace: ns('b'), filter: { _id: 1 as never } },
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
    const insert = (id: number) => ({ name: 'insertOne' as const, namespace: ns('a'), document: { _id: id as never } });
    const ops = [insert(1), insert(1), insert(2)];
    for (const verboseResults of [true, false]) {
      await database.db.dropDatabase();
      const stopped = await database.client.bulkWrite(ops, { verboseResults }).catch((error) => error);
      expect(stopped.writeErrors.get(1)).toMatchObject({ code: 11000 });
      expect(await database.db.collection('a').countDocuments()).toBe(1);
      const went = await database.client
        .bulkWrite([insert(1), insert(3), insert(3), insert(4)], { ordered: false, verboseResults })
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
        database.client.bulkWrite(
          [
            { name: 'insertOne', namespace: ns('orders'), document: { _id: n as never } },
            {
              name: 'updateOne',
              namespace: ns('tables'),
              filter: { _id: 't' as never },
              update: { $inc: { orders: 1 } },
              upsert: true,
            },
            { name: 'insertOne', namespace: ns('journal'), document: { r: 'x', n } },
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

  test('refuses what it does not do', async () => {
    const op = { update: 0, filter: {}, updateMods: { $set: { a: 1 } }, multi: false, collation: { locale: 'de' } };
    const reply = await database.client.db('admin').command({ bulkWrite: 1, ops: [op], nsInfo: [{ ns: ns('a') }] });
    expect(reply).toMatchObject({ nErrors: 1, cursor: { firstBatch: [{ ok: 0, code: 238 }] } });
    await expect(database.db.command({ bulkWrite: 1, ops: [op], nsInfo: [{ ns: ns('a') }] })).rejects.toMatchObject({
      code: 13,
    });
  });
});
