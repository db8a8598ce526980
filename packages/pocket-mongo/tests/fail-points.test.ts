import { type Db, MongoClient, type MongoServerError } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let db: Db;

beforeAll(async () => {
  database = await openDatabase();
  db = database.db;
});

afterAll(() => database.close());

beforeEach(() => dishes().deleteMany({}));

afterEach(async () => {
  for (const name of [
    'failCommand',
    'onPrimaryTransactionalWrite',
    'failGetMoreAfterCursorCheckout',
    'maxTimeAlwaysTimeOut',
  ])
    await configure(name, 'off');
});

const configure = (name: string, mode: unknown, data?: object) =>
  db.admin().command({ configureFailPoint: name, mode, ...(data ? { data } : {}) });

const dishes = () => db.collection<Thing>('dishes');

async function errorOf(action: Promise<unknown>): Promise<MongoServerError> {
  try {
    await action;
  } catch (error) {
    return error as MongoServerError;
  }
  throw new Error('no error');
}

test('failCommand fails the commands it names as often as it says, and tells how often it has', async () => {
  await configure('failCommand', { times: 2 }, { failCommands: ['ping'], errorCode: 96 });
  for (let i = 0; i < 2; i++)
    expect(await errorOf(db.command({ ping: 1 }))).toMatchObject({ code: 96, codeName: 'OperationFailed' });
  await db.command({ ping: 1 });
  await configure('failCommand', { skip: 1 }, { failCommands: ['ping'], errorCode: 96 });
  await db.command({ ping: 1 });
  expect(await errorOf(db.command({ ping: 1 }))).toMatchObject({ code: 96 });
  expect(await configure('failCommand', 'off')).toMatchObject({ count: 1 });
});

test('failCommand can be for one namespace or one application', async () => {
  await configure('failCommand', 'alwaysOn', { failCommands: ['find'], errorCode: 96, namespace: 'test.dishes' });
  await db.collection('other').findOne();
  expect(await errorOf(dishes().findOne())).toMatchObject({ code: 96 });
  await configure('failCommand', 'alwaysOn', { failCommands: ['find'], errorCode: 96, appName: 'till' });
  await dishes().findOne();
  const till = new MongoClient(database.server.uri, { appName: 'till' });
  expect(await errorOf(till.db('test').collection('dishes').findOne())).toMatchObject({ code: 96 });
  await till.close();
});

test('errors get the labels that MongoDB gives them, unless the fail point gives its own', async () => {
  const plain = new MongoClient(database.server.uri, { retryWrites: false });
  const write = { insert: 'dishes', documents: [{ a: 1 }] };
  await configure('failCommand', { times: 1 }, { failCommands: ['insert'], errorCode: 10107 });
  expect((await errorOf(plain.db('test').command(write))).errorLabels).toEqual([]);
  await configure('failCommand', { times: 1 }, { failCommands: ['insert'], errorCode: 10107 });
  await dishes().insertOne({ _id: 1 });
  expect(await dishes().countDocuments()).toBe(1);
  await configure('failCommand', { times: 1 }, { failCommands: ['insert'], errorCode: 10107, errorLabels: [] });
  expect((await errorOf(dishes().insertOne({ _id: 2 }))).errorLabels).toEqual([]);
  await plain.close();
});

test('a commit that finds no transaction is to be tried again as a whole, one that meets a new primary by itself', async () => {
  const session = database.client.startSession();
  const commitFailingWith = async (errorCode: number) => {
    session.startTransaction();
    await dishes().insertOne({ a: 1 }, { session });
    await configure('failCommand', { times: 2 }, { failCommands: ['commitTransaction'], errorCode });
    const { errorLabels } = await errorOf(session.commitTransaction());
    await db.admin().command({ killAllSessions: [] });
    return errorLabels;
  };
  expect(await commitFailingWith(251)).toEqual(['TransientTransactionError']);
  expect(await commitFailingWith(10107)).toEqual(['RetryableWriteError', 'UnknownTransactionCommitResult']);
  await session.endSession();
});

test('a write concern error is reported beside what was done', async () => {
  const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' };
  await configure('failCommand', { times: 1 }, { failCommands: ['insert'], writeConcernError });
  expect(await errorOf(dishes().insertOne({ _id: 1 }))).toMatchObject({ code: 64 });
  expect(await dishes().countDocuments()).toBe(1);
});

