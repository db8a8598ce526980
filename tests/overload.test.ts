import mongoose from 'mongoose';
import { createServer } from 'pocket-mongo';
import { type Brigade, type House, openHouse, startBrigade } from './harness/index.js';

/** A database of its own, whose commits the test can slow down. */
let database: Awaited<ReturnType<typeof createServer>>;
let brigade: Brigade;
let rushed: House;
let other: House;

beforeAll(async () => {
  database = await createServer({ dir: 'unused', memory: true });
  brigade = await startBrigade({
    MONGODB_URI: database.uri,
    SOCKET_MESSAGE_BURST: '10000',
    RATE_LIMIT_WRITE: '100000/60s',
  });
  rushed = await openHouse(brigade);
  other = await openHouse(brigade);
});
afterAll(async () => {
  await rushed.close();
  await other.close();
  await brigade.stop();
  await database.close();
});

const slowCommits = (mode: object | string) =>
  mongoose.connection.db?.admin().command({
    configureFailPoint: 'failCommand',
    mode,
    data: { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 2_000 },
  });

/** A menu has room for more of them than a lane has. */
const group = (name: string) => ({ name, min: 0, max: 1, options: [{ name: 'One' }] });

describe('a rush beyond what the server can take', () => {
  it('is refused at once with a time to come back; what was taken is done, and other restaurants are served', async () => {
    const screen = await rushed.owner.screen();
    const elsewhere = await other.owner.screen();
    await slowCommits({ times: 1 });
    const flood = Array.from({ length: 500 }, (_, i) => screen.call('menu:create-modifier-group', group(`Rush ${i}`)));
    const meanwhile = elsewhere.call('menu:create-category', { name: 'Calm' });
    const read = elsewhere.call('restaurant:get');
    const answers = await Promise.all(flood);
    const taken = answers.filter(({ problem }) => problem === undefined);
    const refused = answers.filter(({ problem }) => problem !== undefined);

    expect(taken.length).toBeGreaterThanOrEqual(200);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, problem } of refused) {
      expect(status).toBe(503);
      expect(problem).toMatchObject({ code: 'overloaded', retryAfter: expect.any(Number) });
    }
    expect((await meanwhile).status).toBe(201);
    expect((await read).status).toBe(200);
    const { modifierGroups } = await rushed.owner.must('menu:get');
    const names = (list: unknown[]) => list.map((one) => (one as { name: string }).name).sort();
    expect(names(modifierGroups)).toEqual(names(taken.map(({ data }) => data)));
  });

  it('is over when it is over: the next command is taken', async () => {
    await slowCommits('off');
    const answer = await rushed.owner.rest('menu:create-modifier-group', group('After'));
    expect(answer.status).toBe(201);
  });
});
