import { createApp } from '../../src/app.js';
import { features } from '../../src/features.js';
import { type Actor, anonymous } from '../../src/kernel/context.js';
import { newId } from '../../src/kernel/ids.js';
import { permissionsOf } from '../../src/kernel/permissions.js';
import { loadConfig } from '../../src/platform/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { createRegistry } from '../../src/runtime/registry.js';
import { answerParent } from '../children.js';

/** The whole server as it runs in production, on a database in another process; log lines go to files as usual. */
const [, , MONGODB_URI = '', MONGODB_DATABASE = '', dataDir = '', CACHE_MEGABYTES, REDIS_URL] = process.argv;
const config = loadConfig({
  file: false,
  env: {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    MONGODB_URI,
    MONGODB_DATABASE,
    CACHE_MEGABYTES,
    REDIS_URL,
    DATA_DIR: dataDir,
    LOG_DIR: `${dataDir}/logs-${process.pid}`,
    LOG_FORMAT: 'silent',
    LOG_LEVEL: 'info',
    // The same in every process of the run, and of no use outside it.
    JWT_SECRET: `bench of ${MONGODB_DATABASE} `.repeat(3),
    PIN_PEPPER: `bench of ${MONGODB_DATABASE} `.repeat(3),
    ARGON2_MEMORY_KIB: '1024',
    ARGON2_PASSES: '1',
    RATE_LIMIT_AUTH: '10000/15m',
    RATE_LIMIT_RESTAURANT: '100000000/1m',
    SOCKET_MESSAGES_PER_SECOND: '10000',
    SOCKET_MESSAGE_BURST: '100000',
    RATE_LIMIT_READ: '1000000/1m',
    RATE_LIMIT_WRITE: '1000000/1m',
  },
});
const app = await createApp({ config, logger: createLogger(config.logging) });
const { operations } = createRegistry(features);

async function run<T>(actor: Actor, name: string, input: object): Promise<T> {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`No operation ${name}`);
  const { data } = await app.execute({ operation, input, actor, requestId: newId(), ip: '127.0.0.1' });
  return data as T;
}

const PASSWORD = 'bench bench bench';

/** A restaurant with a menu of 80 items, four stations and an owner to order as. */
async function openRestaurant(index: number): Promise<object> {
  const email = `owner-${index}@example.com`;
  const settings = {
    currency: 'EUR',
    timeZone: 'Europe/Paris',
    locale: 'fr-FR',
    // Nobody sits at these kitchens' screens; an alert for every ticket is not what is measured.
    ticketReceiptSeconds: 0,
    taxClasses: [{ code: 'food', name: 'Food', ratePpm: 100_000 }],
  };
  const { restaurant, owner } = await run<{ restaurant: { id: string }; owner: { id: string } }>(
    anonymous,
    'restaurant:sign-up',
    {
      restaurant: { name: `Bench ${index}`, ...settings },
      owner: { name: 'Olive Owner', email, password: PASSWORD },
    },
  );
  const actor: Actor = {
    ...{ kind: 'staff', userId: owner.id, name: 'Olive Owner', restaurantId: restaurant.id, role: 'owner' },
    ...{ permissions: permissionsOf('owner'), sessionId: 'bench', stationIds: [] },
  };
  const categories = await Promise.all(
    ['Starters', 'Mains', 'Desserts', 'Drinks'].map((name, position) =>
      run<{ id: string }>(actor, 'menu:create-category', { name, position, taxClass: 'food' }),
    ),
  );
  const items = await Promise.all(
    Array.from({ length: 80 }, (_, i) =>
      run<{ id: string }>(actor, 'menu:create-item', {
        name: `Dish ${i}`,
        categoryId: categories[i % categories.length]?.id,
        price: { amount: 900 + i * 25, currency: 'EUR' },
      }),
    ),
  );
  for (const [i, category] of categories.entries()) {
    await run(actor, 'station:create', {
      name: `Station ${i}`,
      routes: { categoryIds: [category.id], itemIds: [] },
      isDefault: i === 0,
    });
  }
  const { accessToken } = await run<{ accessToken: string }>(anonymous, 'auth:login', { email, password: PASSWORD });
  return { token: accessToken, itemIds: items.map(({ id }) => id) };
}

answerParent({
  start: () => app.listen(),
  async restaurants(count: number) {
    const opened: object[] = [];
    for (let i = 0; i < count; i += 2)
      opened.push(...(await Promise.all(Array.from({ length: 2 }, (_, j) => openRestaurant(i + j)))));
    return opened;
  },
  cpuMicros() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)));