test('onPrimaryTransactionalWrite loses the connection before or after a write; the retry does it once', async () => {
  await configure('onPrimaryTransactionalWrite', { times: 1 });
  await dishes().insertOne({ _id: 1, n: 0 } as Thing);
  await configure('onPrimaryTransactionalWrite', { times: 1 });
  await dishes().updateOne({ _id: 1 }, { $inc: { n: 1 } as never });
  await configure('onPrimaryTransactionalWrite', { times: 1 }, { failBeforeCommitExceptionCode: 1 });
  await dishes().updateOne({ _id: 1 }, { $inc: { n: 1 } as never });
  expect(await dishes().findOne()).toEqual({ _id: 1, n: 2 });
  await configure('onPrimaryTransactionalWrite', { times: 2 }, { failBeforeCommitExceptionCode: 1 });
  await errorOf(dishes().insertOne({ _id: 2 }));
  expect(await dishes().countDocuments()).toBe(1);
  await configure(
    'onPrimaryTransactionalWrite',
    { times: 1 },
    { failBeforeCommitExceptionCode: 96, closeConnection: false },
  );
  expect(await errorOf(dishes().insertOne({ _id: 2 }))).toMatchObject({ code: 96 });
});

test('a command is hit by any of its names, and getMore by the collection it reads', async () => {
  await configure('failCommand', { times: 1 }, { failCommands: ['isMaster'], errorCode: 96 });
  expect(await errorOf(db.command({ ismaster: 1 }))).toMatchObject({ code: 96 });
  await configure('failCommand', { times: 1 }, { failCommands: ['isMaster'], errorCode: 96 });
  await db.command({ hello: 1 });
  expect(await errorOf(db.command({ isMaster: 1 }))).toMatchObject({ code: 96 });
  await dishes().insertMany([{ _id: 1 }, { _id: 2 }]);
  const namespace = 'test.dishes';
  await configure('failCommand', { times: 1 }, { failCommands: ['getMore'], errorCode: 96, namespace });
  expect(await errorOf(dishes().find().batchSize(1).toArray())).toMatchObject({ code: 96 });
});

test('a change stream goes on after a getMore that failed with its cursor, not after one that failed before', async () => {
  const watched = () => dishes().watch([], { maxAwaitTimeMS: 20 });
  const stream = watched();
  await stream.tryNext();
  await dishes().insertMany([{ _id: 1 }, { _id: 4 }]);
  await configure('failGetMoreAfterCursorCheckout', { times: 1 }, { errorCode: 6 });
  expect(await stream.next()).toMatchObject({ documentKey: { _id: 1 } });
  expect(await configure('failGetMoreAfterCursorCheckout', 'off')).toMatchObject({ count: 1 });
  await stream.close();
  for (const [errorLabels, outcome] of [
    [['ResumableChangeStreamError'], { documentKey: { _id: 4 } }],
    [undefined, { code: 6, errorLabels: [] }],
  ] as const) {
    const other = watched();
    await other.tryNext();
    await dishes().deleteOne({ _id: 4 });
    await other.next();
    await dishes().insertOne({ _id: 4 });
    const labels = errorLabels ? { errorLabels } : {};
    await configure('failCommand', { times: 1 }, { failCommands: ['getMore'], errorCode: 6, ...labels });
    expect(await other.next().catch((error) => error)).toMatchObject(outcome);
    await other.close();
  }
});

test('a connection whose first words meet a fail point for its application is closed', async () => {
  await configure('failCommand', 'alwaysOn', {
    failCommands: ['isMaster', 'hello'],
    closeConnection: true,
    appName: 'till',
  });
  const till = new MongoClient(database.server.uri, { appName: 'till', serverSelectionTimeoutMS: 200 });
  expect((await errorOf(till.db('test').command({ ping: 1 }))).name).toBe('MongoServerSelectionError');
  await till.close();
});

