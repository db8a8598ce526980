import { memoryStorage } from '../src/storage.js';
import { type Setup, setUp } from './setup.js';
import { until } from './until.js';

/** The device's clock decides nothing: it starts in 2020, is set by hand, and jumps when the network comes. */

const DAY_MS = 86_400_000;
const realNow = Date.now.bind(Date);
let shift = 0;

let setup: Setup;
beforeEach(async () => {
  setup = await setUp();
  Date.now = () => realNow() + shift;
});
afterEach(async () => {
  Date.now = realNow;
  shift = 0;
  await setup.close();
});

const noService = () => ({ type: '', title: '', status: 503, code: 'stopping' });
/** A token as the server makes them, unsigned; issued at this time of the server's. */
const tokenOf = (issuedAt?: number) => {
  const iat = issuedAt === undefined ? {} : { iat: Math.floor(issuedAt / 1000) };
  return `e30.${Buffer.from(JSON.stringify({ sub: 'mara', ...iat })).toString('base64url')}.x`;
};
const tables = () => setup.server.sent('order:place').map(({ input }) => (input as { table: number }).table);
const stored = (storage: ReturnType<typeof memoryStorage>, text: string) =>
  until('it is stored', async () => ((await storage.load()) ?? '').includes(text));

it.each([
  ['set right from 2020', -6 * 365 * DAY_MS, 0],
  ['a day behind and set right', -DAY_MS, 0],
  ['twenty minutes ahead and set back', 1_200_000, 0],
  ['a year ahead from now on', 0, 365 * DAY_MS],
])('sends what was given off line before the clock was %s', async (_what, before, after) => {
  const storage = memoryStorage();
  shift = before;
  setup.server.admit = noService;
  const first = setup.client({ storage, token: tokenOf(), userId: 'mara' });
  first.send('order:place', { table: 1 }).catch(() => undefined);
  await stored(storage, 'order:place');
  await first.close();

  shift = after;
  setup.server.admit = () => undefined;
  const second = setup.client({ storage, token: tokenOf(), userId: 'mara' });
  const outcomes: boolean[] = [];
  second.onOutcome(({ ok }) => outcomes.push(ok));
  await until('it is settled', () => outcomes.length === 1);
  expect(outcomes).toEqual([true]);
  expect(tables()).toEqual([1]);
  expect(second.refused).toEqual([]);
});

it('goes on when the clock jumps while it waits, and tells the true age', async () => {
  const client = setup.client({ token: tokenOf() });
  await client.ready;
  setup.server.admit = noService;
  setup.server.cut();
  await until('it noticed', () => client.status === 'offline');
  const sent = client.send('order:place', { table: 1 }, { timeoutMs: 60_000 });
  shift = 400 * DAY_MS;
  const query = client.send('menu:get', {});
  await until('the server was told', () => setup.server.unsent.length > 0);
  setup.server.admit = () => undefined;
  await Promise.all([sent, query]);
  expect(tables()).toEqual([1]);
  const [told] = setup.server.unsent as { ageMs: number }[];
  expect(told?.ageMs).toBeLessThan(60_000);
});

it('does not do late what had a limit of its own, and says that it never left', async () => {
  const storage = memoryStorage();
  setup.server.admit = noService;
  const first = setup.client({ storage, token: tokenOf(), userId: 'mara' });
  first.send('order:place', { table: 1 }, { timeoutMs: 60_000 }).catch(() => undefined);
  await stored(storage, 'order:place');
  await first.close();
  shift = 120_000;
  setup.server.admit = () => undefined;
  const second = setup.client({ storage, token: tokenOf(), userId: 'mara' });
  await until('it is given up', () => second.refused.length === 1);
  expect(second.refused[0]?.problem.code).toBe('expired');
  expect(tables()).toEqual([]);
});

it('by the server’s clock gives up what may have been carried out before the server forgot its key', async () => {
  const storage = memoryStorage();
  const now = realNow();
  setup.server.answer = ({ name }) => (name === 'order:place' ? 'silence' : undefined);
  const first = setup.client({ storage, token: tokenOf(now) });
  first.send('order:place', { table: 1 }).catch(() => undefined);
  await until('it was sent', () => tables().length > 0);
  await first.close();
  const times = tables().length;
  // The device's clock says that no time has passed; the token of the new log-in tells better.
  const second = setup.client({ storage, token: tokenOf(now + 8 * DAY_MS) });
  await until('it is given up', () => second.refused.length === 1);
  expect(second.refused[0]?.problem.code).toBe('outcome_unknown');
  expect(tables()).toHaveLength(times);
});

it('is sent by the server’s clock although the device’s says that it is years old', async () => {
  const storage = memoryStorage();
  const now = realNow();
  setup.server.answer = ({ name }) => (name === 'order:place' ? 'silence' : undefined);
  const first = setup.client({ storage, token: tokenOf(now) });
  first.send('order:place', { table: 1 }).catch(() => undefined);
  await until('it was sent', () => tables().length > 0);
  await first.close();
  shift = 6 * 365 * DAY_MS;
  setup.server.answer = () => undefined;
  const second = setup.client({ storage, token: tokenOf(now + 60_000) });
  const outcomes: boolean[] = [];
  second.onOutcome(({ ok }) => outcomes.push(ok));
  await until('it is settled', () => outcomes.length === 1);
  expect(outcomes).toEqual([true]);
});
