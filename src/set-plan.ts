import { restaurants } from './features/restaurants/index.js';
import { type Plan, planNames } from './kernel/plan.js';
import { runProgram } from './platform/boot.js';
import { loadConfig } from './platform/config.js';
import { modelOf } from './platform/model.js';
import { openDatabase } from './platform/mongo.js';
import { WrongSurroundings } from './platform/surroundings.js';
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

runProgram(async () => {
  const [restaurantId, wanted] = process.argv.slice(2);
  const plan = planNames.find((name) => name === wanted);
  if (restaurantId === undefined || plan === undefined) {
    throw new WrongSurroundings(`npm run plan -- <restaurant's id> <${planNames.join(' | ')}>`);
  }
  if (!(await setPlan(restaurantId, plan))) throw new WrongSurroundings(`There is no restaurant ${restaurantId}.`);
  console.log(`${restaurantId} is served under ${plan}.`);
});
