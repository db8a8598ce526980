import type { Problem } from '../src/kernel/errors.js';
import { newId } from '../src/kernel/ids.js';
import { type Brigade, callRest, type House, openHouse, startBrigade, until } from './harness/index.js';

const DEFAULTS = {
  RATE_LIMIT_ANONYMOUS: '100/15m',
  RATE_LIMIT_AUTH: '5/15m',
  RATE_LIMIT_AUTH_ADDRESS: '300/15m',
  RATE_LIMIT_PINS: '120/1h',
};

interface Tried {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of several operations
  data: any;
  problem: Problem | undefined;
  retryAfter: number;
}

let brigade: Brigade;
let house: House;
beforeAll(async () => {
  brigade = await startBrigade({ ...DEFAULTS, TRUST_PROXY: '1', JWT_SESSION_TTL_SECONDS: String(40 * 86_400) });
  house = await openHouse(brigade);
});
afterEach(() => brigade.clock.set(new Date()));
afterAll(async () => {
  await house?.close();
  await brigade?.stop();
});

let addresses = 0;
/** An address that nobody had before. */
const anywhere = () => {
  addresses += 1;
  return `198.18.${Math.floor(addresses / 250)}.${addresses % 250}`;
};

/** As somebody at that address, through our one proxy. */
async function from(address: string, path: string, body: object): Promise<Tried> {
  const response = await fetch(`${brigade.url}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { data?: unknown };
  return {
    status: response.status,
    data: answer.data,
    problem: response.ok ? undefined : (answer as Problem),
    retryAfter: Number(response.headers.get('retry-after')),
  };
}

const logIn = (address: string, email: string, password: string, more: object = {}) =>
  from(address, 'login', { email, password, ...more });
const wrong = 'not my password';
const statuses = (answers: readonly Tried[]) => answers.map(({ status }) => status);
const count = (answers: readonly Tried[], status: number) => answers.filter((one) => one.status === status).length;

/** Ten wrong passwords from ten addresses, so that the next one has to wait. */
async function tryEverywhere(email: string): Promise<Tried[]> {
  const answers = [];
  for (let n = 0; n < 12; n += 1) answers.push(await logIn(anywhere(), email, wrong));
  return answers;
}

describe('wrong passwords of one account', () => {
  it('from everywhere make it wait, and longer each time, whether or not there is such an account', async () => {
    const { login } = await house.hire('waiter');
    const tried = await tryEverywhere(login.email);
    expect(statuses(tried).slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(tried[10]).toMatchObject({ status: 429, problem: { code: 'rate_limited' } });
    expect(tried[10]?.retryAfter).toBeGreaterThan(0);
    // Who waits as long as they are told is heard.
    let told = 0;
    for (let tries = 0; tries < 3; tries += 1) {
      const heard = await until('it is heard', async () => {
        const answer = await logIn(anywhere(), login.email, wrong);
        told = Math.max(told, answer.retryAfter);
        return answer.status !== 429 && answer;
      });
      expect(heard.status).toBe(401);
    }
    expect(told).toBeGreaterThanOrEqual(2);
    const nobody = await tryEverywhere('nobody-at-all@example.com');
    expect(statuses(nobody)).toEqual(statuses(tried));
  });

  it('at once from many addresses are looked at one after the other, few of them', async () => {
    const { login } = await house.hire('waiter');
    const answers = await Promise.all(Array.from({ length: 60 }, () => logIn(anywhere(), login.email, wrong)));
    // Ten, and one for each wait that is over before all have come.
    expect(count(answers, 401)).toBeLessThan(15);
    expect(count(answers, 401) + count(answers, 429)).toBe(60);
  });

  it('do not keep out a device that was logged in before, nor a paired one', async () => {
    const { login, refreshToken } = await house.hire('waiter');
    const { id } = await house.owner.must('device:pair', { name: 'Office', kind: 'office' });
    const { deviceToken } = await house.owner.must('device:token', { deviceId: id });
    const shared = anywhere();
    for (let n = 0; n < 5; n += 1) await logIn(shared, login.email, wrong);
    await tryEverywhere(login.email);
    expect((await logIn(shared, login.email, login.password)).status).toBe(429);
    for (const knownToken of [refreshToken, deviceToken])
      expect((await logIn(shared, login.email, login.password, { knownToken })).status).toBe(200);
    const stranger = await openHouse(brigade);
    for (const knownToken of [stranger.owner.refreshToken, `${newId()}.1.${'0'.repeat(64)}`, 'x'])
      expect((await logIn(shared, login.email, login.password, { knownToken })).status).toBe(429);
    await stranger.close();
    // A known device guesses no more than any other.
    const guesses = [];
    for (let n = 0; n < 6; n += 1)
      guesses.push(await logIn(anywhere(), login.email, wrong, { knownToken: refreshToken }));
    expect(statuses(guesses)).toEqual([401, 401, 401, 401, 401, 429]);
  });
});

describe('right log-ins', () => {
  it('of one account are all served, one after the other and paced; at once there is room for some', async () => {
    const { login } = await house.hire('waiter');
    const address = anywhere();
    const started = performance.now();
    for (let n = 0; n < 20; n += 1) expect((await logIn(address, login.email, login.password)).status).toBe(200);
    // Ten at once are free, the others a quarter of a second apart.
    expect(performance.now() - started).toBeGreaterThan(2_000);
    const burst = await Promise.all(Array.from({ length: 30 }, () => logIn(address, login.email, login.password)));
    expect(count(burst, 200)).toBeGreaterThanOrEqual(1);
    expect(count(burst, 200) + count(burst, 429)).toBe(30);
    for (const { status, retryAfter } of burst) if (status === 429) expect(retryAfter).toBeGreaterThan(0);
  });

  it('leave a person sixteen sessions: the oldest ends', async () => {
    const person = await house.hire('waiter');
    const screen = await person.screen();
    const sessions = [];
    for (let n = 0; n < 16; n += 1)
      sessions.push((await logIn(anywhere(), person.login.email, person.login.password)).data);
    expect((await person.rest('auth:me')).problem?.code).toBe('session_ended');
    await until('its screen ended', () => screen.ended?.code === 'session_ended');
    const listed = await callRest(brigade.url, sessions[0].accessToken, 'auth:sessions');
    expect(listed.data).toHaveLength(16);
  });
});

describe('a session', () => {
  it('ends so long after its log-in, however often it is refreshed', async () => {
    let { refreshToken } = await house.hire('waiter');
    const day = 86_400_000;
    for (const days of [25, 14]) {
      brigade.clock.advance(days * day);
      const { data } = await from(anywhere(), 'refresh', { refreshToken });
      refreshToken = data.refreshToken;
      expect(Date.parse(data.refreshExpiresAt) - brigade.clock.now().getTime()).toBeLessThanOrEqual(15 * day);
    }
    brigade.clock.advance(day + 60_000);
    expect((await from(anywhere(), 'refresh', { refreshToken })).problem?.code).toBe('session_ended');
  });
});

describe('made-up tokens', () => {
  it('lock nobody out at the same address', async () => {
    const { refreshToken } = await house.hire('waiter');
    const [sessionId] = refreshToken.split('.');
    const { id } = await house.owner.must('device:pair', { name: 'Bar', kind: 'waiter' });
    const { deviceToken } = await house.owner.must('device:token', { deviceId: id });
    const pin = '734918';
    await house.owner.must('staff:create', { name: 'Made-up', role: 'waiter', pin });
    const shared = anywhere();
    for (let n = 0; n < 105; n += 1)
      await from(shared, 'refresh', { refreshToken: `${sessionId}.1.${'0'.repeat(64)}` });
    for (let n = 0; n < 305; n += 1) await from(shared, 'pin', { deviceToken: `${id}.${'0'.repeat(64)}`, pin });
    expect((await from(shared, 'refresh', { refreshToken: `${sessionId}.1.${'0'.repeat(64)}` })).status).toBe(429);
    expect((await from(shared, 'pin', { deviceToken: `${id}.${'0'.repeat(64)}`, pin })).status).toBe(429);
    expect((await from(shared, 'refresh', { refreshToken })).status).toBe(200);
    expect((await from(shared, 'pin', { deviceToken, pin })).status).toBe(200);
  });

  it('a burst of one attempt to refresh locks nothing', async () => {
    const { refreshToken } = await house.hire('waiter');
    const address = anywhere();
    const burst = await Promise.all(
      Array.from({ length: 20 }, () => from(address, 'refresh', { refreshToken, requestKey: 'one-attempt' })),
    );
    const good = burst.filter(({ status }) => status === 200);
    expect(new Set(good.map(({ data }) => data.refreshToken)).size).toBe(1);
    expect((await from(address, 'refresh', { refreshToken: good[0]?.data.refreshToken })).status).toBe(200);
  });
});

describe('what a restaurant does seldom', () => {
  it('PINs: a whole staff in one go, and no search through them', async () => {
    const { owner, close } = await openHouse(brigade);
    const answers = [];
    for (let n = 0; n < 125; n += 1)
      answers.push(await owner.rest('staff:create', { name: `W ${n}`, role: 'waiter', pin: String(481_500 + n) }));
    expect(answers.slice(0, 120).map(({ status }) => status)).toEqual(Array.from({ length: 120 }, () => 201));
    expect(answers.at(-1)?.problem).toMatchObject({ code: 'rate_limited' });
    expect(answers.at(-1)?.problem?.detail).toContain('limit "pins"');
    expect((await owner.rest('staff:create', { name: 'Without', role: 'waiter' })).status).toBe(201);
    await close();
  });

  it('e-mail addresses: twenty answers that one is taken, and then none', async () => {
    const { owner, close } = await openHouse(brigade);
    const taken = house.owner.login.email;
    const codes = [];
    for (let n = 0; n < 21; n += 1)
      codes.push((await owner.rest('staff:create', { name: `E ${n}`, role: 'waiter', email: taken })).problem?.code);
    expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'duplicate'));
    expect(codes[20]).toBe('rate_limited');
    const { id } = await owner.must('staff:create', { name: 'Plain', role: 'waiter' });
    expect((await owner.rest('staff:update', { staffId: id, email: taken })).problem?.code).toBe('rate_limited');
    expect((await owner.rest('staff:update', { staffId: id, name: 'Plainer' })).status).toBe(200);
    await close();
  });
});
