import { Long, MongoClient, ObjectId } from 'mongodb';
import { openDatabase } from './database.js';

interface Counted {
  _id?: number | string | ObjectId;
  n?: number;
  k?: string;
}

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true }, { maxPoolSize: 60 });
});
afterAll(() => database.close());

const fresh = () => database.db.collection<Counted>(`c${new ObjectId().toHexString()}`);

describe('transactions', () => {
  test('read their own writes, in order, and show them to others only when committed', async () => {
    const c = fresh();
    await c.createIndex({ n: 1 });
    await c.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
      { _id: 5, n: 5 },
    ]);
    const session = database.client.startSession();
    session.startTransaction();
    await c.insertOne({ _id: 3, n: 3 }, { session });
    await c.deleteOne({ _id: 2 }, { session });
    await c.updateOne({ _id: 5 }, { $set: { n: 0 } }, { session });
    const inside = await c.find({}, { session }).sort({ n: 1 }).toArray();
    expect(inside.map(({ _id }) => _id)).toEqual([5, 1, 3]);
    expect((await c.find({}, { session }).sort({ n: -1 }).toArray()).map(({ _id }) => _id)).toEqual([3, 1, 5]);
    expect(await c.countDocuments({}, { session })).toBe(3);
    expect((await c.find().sort({ n: 1 }).toArray()).map(({ _id }) => _id)).toEqual([1, 2, 5]);
    await session.commitTransaction();
    expect((await c.find().sort({ n: 1 }).toArray()).map(({ _id }) => _id)).toEqual([5, 1, 3]);
    await session.endSession();
  });

  test('see one snapshot, and leave nothing when aborted', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1, n: 1 });
    const session = database.client.startSession();
    session.startTransaction();
    expect(await c.findOne({ _id: 1 }, { session })).toEqual({ _id: 1, n: 1 });
    await c.updateOne({ _id: 1 }, { $set: { n: 2 } });
    await c.insertOne({ _id: 2 });
    expect(await c.find({}, { session }).toArray()).toEqual([{ _id: 1, n: 1 }]);
    await c.insertOne({ _id: 3 }, { session });
    await session.abortTransaction();
    expect(await c.countDocuments()).toBe(2);
    await session.endSession();
  });

  test('50 concurrent increments by reading and writing give exactly 50', async () => {
    const c = fresh();
    await c.insertOne({ _id: 'counter', n: 0 });
    await Promise.all(
      Array.from({ length: 50 }, () =>
        database.client.withSession((session) =>
          session.withTransaction(async () => {
            const found = await c.findOne({ _id: 'counter' }, { session });
            await c.updateOne({ _id: 'counter' }, { $set: { n: Number(found?.n) + 1 } }, { session });
          }),
        ),
      ),
    );
    expect(await c.findOne({ _id: 'counter' })).toEqual({ _id: 'counter', n: 50 });
  });

  test('the second to write a document gets a conflict with its label', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1, n: 0 });
    const [a, b] = [database.client.startSession(), database.client.startSession()];
    a.startTransaction();
    b.startTransaction();
    await c.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: a });
    const conflict = await c.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: b }).catch((error) => error);
    expect(conflict).toMatchObject({ code: 112, codeName: 'WriteConflict' });
    expect(conflict.hasErrorLabel('TransientTransactionError')).toBe(true);
    await expect(c.findOne({}, { session: b })).rejects.toMatchObject({
      code: 251,
      message: expect.stringMatching(/^Transaction with \{ txnNumber: \d+ \} has been aborted\.$/),
    });
    await a.commitTransaction();
    await b.abortTransaction().catch(() => undefined);
    await Promise.all([a.endSession(), b.endSession()]);
  });

  test('a document or unique key written since the snapshot is a conflict, not a duplicate', async () => {
    const c = fresh();
    await c.createIndex({ k: 1 }, { unique: true });
    await c.insertOne({ _id: 0 });
    const session = database.client.startSession();
    session.startTransaction();
    await c.findOne({ _id: 0 }, { session });
    await c.insertOne({ _id: 'theirs', k: 'same' });
    await expect(c.insertOne({ _id: 'mine', k: 'same' }, { session })).rejects.toMatchObject({ code: 112 });
    await session.abortTransaction().catch(() => undefined);
    session.startTransaction();
    await expect(c.insertOne({ _id: 'mine', k: 'same' }, { session })).rejects.toMatchObject({ code: 11000 });
    await session.abortTransaction().catch(() => undefined);
    await session.endSession();
  });

  test('a unique key moves between documents inside one transaction', async () => {
    const c = fresh();
    await c.createIndex({ k: 1 }, { unique: true });
    await c.insertOne({ _id: 1, k: 'x' });
    await database.client.withSession((session) =>
      session.withTransaction(async () => {
        await c.deleteOne({ _id: 1 }, { session });
        await c.insertOne({ _id: 2, k: 'x' }, { session });
      }),
    );
    expect(await c.find({ k: 'x' }).toArray()).toEqual([{ _id: 2, k: 'x' }]);
  });

  test('unique keys hold between 30 concurrent transactions', async () => {
    const c = fresh();
    await c.createIndex({ n: 1 }, { unique: true });
    await Promise.all(
      Array.from({ length: 30 }, () =>
        database.client.withSession((session) =>
          session
            .withTransaction(async () => {
              const [last] = await c.find({}, { session }).sort({ n: -1 }).limit(1).toArray();
              await c.insertOne({ n: Number(last?.n ?? 0) + 1 }, { session });
            })
            .catch((error) => {
              // A duplicate of a committed key is an honest answer; two documents with one key would not be.
              expect(error).toMatchObject({ code: 11000 });
            }),
        ),
      ),
    );
    const numbers = (await c.find().sort({ n: 1 }).toArray()).map(({ n }) => n);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i + 1));
    expect(numbers.length).toBeGreaterThan(0);
  });

  test('a plain write waits for the transaction that holds its document', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1, n: 0 });
    const session = database.client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 1 }, { $set: { n: 10 } }, { session });
    let done = false;
    const plain = c.updateOne({ _id: 1 }, { $inc: { n: 1 } }).then(() => {
      done = true;
    });
    await c.findOne({ _id: 1 });
    expect(done).toBe(false);
    await session.commitTransaction();
    await plain;
    expect(await c.findOne({ _id: 1 })).toEqual({ _id: 1, n: 11 });
    await session.endSession();
  });

  test('killSessions and killAllSessions free the claims at once', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1, n: 0 });
    const session = database.client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 1 }, { $set: { n: 10 } }, { session });
    await database.client.db('admin').command({ killSessions: [session.id] });
    await c.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    expect(await c.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    await session.endSession();
  });

  test('an open transaction ends with its lifetime', async () => {
    const short = await openDatabase({ memory: true, transactionLifetimeLimitSeconds: 0.05, sweepIntervalMs: 20 });
    const c = short.db.collection<Counted>('c');
    await c.insertOne({ _id: 1 });
    const session = short.client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 1 }, { $set: { n: 1 } }, { session });
    await c.updateOne({ _id: 1 }, { $set: { n: 2 } });
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    await session.endSession();
    await short.close();
  });
});

describe('retryable writes', () => {
  test('run once though they are sent twice', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1, n: 0 });
    // A client of its own: its session must not go back into the pool with a number the driver knows nothing of.
    const client = new MongoClient(database.server.uri);
    const session = client.startSession();
    const command = {
      update: c.collectionName,
      updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }],
      txnNumber: Long.fromNumber(1),
    };
    const send = () => client.db('test').command(command, { session });
    expect(await send()).toMatchObject({ n: 1, nModified: 1 });
    expect(await send()).toMatchObject({ n: 1, nModified: 1 });
    expect(await c.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
    await client.close();
  });

  test('are retried by the driver after an injected failover, and transactions by withTransaction', async () => {
    const c = fresh();
    const admin = database.client.db('admin');
    await c.insertOne({ _id: 1, n: 0 });
    await admin.command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['update'], errorCode: 10107 },
    });
    await c.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    await admin.command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['update'], errorCode: 112 },
    });
    await database.client.withSession((session) =>
      session.withTransaction(() => c.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session })),
    );
    await admin.command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['insert'], closeConnection: true },
    });
    await c.insertOne({ _id: 2 });
    expect(await c.find().toArray()).toEqual([{ _id: 1, n: 2 }, { _id: 2 }]);
  });
});
