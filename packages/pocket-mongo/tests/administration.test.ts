import { createHash } from 'node:crypto';
import { BSON, type ClientSession, type Document, GridFSBucket, MongoClient } from 'mongodb';
import { openDatabase, type Thing, until } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let other: MongoClient;
beforeAll(async () => {
  database = await openDatabase();
  other = await new MongoClient(database.server.uri).connect();
});
afterAll(async () => {
  await other.close();
  await database.close();
});
beforeEach(() => database.db.dropDatabase());

const run = (command: Document) => database.db.command(command);
const admin = (command: Document) => database.client.db('admin').command(command);
const things = () => database.db.collection<Thing>('things');

/** A query that goes on until it is ended: each document is held to all, and none fits. */
/** Reads every document for every document: no index serves a sum. */
const none = { $expr: { $lt: [{ $add: ['$_id', '$$outer'] }, -1] } };
const ENDLESS = [{ $lookup: { from: 'things', let: { outer: '$_id' }, pipeline: [{ $match: none }], as: 'all' } }];

async function many(): Promise<void> {
  await things().insertMany(Array.from({ length: 3000 }, (_, _id) => ({ _id })));
}

test('validate counts documents and keys, and refuses views and what is not there', async () => {
  await things().insertMany([{ _id: 1, a: [1, 2] }, { _id: 2 }]);
  await things().createIndex({ a: 1 });
  expect(await run({ validate: 'things', full: true })).toMatchObject({
    ns: 'test.things',
    valid: true,
    nrecords: 2,
    nIndexes: 2,
    keysPerIndex: { _id_: 2, a_1: 3 },
    indexDetails: { a_1: { valid: true } },
    errors: [],
    ok: 1,
  });
  await expect(run({ validate: 'nothing' })).rejects.toMatchObject({ code: 26 });
  await database.db.createCollection('view', { viewOn: 'things', pipeline: [] });
  await expect(run({ validate: 'view' })).rejects.toMatchObject({ code: 166 });
});

test('dbHash is the MD5 of the documents in the order of _id, whatever else there is', async () => {
  const documents = [{ _id: 1, a: 'x' }, { _id: 2 }];
  await things().insertMany([...documents].reverse());
  await things().createIndex({ a: 1 });
  const hash = createHash('md5');
  for (const document of documents) hash.update(BSON.serialize(document));
  const { collections, md5 } = await run({ dbHash: 1 });
  expect(collections).toEqual({ things: hash.digest('hex') });
  expect(md5).toBe(createHash('md5').update(collections.things).digest('hex'));
});

test('filemd5 is the MD5 of a file in GridFS', async () => {
  const bytes = Buffer.from('x'.repeat(1000) + 'y'.repeat(500));
  const bucket = new GridFSBucket(database.db, { bucketName: 'pictures', chunkSizeBytes: 400 });
  const upload = bucket.openUploadStream('menu.png');
  await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject).end(bytes));
  const md5 = createHash('md5').update(bytes).digest('hex');
  expect(await run({ filemd5: upload.id, root: 'pictures' })).toMatchObject({ numChunks: 4, md5, ok: 1 });
  const nothing = createHash('md5').digest('hex');
  expect(await run({ filemd5: upload.id })).toMatchObject({ numChunks: 0, md5: nothing });
  await database.db.collection('pictures.chunks').deleteOne({ n: 1 });
  await expect(run({ filemd5: upload.id, root: 'pictures' })).rejects.toMatchObject({ code: 10040 });
});

describe('commands under way', () => {
  test('are in currentOp and in $currentOp, and killOp ends them', async () => {
    await many();
    const running = things().aggregate(ENDLESS, { comment: 'endless', batchSize: 1_000_000 }).toArray();
    const ended = expect(running).rejects.toMatchObject({ code: 11601, codeName: 'Interrupted' });
    const find = async () => (await admin({ currentOp: 1, 'command.comment': 'endless' })).inprog;
    await until(async () => (await find()).length > 0, 'the aggregate is seen');
    const [operation] = await find();
    expect(operation).toMatchObject({ type: 'op', active: true, ns: 'test.things', op: 'command' });
    const rows = await database.client
      .db('admin')
      .aggregate([{ $currentOp: {} }])
      .toArray();
    expect(rows.map(({ opid }) => opid)).toContain(operation.opid);
    await admin({ killOp: 1, op: operation.opid });
    await ended;
    expect(await find()).toEqual([]);
  });

  test('take no longer than maxTimeMS, however large their batch, and hold nobody up meanwhile', async () => {
    await many();
    const start = Date.now();
    const slow = database.db.command({
      aggregate: 'things',
      pipeline: ENDLESS,
      cursor: { batchSize: 1_000_000 },
      maxTimeMS: 100,
    });
    const ended = expect(slow).rejects.toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
    expect(await other.db('test').command({ ping: 1 })).toMatchObject({ ok: 1 });
    await ended;
    expect(Date.now() - start).toBeGreaterThanOrEqual(100);
  });
});