test('errors of a member that is no primary name the version of the topology, those of one that ends do not', async () => {
  // After some of these the driver waits until its next look at the server.
  const quick = new MongoClient(database.server.uri, { heartbeatFrequencyMS: 500 });
  const failing = async (errorCode: number) => {
    await configure('failCommand', { times: 1 }, { failCommands: ['ping'], errorCode });
    return (await errorOf(quick.db('test').command({ ping: 1 }))).errorResponse;
  };
  const { topologyVersion } = await db.command({ hello: 1 });
  for (const code of [189, 10107, 11602, 13435, 13436]) expect(await failing(code)).toMatchObject({ topologyVersion });
  for (const code of [91, 11600, 96]) expect(await failing(code)).not.toHaveProperty('topologyVersion');
  const writeConcernError = { code: 189, errmsg: 'stepped down' };
  await configure('failCommand', { times: 1 }, { failCommands: ['ping'], writeConcernError });
  const reply = (await errorOf(quick.db('test').command({ ping: 1 }))) as unknown as { result: unknown };
  expect(reply.result).toMatchObject({ writeConcernError, topologyVersion });
  await quick.close();
});

test('the time for which a command is held up counts for its maxTimeMS, and nothing is done when that is over', async () => {
  const block = { failCommands: ['insert', 'find', 'getMore'], blockConnection: true, blockTimeMS: 40 };
  await configure('failCommand', 'alwaysOn', block);
  const insert = { insert: 'dishes', documents: [{ _id: 1 }] };
  const over = { code: 50, codeName: 'MaxTimeMSExpired' };
  expect(await errorOf(db.command({ ...insert, maxTimeMS: 20 }))).toMatchObject(over);
  await db.command({ ...insert, documents: [{ _id: 2 }, { _id: 3 }], maxTimeMS: 20_000 });
  expect(await errorOf(dishes().find({}, { maxTimeMS: 20 }).toArray())).toMatchObject(over);
  expect(
    await dishes()
      .find({}, { maxTimeMS: 20_000, batchSize: 1, sort: { _id: 1 } })
      .toArray(),
  ).toEqual([{ _id: 2 }, { _id: 3 }]);
  await database.client.withSession(async (session) => {
    session.startTransaction();
    const late = dishes().insertOne({ _id: 4 }, { session, maxTimeMS: 20 });
    expect(await errorOf(late)).toMatchObject(over);
    await session.abortTransaction();
  });
});

test('a hello that waits is not hit by a fail point that is set meanwhile; the next one is, at once', async () => {
  const till = new MongoClient(database.server.uri, { appName: 'till' });
  const { topologyVersion } = await till.db('test').command({ hello: 1 });
  const waiting = till.db('test').command({ hello: 1, topologyVersion, maxAwaitTimeMS: 300 });
  await db.command({ ping: 1 });
  await configure('failCommand', 'alwaysOn', { failCommands: ['hello'], errorCode: 96, appName: 'till' });
  expect(await waiting).toMatchObject({ isWritablePrimary: true });
  const next = till.db('test').command({ hello: 1, topologyVersion, maxAwaitTimeMS: 600_000 });
  expect(await errorOf(next)).toMatchObject({ code: 96 });
  await till.close();
});

test('what a fail point cannot do is refused', async () => {
  expect(await errorOf(configure('dance', 'alwaysOn'))).toMatchObject({ code: 238 });
  expect(await errorOf(configure('failCommand', 'alwaysOn', { dance: 1 }))).toMatchObject({ code: 238 });
  expect(await errorOf(configure('failCommand', 'sometimes'))).toMatchObject({ code: 2 });
});

test('maxTimeAlwaysTimeOut ends every command that has a limit of time', async () => {
  await dishes().insertOne({ _id: 1 });
  await configure('maxTimeAlwaysTimeOut', 'alwaysOn');
  expect(await dishes().find().toArray()).toHaveLength(1);
  expect(await errorOf(dishes().find().maxTimeMS(60_000).toArray())).toMatchObject({
    code: 50,
    codeName: 'MaxTimeMSExpired',
    message: 'operation exceeded time limit',
  });
});

test('an error after which no change stream goes on says so', async () => {
  await dishes().insertMany([{ _id: 1 }, { _id: 2 }]);
  await configure('failCommand', { times: 1 }, { failCommands: ['getMore'], errorCode: 280 });
  const error = await errorOf(dishes().find().batchSize(1).toArray());
  expect(error.hasErrorLabel('NonResumableChangeStreamError')).toBe(true);
});
