import mongoose from 'mongoose';
import { createServer } from 'pocket-mongo';
import { describeWithRedis, startCluster, type TestCluster } from './harness/cluster.js';
import { callRest, type House, openHouse, until } from './harness/index.js';

describeWithRedis('a process killed inside a transaction', () => {
  let running: TestCluster;
  let house: House;
  let database: Awaited<ReturnType<typeof createServer>>;
  let client: mongoose.mongo.MongoClient;

  beforeAll(async () => {
    // Its own: a fail point concerns everybody on a server.
    database = await createServer({ dir: 'unused', memory: true });
    client = await mongoose.mongo.MongoClient.connect(database.uri);
    running = await startCluster(2, { MONGODB_URI: database.uri, MONGODB_DATABASE: 'killed' });
    house = await openHouse({ url: running.urls[0] } as never);
  }, 120_000);
  afterAll(async () => {
    await house.close();
    await running.stop();
    await client.close();
    await database.close();
  }, 120_000);

  /** Whether some transaction has the journal's head: another one that wants it is refused at once. */
  const isHeld = async () => {
    const heads = client.db('killed').collection('journalHeads');
    const session = client.startSession();
    try {
      session.startTransaction();
      await heads.updateOne({ _id: house.restaurantId as never }, { $set: { wanted: true } }, { session });
      return false;
    } catch (error) {
      return (error as { code?: number }).code === 112;
    } finally {
      await session.abortTransaction();
      await session.endSession();
    }
  };

  it('leaves its restaurant able to take commands again within five seconds, at whichever process', async () => {
    const { owner } = house;
    const [one] = running.cluster.members;
    const before = await client.db('killed').collection('journal').countDocuments({ restaurantId: house.restaurantId });
    await client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 10_000 },
    });
    const hanging = owner.must('restaurant:update', { name: 'Chez Personne' }).catch(() => 'no answer');
    await until('its transaction holds the restaurant', isHeld);
    one?.signal('SIGKILL');
    expect(await hanging).toBe('no answer');
    const answer = await until(
      'another process has carried out a command',
      async () => {
        const { data } = await callRest(String(running.urls[1]), owner.token, 'restaurant:update', {
          name: 'Chez Nous',
        });
        return data?.name;
      },
      5_000,
    );
    expect(answer).toBe('Chez Nous');
    const entries = client.db('killed').collection('journal').find({ restaurantId: house.restaurantId });
    const numbers = (await entries.sort({ _id: 1 }).toArray()).map(({ n }) => n);
    expect(numbers).toEqual(Array.from({ length: before + 1 }, (_, i) => i + 1));
    await until('the dead one was replaced', () => running.cluster.members.length === 2, 20_000);
    const replaced = running.cluster.members.find(({ name }) => name === one?.name);
    const renamed = await callRest(String(replaced?.url), owner.token, 'restaurant:update', { name: 'Chez Elle' });
    expect(renamed).toMatchObject({ status: 200, data: { name: 'Chez Elle' } });
  }, 120_000);
});
