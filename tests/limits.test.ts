import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import mongoose from 'mongoose';
import { networkOf } from '../src/runtime/limits.js';
import {
  type Answer,
  type Brigade,
  callRest,
  type House,
  openHouse,
  type Person,
  Screen,
  startBrigade,
  until,
} from './harness/index.js';

/** A server with these limits, for one test. */
async function withLimits(env: Record<string, string>, work: (brigade: Brigade, house: House) => Promise<void>) {
  const brigade = await startBrigade(env);
  try {
    const house = await openHouse(brigade);
    await work(brigade, house);
    await house.close();
  } finally {
    await brigade.stop();
  }
}

interface Client {
  s: { url: string };
}

const header = ({ headers }: Answer, name: string) => headers?.get(name);

const logIn = (url: string, email: string, password: string) =>
  callRest(url, undefined, 'auth:login', { email, password });

describe('limits by person', () => {
  test('are told with every answer, success or not, and refuse with Retry-After on both transports', () =>
    withLimits({ RATE_LIMIT_READ: '4/1h', RATE_LIMIT_WRITE: '600/60s' }, async (_brigade, { owner, hire }) => {
      const first = await owner.rest('restaurant:get');
      expect(header(first, 'ratelimit-policy')).toBe('"read";q=4;w=3600, "restaurant";q=60000;w=60');
      expect(header(first, 'ratelimit')).toMatch(/^"read";r=3;t=3[56]\d\d, "restaurant";r=599\d\d;t=\d+$/);
      expect(header(first, 'x-ratelimit-limit')).toBe('4');
      expect(header(first, 'x-ratelimit-remaining')).toBe('3');
      expect(Number(header(first, 'x-ratelimit-reset'))).toBeGreaterThan(3_500);
      const unknown = await owner.rest('staff:get', { staffId: '66f1a2b3c4d5e6f708192d01' });
      expect(unknown).toMatchObject({ status: 404 });
      expect(header(unknown, 'x-ratelimit-remaining')).toBe('2');
      // A connection counts as a query.
      const screen = await owner.screen();
      expect(await screen.call('restaurant:get')).toMatchObject({ status: 200 });
      for (const answer of [await owner.rest('restaurant:get'), await screen.call('restaurant:get')]) {
        expect(answer).toMatchObject({ status: 429, problem: { code: 'rate_limited' } });
        expect(answer.problem?.retryAfter).toBeGreaterThan(3_500);
        expect(answer.problem?.detail).toContain('limit "read"');
      }
      const refused = await owner.rest('restaurant:get');
      expect(header(refused, 'retry-after')).toBe(String(refused.problem?.retryAfter));
      expect(header(refused, 'x-ratelimit-remaining')).toBe('0');
      await expect(Screen.open(owner.url, owner.token)).rejects.toMatchObject({ code: 'rate_limited', status: 429 });
      // Commands have a limit of their own, and so has everybody else.
      expect((await owner.rest('restaurant:update', { dayStartHour: 5 })).status).toBe(200);
      expect((await (await hire('waiter')).rest('restaurant:get')).status).toBe(200);
    }));

  test('end with their window', () =>
    withLimits({ RATE_LIMIT_READ: '1/1s' }, async (_brigade, { owner }) => {
      await owner.must('restaurant:get');
      expect((await owner.rest('restaurant:get')).status).toBe(429);
      await until('the window ended', async () => (await owner.rest('restaurant:get')).status === 200);
    }));

  test('do not hold for exempt roles, who still may not guess passwords', () =>
    withLimits(
      { RATE_LIMIT_READ: '1/1h', RATE_LIMIT_AUTH: '2/15m', RATE_LIMIT_EXEMPT: 'owner' },
      async (_brigade, { owner, hire }) => {
        for (let i = 0; i < 5; i += 1) await owner.must('restaurant:get');
        const manager = await hire('manager');
        await manager.must('restaurant:get');
        expect((await manager.rest('restaurant:get')).status).toBe(429);
        const guess = { staffId: owner.userId, password: 'the fish is off today', currentPassword: 'a guess of mine' };
        const statuses = [];
        for (let i = 0; i < 3; i += 1) statuses.push((await owner.rest('staff:set-password', guess)).status);
        expect(statuses).toEqual([400, 400, 429]);
      },
    ));
});

describe('limits by restaurant', () => {
  test('count all its people together, and nobody else’s', () =>
    withLimits({ RATE_LIMIT_RESTAURANT: '12/1h' }, async (brigade, { owner, hire }) => {
      const waiter = await hire('waiter');
      const people = [owner, waiter];
      const codes: number[] = [];
      for (let i = 0; i < 14; i += 1) codes.push((await (people[i % 2] ?? owner).rest('restaurant:get')).status);
      expect(codes.filter((code) => code === 200).length).toBeLessThan(13);
      expect(codes.slice(-2)).toEqual([429, 429]);
      const refused = await waiter.rest('restaurant:get');
      expect(refused.problem?.detail).toContain('limit "restaurant"');
      expect(header(refused, 'x-ratelimit-limit')).toBe('12');
      const other = await openHouse(brigade);
      expect((await other.owner.rest('restaurant:get')).status).toBe(200);
      await other.close();
    }));
});

