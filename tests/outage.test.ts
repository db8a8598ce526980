import { createServer } from 'pocket-mongo';
import { type Brigade, type House, openHouse, startBrigade } from './harness/index.js';

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

describe('without its database', () => {
  it('answers 503 with Retry-After to commands and queries, over both transports, and is not ready', async () => {
    const { owner } = house;
    const screen = await owner.screen();
    await database.close();
    const [query, command, message, ready, live] = await Promise.all([
      owner.rest('staff:list'),
      owner.rest('restaurant:update', { name: 'Chez Nobody' }),
      screen.call('restaurant:update', { name: 'Chez Nobody' }),
      fetch(`${brigade.url}/readyz`),
      fetch(`${brigade.url}/livez`),
    ]);
    for (const { status, problem } of [query, command, message]) {
      expect({ status, problem }).toMatchObject({ status: 503, problem: { code: 'unavailable', retryAfter: 2 } });
    }
    expect(query.headers?.get('retry-after')).toBe('2');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'degraded', database: { ok: false } });
    expect(live.status).toBe(200);
  });
});