describe('killSessions', () => {
  let session: ClientSession;
  beforeEach(() => {
    session = other.startSession();
  });
  afterEach(() => session.endSession());

  const openTransaction = async () => {
    await things().insertOne({ _id: 1, n: 0 });
    session.startTransaction();
    await other
      .db('test')
      .collection('things')
      .updateOne({}, { $inc: { n: 1 } }, { session });
  };

  test.each([
    ['killSessions', () => [session.id]],
    ['killAllSessions', () => []],
    ['killAllSessionsByPattern', () => [{ lsid: session.id }]],
  ])('%s ends the transaction of another client at once, and frees what it holds', async (name, list) => {
    await openTransaction();
    const { inprog } = await admin({ currentOp: 1, type: 'idleSession' });
    expect(inprog).toMatchObject([{ active: false, lsid: { id: session.id?.id }, transaction: {} }]);
    await admin({ [name]: list() });
    expect(await things().updateOne({}, { $set: { n: 100 } })).toMatchObject({ modifiedCount: 1 });
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    expect(await things().findOne()).toMatchObject({ n: 100 });
  });

  test('leaves the sessions alone that it does not name', async () => {
    await openTransaction();
    const stranger = database.client.startSession();
    await admin({ killSessions: [stranger.id] });
    await admin({ killAllSessionsByPattern: [{ lsid: stranger.id }] });
    await admin({ killAllSessions: [{ user: 'nobody', db: 'test' }] });
    await session.commitTransaction();
    expect(await things().findOne()).toMatchObject({ n: 1 });
    await stranger.endSession();
  });

  test('ends commands and cursors of the session too', async () => {
    await many();
    const cursor = other.db('test').collection('things').find({}, { session, batchSize: 2 });
    await cursor.next();
    const running = other
      .db('test')
      .collection('things')
      .aggregate(ENDLESS, { session, comment: 'endless', batchSize: 1_000_000 })
      .toArray();
    const ended = expect(running).rejects.toMatchObject({ code: 11601 });
    const seen = async () => (await admin({ currentOp: 1, 'command.comment': 'endless' })).inprog.length > 0;
    await until(seen, 'the aggregate is seen');
    await admin({ killSessions: [session.id] });
    await ended;
    await expect(cursor.toArray()).rejects.toMatchObject({ code: 43 });
  });

  test('what is no session is an error', async () => {
    await expect(admin({ killSessions: [{}] })).rejects.toMatchObject({ code: 40414 });
    await expect(admin({ killAllSessionsByPattern: [{ name: 1 }] })).rejects.toMatchObject({ code: 40415 });
  });
});

test('setParameter changes what getParameter shows; unknown ones are errors', async () => {
  expect(await admin({ setParameter: 1, cursorTimeoutMillis: 1234 })).toMatchObject({ was: 600_000 });
  expect(await admin({ getParameter: 1, cursorTimeoutMillis: 1 })).toMatchObject({ cursorTimeoutMillis: 1234 });
  await admin({ setParameter: 1, cursorTimeoutMillis: 600_000 });
  expect(await admin({ getParameter: '*' })).toMatchObject({ featureCompatibilityVersion: { version: '8.0' } });
  await expect(admin({ getParameter: 1, colour: 1 })).rejects.toMatchObject({ code: 72 });
  await expect(admin({ setParameter: 1, colour: 1 })).rejects.toMatchObject({ code: 72 });
  await expect(admin({ setParameter: 1, cursorTimeoutMillis: 'long' })).rejects.toMatchObject({ code: 2 });
  await expect(admin({ setParameter: 1, requireApiVersion: true })).rejects.toMatchObject({ code: 20 });
});