describe('limits by address', () => {
  test('callers without a session share their address’s, and log-ins are not among them', () =>
    withLimits({ RATE_LIMIT_ANONYMOUS: '5/15m' }, async (brigade, { owner }) => {
      // The house's own sign-up took one.
      const codes: (string | undefined)[] = [];
      for (let i = 0; i < 5; i += 1)
        codes.push((await callRest(brigade.url, 'nonsense', 'restaurant:get')).problem?.code);
      expect(codes).toEqual(['token_invalid', 'token_invalid', 'token_invalid', 'token_invalid', 'rate_limited']);
      await expect(Screen.open(brigade.url, 'nonsense')).rejects.toMatchObject({ code: 'rate_limited' });
      const refused = await callRest(brigade.url, undefined, 'restaurant:get');
      expect(refused).toMatchObject({ status: 429, problem: { code: 'rate_limited' } });
      expect(header(refused, 'ratelimit-policy')).toBe('"anonymous";q=5;w=900');
      expect((await logIn(brigade.url, owner.login.email, owner.login.password)).status).toBe(200);
      expect((await owner.rest('restaurant:get')).status).toBe(200);
    }));

  test('five wrong passwords of one account are refused, the thirty colleagues at the same address are not', () =>
    withLimits({ RATE_LIMIT_AUTH: '5/15m', RATE_LIMIT_AUTH_ADDRESS: '40/15m' }, async ({ url }, { owner, hire }) => {
      const waiter = await hire('waiter');
      const { email, password } = waiter.login;
      const statuses = [];
      for (let i = 0; i < 6; i += 1) statuses.push((await logIn(url, email, 'not my password')).status);
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
      const right = await logIn(url, email, password);
      expect(right).toMatchObject({ status: 429, problem: { code: 'rate_limited' } });
      expect(right.problem?.retryAfter).toBeGreaterThan(800);
      const names = Array.from({ length: 30 }, (_, i) => `colleague-${i}@lantern.example`);
      await Promise.all(
        names.map((name) => owner.must('staff:create', { name, role: 'waiter', email: name, password })),
      );
      const shift = await Promise.all(names.map((name) => logIn(url, name, password)));
      expect(shift.map(({ status }) => status)).toEqual(names.map(() => 200));
    }));
});

/** As tablets do: who is told that the server has too much to do comes again. A limit is an answer like any other. */
const patiently = (ask: () => Promise<Answer>): Promise<Answer> =>
  until('there was room', async () => {
    const answer = await ask();
    return answer.problem?.code !== 'overloaded' && answer;
  });

test(
  'two hundred tablets behind one address start, connect and renew at once; none is taken for another',
  () =>
    withLimits(
      { RATE_LIMIT_ANONYMOUS: '50/15m', RATE_LIMIT_AUTH: '5/15m', RATE_LIMIT_AUTH_ADDRESS: '200/15m' },
      async ({ url, clock }, { owner }) => {
        const pins = Array.from({ length: 30 }, (_, i) => String(481_500 + i));
        for (const pin of pins) await owner.must('staff:create', { name: `Waiter ${pin}`, role: 'waiter', pin });
        const tablets = await Promise.all(
          Array.from({ length: 200 }, async (_, i) => {
            const pair = { name: `Tablet ${i}`, kind: 'waiter' };
            const { data } = await patiently(() => owner.rest('device:pair', pair));
            const token = await patiently(() => owner.rest('device:token', { deviceId: data.id }));
            const { deviceToken } = token.data;
            return { deviceToken, pin: pins[i % pins.length] };
          }),
        );
        const logInByPin = (tablet: object) => patiently(() => callRest(url, undefined, 'auth:pin-login', tablet));
        const sessions = await Promise.all(tablets.map(logInByPin));
        expect(new Set(sessions.map(({ status }) => status))).toEqual(new Set([200]));
        const screens = await Promise.all(sessions.map(({ data }) => Screen.open(url, data.accessToken)));
        const menus = await Promise.all(screens.map((screen) => screen.call('menu:get')));
        expect(new Set(menus.map(({ status }) => status))).toEqual(new Set([200]));
        clock.advance(16 * 60_000);
        const late = await Promise.all(
          sessions.map(({ data }) => patiently(() => callRest(url, data.accessToken, 'menu:get'))),
        );
        expect(new Set(late.map(({ problem }) => problem?.code))).toEqual(new Set(['token_expired']));
        const renewed = await Promise.all(
          sessions.map(({ data: { refreshToken } }) =>
            patiently(() =>
              callRest(url, undefined, 'auth:refresh', { refreshToken, requestKey: refreshToken.slice(0, 24) }),
            ),
          ),
        );
        expect(new Set(renewed.map(({ status }) => status))).toEqual(new Set([200]));
        for (const screen of screens) screen.close();
      },
    ),
  120_000,
);

describe('a plan', () => {
  const setPlan = (...args: string[]) => {
    const { s } = mongoose.connection.getClient() as unknown as Client;
    const env = { ...process.env, NODE_ENV: 'test', MONGODB_URI: s.url, MONGODB_DATABASE: mongoose.connection.name };
    return promisify(execFile)(process.execPath, [resolve('dist/src/set-plan.js'), ...args], { env });
  };

  test('multiplies the limits of its restaurant’s people, and nobody else’s', () =>
    withLimits({ RATE_LIMIT_READ: '10/1m', RATE_LIMIT_PLANS: 'plus:2.5' }, async (brigade, house) => {
      expect((await setPlan(house.restaurantId, 'plus')).stdout).toContain('is served under plus');
      const limitOf = async ({ login }: Person) => {
        const { data } = await logIn(brigade.url, login.email, login.password);
        return header(await callRest(brigade.url, data.accessToken, 'restaurant:get'), 'x-ratelimit-limit');
      };
      const other = await openHouse(brigade);
      expect(await limitOf(house.owner)).toBe('25');
      expect(await limitOf(other.owner)).toBe('10');
      await expect(setPlan(house.restaurantId, 'royal')).rejects.toMatchObject({ code: 1 });
      await expect(setPlan('nowhere', 'plus')).rejects.toMatchObject({
        stderr: expect.stringContaining('no restaurant'),
      });
      await other.close();
    }));
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('the address %s counts as %s', (address, network) => expect(networkOf(address)).toBe(network));
