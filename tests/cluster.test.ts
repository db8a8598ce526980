import { describeWithRedis, startCluster, type TestCluster } from './harness/cluster.js';
import { type House, metricsOf, openHouse, Person, until } from './harness/index.js';

/** The same person at another process. */
const at = (url: string, { userId, token, refreshToken, login }: Person): Person =>
  new Person(url, userId, token, refreshToken, login);

const readiness = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  return { code: response.status, ...((await response.json()) as { status: string; redis?: { state: string } }) };
};

const figure = async (url: string, name: string): Promise<number> => {
  const text = await metricsOf(url);
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

describeWithRedis('several processes over Redis', () => {
  let running: TestCluster;
  let house: House;
  let one: string;
  let two: string;
  const people: Person[] = [];
  const hire = async (role: Parameters<House['hire']>[0], url: string) => {
    const person = at(url, await house.hire(role));
    people.push(person);
    return person;
  };
  /** A screen of which its process knows where its stream stands. */
  const watching = async (url: string) => {
    const person = await hire('waiter', url);
    const screen = await person.screen();
    await until('its process has looked at the restaurant', () => screen.heads.length > 0);
    return { person, screen };
  };
  /** A change at one process, and its arrival at a screen of the other. */
  const renamed = async (name: string, screen: Awaited<ReturnType<Person['screen']>>) => {
    await house.owner.must('restaurant:update', { name });
    await screen.saw('restaurant:updated', ({ restaurant }) => restaurant.name === name);
  };

  beforeAll(async () => {
    running = await startCluster(2);
    [one, two] = running.urls as [string, string];
    house = await openHouse({ url: one } as never);
  }, 120_000);
  afterAll(async () => {
    for (const person of people) await person.leave();
    await house.close();
    await running.stop();
  });

  it('brings what is committed at one to the screens of the other', async () => {
    const screen = await (await hire('waiter', two)).screen();
    await renamed('Chez Deux', screen);
    expect(await readiness(two)).toMatchObject({ code: 200, status: 'ok', redis: { state: 'ok' } });
  });

  it('ends at the other process the sessions of who is dismissed at the one', async () => {
    const waiter = await hire('waiter', two);
    const screen = await waiter.screen();
    expect((await waiter.rest('restaurant:get')).status).toBe(200);
    await house.owner.must('staff:deactivate', { staffId: waiter.userId });
    await until('the socket at the other process was ended', () => screen.ended?.code === 'session_ended');
    expect((await waiter.rest('restaurant:get')).problem?.code).toBe('session_ended');
  });

  it('goes on without Redis, catches up from the database, says so, and heals by itself', async () => {
    const { person, screen } = await watching(two);
    await running.redis.kill();
    await until('it is seen that Redis is gone', async () => (await readiness(two)).redis?.state === 'lost');
    expect(await readiness(two)).toMatchObject({ code: 200, status: 'degraded' });
    await renamed('Sans Redis', screen);
    await house.owner.must('staff:deactivate', { staffId: person.userId });
    await until('the session was ended all the same', () => screen.ended?.code === 'session_ended');
    expect(await figure(one, 'brigade_redis_publish_failures_total')).toBeGreaterThan(0);
    await running.redis.restart();
    for (const url of [one, two]) {
      await until('Redis is heard again', async () => (await readiness(url)).status === 'ok');
    }
    await renamed('Chez Redis', await (await hire('waiter', two)).screen());
  }, 120_000);

  it('survives a Redis that stands still with its connections open', async () => {
    const { screen } = await watching(two);
    running.redis.pause();
    try {
      await renamed('Redis dort', screen);
      await until('it is seen that Redis does not answer', async () => (await readiness(two)).redis?.state === 'lost');
    } finally {
      running.redis.resume();
    }
    for (const url of [one, two]) {
      await until('Redis is heard again', async () => (await readiness(url)).status === 'ok');
    }
    await renamed('Redis veille', screen);
  }, 120_000);
});
