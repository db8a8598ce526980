import { demoLogins, seedDemo } from '../src/demo/seed.js';
import { welcome } from '../src/demo/welcome.js';
import type { Execute } from '../src/runtime/execute.js';
import { type Brigade, logIn, openHouse, startBrigade } from './harness/index.js';

let brigade: Brigade;
beforeEach(async () => {
  brigade = await startBrigade();
});
afterEach(() => brigade.stop());

/** Seeds until so many calls were carried out, and then no further: as a process that is killed. */
async function seedAndDie(afterCalls: number): Promise<void> {
  const carriedOut: Promise<unknown>[] = [];
  const execute: Execute = (call) => {
    if (carriedOut.length === afterCalls) return Promise.reject(new Error('killed'));
    const outcome = brigade.app.execute(call);
    carriedOut.push(outcome);
    return outcome;
  };
  await expect(seedDemo({ execute })).rejects.toThrow('killed');
  // Nothing of a killed process is under way when the next one starts.
  for (let settled = -1; settled < carriedOut.length; ) {
    settled = carriedOut.length;
    await Promise.allSettled(carriedOut);
  }
}

describe('the demo restaurant', () => {
  it('is whole, however often making it was interrupted', async () => {
    for (const calls of [1, 3, 9, 14, 18, 30, 45, 57]) await seedAndDie(calls);
    await seedDemo(brigade.app);
    const owner = await logIn(brigade.url, 'olivia@bistro.example', 'brigade-demo');
    expect(await owner.must('restaurant:get')).toMatchObject({ name: 'Brigade Bistro', currency: 'EUR' });
    const { tables, sections } = await owner.must('floor:get');
    expect([sections.length, tables.length]).toEqual([3, 24]);
    expect(tables.every((table: { waiterId?: string }) => table.waiterId !== undefined)).toBe(true);
    const { categories, items } = await owner.must('menu:get');
    expect(categories).toHaveLength(8);
    expect(items.length).toBeGreaterThanOrEqual(75);
    expect(await owner.must('staff:list')).toHaveLength(12);
    const stations: { id: string; name: string; isDefault: boolean }[] = await owner.must('station:list');
    expect(stations.map(({ name }) => name)).toEqual(['Grill', 'Garde manger', 'Pastry', 'Bar']);
    expect(stations.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    const devices: { stationIds: string[] }[] = await owner.must('device:list');
    expect(devices.flatMap(({ stationIds }) => stationIds).sort()).toEqual(stations.map(({ id }) => id).sort());
    expect(devices).toHaveLength(9);
  });

  it('is made once, and answers the same log-ins ever after', async () => {
    await seedDemo(brigade.app);
    const logins = await demoLogins(brigade.app);
    await seedDemo(brigade.app);
    expect(await demoLogins(brigade.app)).toEqual(logins);
    expect(logins).toMatchObject({ restaurant: 'Brigade Bistro' });
    expect(new Set(logins?.people.map(({ role }) => role)).size).toBe(6);
  });

  it('is not made where somebody else has a restaurant, and then no log-ins are told', async () => {
    const house = await openHouse(brigade);
    await seedDemo(brigade.app);
    const logins = await demoLogins(brigade.app);
    expect(logins).toBeUndefined();
    const text = welcome({ url: brigade.url, socketPath: '/ws', docs: false, metrics: undefined, logins });
    expect(text).toContain(`${brigade.url}/api/v1`);
    expect(text).toContain('(path /ws)');
    expect(text).not.toMatch(/docs|metrics|brigade-demo/);
    await house.close();
  });

  it('tells nobody who has left', async () => {
    await seedDemo(brigade.app);
    const owner = await logIn(brigade.url, 'olivia@bistro.example', 'brigade-demo');
    const staff: { id: string; email: string }[] = await owner.must('staff:list');
    const hugo = staff.find(({ email }) => email === 'hugo@bistro.example');
    await owner.must('staff:deactivate', { staffId: hugo?.id });
    const logins = await demoLogins(brigade.app);
    expect(logins?.people).toHaveLength(11);
    expect(logins?.people.map(({ email }) => email)).not.toContain('hugo@bistro.example');
  });
});
