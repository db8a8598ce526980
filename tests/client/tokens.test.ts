import { type BrigadeClient, type ConnectOptions, connect, logIn, refreshing } from '@brigade/client';
import { type Brigade, type House, openHouse, type Person, startBrigade, until } from '../harness/index.js';
import { FlakyNetwork } from './flaky-network.js';

let brigade: Brigade;
let house: House;
let waiter: Person;
let network: FlakyNetwork;
let url: string;
const clients: BrigadeClient[] = [];

beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
  waiter = await house.hire('waiter');
});
beforeEach(async () => {
  network = new FlakyNetwork();
  url = await network.listen(brigade.url);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await network.close();
});
afterAll(async () => {
  await house.close();
  await brigade.stop();
});

function open(at: string, token: ConnectOptions['token']): BrigadeClient {
  const client = connect({ url: at, token, transports: ['websocket'], reconnectMinMs: 5, reconnectMaxMs: 50 });
  clients.push(client);
  return client;
}

it('renews its token without reconnecting, where another is ended', async () => {
  const now = brigade.clock.now().getTime();
  // Log in as if 14 minutes and 58 seconds ago: two seconds are left.
  brigade.clock.set(new Date(now - 898_000));
  const kept: (string | null)[] = [];
  const session = await logIn(brigade.url, waiter.login, (refreshToken) => kept.push(refreshToken));
  const client = open(url, session.token);
  const forgetful = open(brigade.url, (await (await logIn(brigade.url, waiter.login)).token()) ?? '');
  await Promise.all([client.ready, forgetful.ready]);
  brigade.clock.set(new Date(now));
  await client.renew();
  await until('the token that was not renewed ended its connection', () => forgetful.status === 'ended');
  expect(forgetful.endedBy?.code).toBe('token_expired');
  expect(await client.send('menu:get', {})).toBeDefined();
  expect(client.status).toBe('live');
  expect(network.connections).toBe(1);
  expect(kept).toHaveLength(2);
});

it('goes on from a kept refresh token, and asks anew when its token expired while it was away', async () => {
  let kept: string | null = null;
  const keep = (refreshToken: string | null) => {
    kept = refreshToken;
  };
  await logIn(brigade.url, waiter.login, keep);
  const client = open(url, refreshing(brigade.url, kept ?? '', keep));
  await client.ready;
  const first = kept;
  network.down = true;
  network.cut();
  await until('it noticed', () => client.status === 'offline');
  brigade.clock.advance(20 * 60_000);
  network.down = false;
  await until('it is back', () => client.upToDate);
  expect(kept).not.toBe(first);
});
