import mongoose from 'mongoose';
import { createServer } from 'pocket-mongo';
import { type Brigade, type House, openHouse, Screen, startBrigade } from './harness/index.js';

let brigade: Brigade;
let house: House;
let database: Awaited<ReturnType<typeof createServer>>;

beforeAll(async () => {
  database = await createServer({ dir: 'unused', memory: true });
  brigade = await startBrigade({ MONGODB_URI: database.uri });
  house = await openHouse(brigade);
});
afterAll(async () => {
  await house.close();
  await brigade.app.stop();
});

describe('a connection that breaks with a transaction open', () => {
  it('leaves no locks behind: the restaurant goes on at once, not when the database gives the transaction up', async () => {
    await mongoose.connection.db?.admin().command({
      configureFailPoint: 'failCommand',
      // The commit and its repetition; the transaction stays open in the database, where it would for a minute.
      mode: { times: 2 },
      data: { failCommands: ['commitTransaction'], closeConnection: true },
    });
    expect(await house.owner.must('restaurant:update', { name: 'Chez Cut' })).toMatchObject({ name: 'Chez Cut' });
    expect((await house.owner.must('restaurant:get')).name).toBe('Chez Cut');
  });
});

describe('without its database', () => {
  it('answers 503 with Retry-After to commands and queries, over both transports, and is not ready', async () => {
    const { owner } = house;
    const screen = await owner.screen();
    // Nobody has asked for anything in their name yet, so who they are is not known.
    const newcomer = await house.hire('waiter');
    await database.close();
    const [query, command, message, unknown, ready, live] = await Promise.all([
      owner.rest('staff:list'),
      owner.rest('restaurant:update', { name: 'Chez Nobody' }),
      screen.call('restaurant:update', { name: 'Chez Nobody' }),
      newcomer.rest('auth:me'),
      fetch(`${brigade.url}/readyz`),
      fetch(`${brigade.url}/livez`),
    ]);
    for (const { status, problem } of [query, unknown]) {
      expect({ status, problem }).toMatchObject({ status: 503, problem: { code: 'unavailable', retryAfter: 2 } });
    }
    // A command tries again before it gives up; on a slow machine its time is over first.
    for (const { status, problem } of [command, message]) {
      expect({ status, problem }).toMatchObject({ status: 503, problem: { retryAfter: expect.any(Number) } });
      expect(['unavailable', 'timed_out']).toContain(problem?.code);
    }
    await expect(Screen.open(brigade.url, newcomer.token)).rejects.toMatchObject({ code: 'unavailable' });
    expect(query.headers?.get('retry-after')).toBe('2');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'degraded', database: { ok: false } });
    expect(live.status).toBe(200);
  });
});
