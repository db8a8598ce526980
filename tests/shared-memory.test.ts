import { describeWithRedis, startCluster, type TestCluster } from './harness/cluster.js';
import { type House, metricsOf, openHouse, Person, until } from './harness/index.js';

/** What processes remember, and how they hear that it has changed: cached answers and counted requests. */

const at = (url: string, { userId, token, refreshToken, login }: Person): Person =>
  new Person(url, userId, token, refreshToken, login);

const total = async (url: string, outcome: string): Promise<number> => {
  const text = await metricsOf(url);
  const line = `brigade_cache_answers_total{query="restaurant:get",outcome="${outcome}"} `;
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(line))
      ?.slice(line.length) ?? 0,
  );
};

async function withProcesses(
  env: Record<string, string>,
  options: { redis: boolean },
  work: (running: TestCluster, house: House) => Promise<void>,
): Promise<void> {
  const running = await startCluster(2, env, options);
  try {
    const house = await openHouse({ url: running.urls[0] } as never);
    await work(running, house);
    await house.close();
  } finally {
    await running.stop();
  }
}

/** Each process has the settings in memory; then one changes them, and the other must come to show it. */
async function changesReach({ urls }: TestCluster, { owner }: House, names: readonly string[]): Promise<void> {
  const [one, two] = urls.map((url) => at(url, owner)) as [Person, Person];
  for (const name of names) {
    for (const person of [one, two]) await person.must('restaurant:get');
    await one.must('restaurant:update', { name });
    // At once where it was changed; at the other process when the news comes.
    expect((await one.must('restaurant:get')).name).toBe(name);
    await until('the other process shows it', async () => (await two.must('restaurant:get')).name === name);
  }
}

describeWithRedis('cached answers of two processes', () => {
  it(
    'are dropped by a commit of the other, over Redis',
    () =>
      // The heads are compared too rarely to help.
      withProcesses({ SOCKET_HEADS_INTERVAL_MS: '20000' }, { redis: true }, async (running, house) => {
        await changesReach(running, house, ['Chez Anna', 'Chez Bruno', 'Chez Clara']);
        expect(await total(String(running.urls[1]), 'dropped')).toBeGreaterThanOrEqual(3);
      }),
    60_000,
  );

  it(
    'are dropped without Redis, and when it is gone, by comparing heads',
    () =>
      withProcesses({ SOCKET_HEADS_INTERVAL_MS: '200' }, { redis: true }, async (running, house) => {
        await changesReach(running, house, ['Chez David']);
        await running.redis.kill();
        await changesReach(running, house, ['Chez Emma', 'Chez Farid']);
      }),
    60_000,
  );
});

describeWithRedis('rate limits of two processes', () => {
  it(
    'count together over Redis; while it stalls each counts by itself, and nobody waits',
    () =>
      withProcesses({ RATE_LIMIT_READ: '6/1h' }, { redis: true }, async (running, house) => {
        // How many of twelve requests, half of them to each process, are let through for somebody new: six, or six by each.
        const granted = async () => {
          const waiter = await house.hire('waiter');
          const statuses: number[] = [];
          for (let i = 0; i < 6; i += 1) {
            for (const url of running.urls) statuses.push((await at(url, waiter).rest('restaurant:get')).status);
          }
          expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
          return statuses.filter((status) => status === 200).length;
        };
        // On a busy machine a process may take Redis for stalled now and then.
        await until('both count together', async () => (await granted()) === 6);
        running.redis.pause();
        try {
          expect(await granted()).toBe(12);
        } finally {
          running.redis.resume();
        }
        await until('both count together again', async () => (await granted()) === 6);
      }),
    60_000,
  );
});
