import mongoose from 'mongoose';
import type { Actor } from '../../src/kernel/context.js';
import { newId } from '../../src/kernel/ids.js';
import { addDishes, logIn, openBrigade, PASSWORD, signUp } from '../brigade.js';
import { answerParent } from '../children.js';

/** On the embedded database. Counts what it reads. */
const dataDir = process.argv[2] ?? '';
const { listen, run } = await openBrigade({
  DATA_DIR: dataDir,
  LOG_DIR: `${dataDir}/logs`,
  JWT_SECRET: newId().repeat(3),
  PIN_PEPPER: newId().repeat(3),
});

let reads = 0;
// Every read of ours goes through mongoose; debug is its only hook that sees them all.
const byCollection = new Map<string, number>();
mongoose.set('debug', (collection: string, method: string) => {
  if (!method.startsWith('find')) return;
  reads += 1;
  byCollection.set(collection, (byCollection.get(collection) ?? 0) + 1);
});

const roles = ['waiter', 'waiter', 'kitchen', 'manager'] as const;

interface House {
  owner: Actor;
  itemIds: string[];
  /** A session for each screen. */
  tokens: string[];
}
const houses: House[] = [];

/** A restaurant with a menu, a station, four people, and a log-in for each of its screens. */
async function openHouse(index: number, screens: number): Promise<House> {
  const address = (who: string) => `${who}-${index}@example.com`;
  const owner = await signUp(run, `Storm ${index}`, address('owner'));
  const category = await run<{ id: string }>(owner, 'menu:create-category', { name: 'Food', taxClass: 'food' });
  const itemIds = await addDishes(run, owner, () => category.id, 20);
  await run(owner, 'station:create', { name: 'Kitchen', isDefault: true });
  for (const [i, role] of roles.entries())
    await run(owner, 'staff:create', { name: `Some ${role}`, role, email: address(`staff${i}`), password: PASSWORD });
  const tokens = await Promise.all(
    Array.from({ length: screens }, (_, i) => logIn(run, address(`staff${i % roles.length}`))),
  );
  return { owner, itemIds, tokens };
}

async function placeOrders(each: number): Promise<void> {
  for (let i = 0; i < each; i += 1) {
    const place = ({ owner, itemIds }: House) => {
      const lines = [0, 1, 2].map((n) => ({ itemId: itemIds[(i * 3 + n) % itemIds.length] }));
      return run(owner, 'order:place', { channel: 'takeaway', customer: { name: 'Ana' }, lines });
    };
    await Promise.all(houses.map(place));
  }
}

let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50).unref();

answerParent({
  start: listen,
  async open({ restaurants, screens }: { restaurants: number; screens: number }) {
    for (let i = 0; i < restaurants; i += 5) {
      const some = Array.from({ length: Math.min(5, restaurants - i) }, (_, j) => openHouse(i + j, screens));
      houses.push(...(await Promise.all(some)));
    }
    return houses.map(({ tokens }) => tokens);
  },
  placeOrders,
  /** Reads since the last asking, and the highest memory since. */
  figures() {
    const figures = {
      ...{ reads, peakRss: peak, rss: process.memoryUsage.rss() },
      byCollection: Object.fromEntries(byCollection),
    };
    byCollection.clear();
    reads = 0;
    peak = 0;
    return figures;
  },
});