test('top and serverStatus count what was done', async () => {
  const before = (await admin({ serverStatus: 1 })).opcounters;
  await things().insertOne({ _id: 1 });
  await things().findOne();
  const after = (await admin({ serverStatus: 1 })).opcounters;
  expect([after.insert - before.insert, after.query - before.query]).toEqual([1, 1]);
  const { totals } = await admin({ top: 1 });
  expect(Number(totals['test.things'].insert.count)).toBeGreaterThan(0);
  expect(Number(totals['test.things'].total.time)).toBeGreaterThan(0);
});

test('the replica set has one member, the primary', async () => {
  const { set, members, myState } = await admin({ replSetGetStatus: 1 });
  expect({ set, myState, states: members.map((one: Document) => one.stateStr) }).toEqual({
    set: 'pocket',
    myState: 1,
    states: ['PRIMARY'],
  });
  expect((await admin({ replSetGetConfig: 1 })).config).toMatchObject({
    _id: 'pocket',
    members: [{ _id: 0, votes: 1 }],
  });
  expect(await admin({ getDefaultRWConcern: 1 })).toMatchObject({ defaultWriteConcern: { w: 'majority' } });
  await expect(admin({ setDefaultRWConcern: 1, defaultWriteConcern: { w: 1 } })).rejects.toMatchObject({ code: 238 });
});

test.each([
  [{ connectionStatus: 1, showPrivileges: true }, { authInfo: { authenticatedUserPrivileges: [] } }],
  [{ usersInfo: 1 }, { users: [] }],
  [{ rolesInfo: 1 }, { roles: [] }],
  [{ fsync: 1 }, { numFiles: 1 }],
  [{ profile: 0 }, { was: 0, slowms: 100 }],
  [{ getLog: '*' }, { names: ['global', 'startupWarnings'] }],
  [{ getLog: 'global' }, { log: [] }],
  [{ getCmdLineOpts: 1 }, { argv: ['pocket-mongo'] }],
  [{ logRotate: 1 }, { ok: 1 }],
  [{ features: 1 }, { ok: 1 }],
  [{ whatsmyuri: 1 }, { ok: 1 }],
  [{ hostInfo: 1 }, { system: { cpuAddrSize: 64 } }],
  [{ refreshSessions: [] }, { ok: 1 }],
  [{ listCommands: 1 }, { commands: { find: { adminOnly: false, apiVersions: ['1'] }, top: { adminOnly: true } } }],
])('%j', async (command, reply) => {
  expect(await admin(command)).toMatchObject(reply);
});

test('compact says that the file stays as large as it is', async () => {
  await things().insertOne({ _id: 1 });
  expect(await run({ compact: 'things' })).toMatchObject({ bytesFreed: 0 });
  await expect(run({ compact: 'nothing' })).rejects.toMatchObject({ code: 26 });
});

test.each([
  { createUser: 'u', pwd: 'p', roles: [] },
  { createRole: 'r', privileges: [], roles: [] },
  { profile: 2 },
  { fsync: 1, lock: true },
  { replSetStepDown: 1 },
  { shutdown: 1 },
  { mapReduce: 'c' },
])('%j is not in this server, and says so: 238', async (command) => {
  await expect(admin(command)).rejects.toMatchObject({ code: 238, codeName: 'NotImplemented' });
});

test('commands about the server are for the database admin only', async () => {
  for (const command of [{ currentOp: 1 }, { killOp: 1, op: 1 }, { top: 1 }, { getParameter: '*' }, { fsync: 1 }])
    await expect(run(command)).rejects.toMatchObject({ code: 13, codeName: 'Unauthorized' });
});

test('a command that is none: 59', async () => {
  await expect(run({ cook: 1 })).rejects.toMatchObject({ code: 59, message: "no such command: 'cook'" });
});

test('transactions take only commands that MongoDB takes there', async () => {
  const session = database.client.startSession();
  session.startTransaction();
  await things().findOne({}, { session });
  await expect(database.db.command({ validate: 'things' }, { session })).rejects.toMatchObject({
    code: 263,
    message: "Cannot run 'validate' in a multi-document transaction.",
  });
  await session.endSession();
});
