import { restaurants } from './features/restaurants/index.js';
import { type Plan, planNames } from './kernel/plan.js';
import { loadConfig } from './platform/config.js';
import { modelOf } from './platform/model.js';
import { openDatabase } from './platform/mongo.js';
import { acrossRestaurants } from './platform/tenancy.js';

/** `npm run plan -- <restaurant's id> <plan>`: what a restaurant is served under. Holds within five minutes. */
async function setPlan(restaurantId: string, plan: Plan): Promise<boolean> {
  const config = loadConfig();
  const database = await openDatabase({ ...config.database, dataDir: config.server.dataDir });
  const { matchedCount } = await acrossRestaurants('the operator names the restaurant', () =>
    modelOf(restaurants)
      .updateOne({ _id: restaurantId }, { $set: { plan }, $inc: { version: 1 } })
      .exec(),
  );
  await database.close();
  return matchedCount === 1;
}

const [restaurantId, wanted] = process.argv.slice(2);
const plan = planNames.find((name) => name === wanted);
if (restaurantId === undefined || plan === undefined) {
  console.error(`npm run plan -- <restaurant's id> <${planNames.join(' | ')}>`);
  process.exitCode = 1;
} else if (await setPlan(restaurantId, plan)) console.log(`${restaurantId} is served under ${plan}.`);
else {
  console.error(`There is no restaurant ${restaurantId}.`);
  process.exitCode = 1;
}
