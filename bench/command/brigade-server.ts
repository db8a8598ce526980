import { orders } from '../../src/features/orders/index.js';
import { addDishes, logIn, openBrigade, signUp } from '../brigade.js';
import { answerParent } from '../children.js';

/** On a database in another process; log lines go to files as usual. */
const [, , MONGODB_URI = '', MONGODB_DATABASE = '', dataDir = '', CACHE_MEGABYTES, REDIS_URL] = process.argv;
const { listen, run } = await openBrigade({
  ...{ MONGODB_URI, MONGODB_DATABASE, CACHE_MEGABYTES, REDIS_URL },
  DATA_DIR: dataDir,
  LOG_DIR: `${dataDir}/logs-${process.pid}`,
  // The same in every process of the run, and of no use outside it.
  JWT_SECRET: `bench of ${MONGODB_DATABASE} `.repeat(3),
  PIN_PEPPER: `bench of ${MONGODB_DATABASE} `.repeat(3),
});

// An hour's orders in a minute, and none of them is ever closed.
Object.assign(orders.quota?.most ?? {}, { standard: Number.POSITIVE_INFINITY });

/** A restaurant with a menu of 80 items, four stations and an owner to order as. */
async function openRestaurant(index: number): Promise<object> {
  const email = `owner-${index}@example.com`;
  // Nobody sits at these kitchens' screens; an alert for every ticket is not what is measured.
  const owner = await signUp(run, `Bench ${index}`, email, { ticketReceiptSeconds: 0 });
  const categories = await Promise.all(
    ['Starters', 'Mains', 'Desserts', 'Drinks'].map((name, position) =>
      run<{ id: string }>(owner, 'menu:create-category', { name, position, taxClass: 'food' }),
    ),
  );
  const itemIds = await addDishes(run, owner, (i) => categories[i % categories.length]?.id ?? '', 80);
  for (const [i, category] of categories.entries()) {
    await run(owner, 'station:create', {
      name: `Station ${i}`,
      routes: { categoryIds: [category.id], itemIds: [] },
      isDefault: i === 0,
    });
  }
  return { token: await logIn(run, email), itemIds };
}

answerParent({
  start: listen,
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
