import mongoose from 'mongoose';
import { newId } from '../../src/kernel/ids.js';
import { Processes } from '../../src/runtime/processes.js';

const appName = `processes-${newId()}`;
beforeAll(async () => {
  await mongoose.connect(process.env.TEST_MONGODB_URI ?? '', { dbName: `test-${appName}`, appName });
});
afterAll(async () => {
  await mongoose.connection.dropDatabase();
  await mongoose.disconnect();
});

it('a process that was held up between its sign of life and its look at the others is not dead to itself', async () => {
  const dead: string[] = [];
  const processes = new Processes({
    onError: (error) => {
      throw error;
    },
    onFoundDead: ({ id }) => dead.push(id),
  });
  const things = mongoose.connection.collection<{ _id: string }>('things');
  await things.insertOne({ _id: 'before' });
  const session = await mongoose.connection.startSession();
  session.startTransaction();
  await things.insertOne({ _id: 'within' }, { session });
  if (session.id === undefined) throw new Error('The session has no id');
  await processes.register(session.id);
  const other = { _id: newId(), at: new Date(Date.now() - 60_000), host: 'gone', pid: 1, sessions: [] };
  await mongoose.connection.collection('processes').insertOne(other as never);

  // The look comes only when the sign of life is older than any that still counts.
  const stall = { failCommands: ['find'], appName, blockConnection: true, blockTimeMS: 2_500 };
  const admin = mongoose.connection.getClient().db('admin');
  await admin.command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data: stall });
  await processes.beat();

  expect(dead).toEqual([other._id]);
  await session.commitTransaction();
  expect(await things.countDocuments()).toBe(2);
  await session.endSession();
  await processes.stop();
});
