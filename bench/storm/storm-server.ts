import mongoose from 'mongoose';
import { createApp } from '../../src/app.js';
import { features } from '../../src/features.js';
import { type Actor, anonymous } from '../../src/kernel/context.js';
import { newId } from '../../src/kernel/ids.js';
import { permissionsOf } from '../../src/kernel/permissions.js';
import { loadConfig } from '../../src/platform/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { createRegistry } from '../../src/runtime/registry.js';
import { answerParent } from '../children.js';

/** The whole server as it runs in production, on the embedded database. Counts what it reads. */
const dataDir = process.argv[2] ?? '';
const config = loadConfig({
  file: false,
  env: {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_DIR: `${dataDir}/logs`,
    LOG_FORMAT: 'silent',
    JWT_SECRET: newId().repeat(3),
    PIN_PEPPER: newId().repeat(3),
    ARGON2_MEMORY_KIB: '1024',
    ARGON2_PASSES: '1',
    RATE_LIMIT_READ: '1000000/1m',
    RATE_LIMIT_AUTH: '100000/15m',
    RATE_LIMIT_AUTH_ADDRESS: '100000/15m',
    RATE_LIMIT_ANONYMOUS: '100000/15m',
  },
});
const app = await createApp({ config, logger: createLogger(config.logging) });
const { operations } = createRegistry(features);

let reads = 0;
// Every read of ours goes through mongoose; debug is its only hook that sees them all.
const byCollection = new Map<string, number>();
mongoose.set('debug', (collection: string, method: string) => {
  if (!method.startsWith('find')) return;
  reads += 1;
  byCollection.set(collection, (byCollection.get(collection) ?? 0) + 1);
});

async function run<T>(actor: Actor, name: string, input: object): Promise<T> {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`No operation ${name}`);
  const { data } = await app.execute({ operation, input, actor, requestId: newId(), ip: '127.0.0.1' });
  return data as T;
}

const PASSWORD = 'bench bench bench';
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
  const restaurant = { name: `Storm ${index}`, currency: 'EUR', timeZone: 'Europe/Paris', locale: 'fr-FR' };
  const signedUp = await run<{ restaurant: { id: string }; owner: { id: string } }>(anonymous, 'restaurant:sign-up', {
    restaurant: { ...restaurant, taxClasses: [{ code: 'food', name: 'Food', ratePpm: 100_000 }] },
    owner: { name: 'Olive Owner', email: address('owner'), password: PASSWORD },
  });
  const owner: Actor = {
    ...{ kind: 'staff', userId: signedUp.owner.id, name: 'Olive Owner', restaurantId: signedUp.restaurant.id },
    ...{ role: 'owner', permissions: permissionsOf('owner'), sessionId: 'bench', stationIds: [] },
  };
  const category = await run<{ id: string }>(owner, 'menu:create-category', { name: 'Food', taxClass: 'food' });
  const dish = (i: number) =>
    run<{ id: string }>(owner, 'menu:create-item', {
      name: `Dish ${i}`,
      categoryId: category.id,
      price: { amount: 900 + i * 25, currency: 'EUR' },
    });
  const items = await Promise.all(Array.from({ length: 20 }, (_, i) => dish(i)));
  await run(owner, 'station:create', { name: 'Kitchen', isDefault: true });
  for (const [i, role] of roles.entries())
    await run(owner, 'staff:create', { name: `Some ${role}`, role, email: address(`staff${i}`), password: PASSWORD });
  const logIn = async (i: number) => {
    const email = address(`staff${i % roles.length}`);
    return (await run<{ accessToken: string }>(anonymous, 'auth:login', { email, password: PASSWORD })).accessToken;
  };
  const tokens = await Promise.all(Array.from({ length: screens }, (_, i) => logIn(i)));
  return { owner, itemIds: items.map(({ id }) => id), tokens };
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
  start: () => app.listen(),
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
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)));
