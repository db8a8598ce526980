import type { Document } from 'mongodb';
import type { TestContext } from '../context.js';
import { AssertionFailure, InvalidTest } from '../failures.js';
import type { Operation } from '../schema.js';

/** Repeats operations until the runner's time for loops is over; errors end it unless they are to be stored. */
export async function loop(args: Document, { entities, run, loopMs }: TestContext): Promise<void> {
  const { storeErrorsAsEntity, storeFailuresAsEntity, storeSuccessesAsEntity, storeIterationsAsEntity } = args;
  const list = (name: string | undefined): Document[] | undefined => {
    if (name === undefined) return undefined;
    if (!entities.has(name)) entities.add(name, []);
    const entity = entities.get(name);
    if (!Array.isArray(entity)) throw new InvalidTest(`entity ${name} is no array`);
    return entity;
  };
  const errors = list(storeErrorsAsEntity);
  const failures = list(storeFailuresAsEntity);
  let successes = 0;
  let iterations = 0;
  const end = Date.now() + loopMs;
  while (Date.now() < end) {
    iterations++;
    try {
      for (const operation of args.operations as Operation[]) {
        await run(operation);
        successes++;
      }
    } catch (error) {
      const stored = error instanceof AssertionFailure ? (failures ?? errors) : (errors ?? failures);
      if (!stored) throw error;
      stored.push({ error: error instanceof Error ? error.message : String(error), time: Date.now() / 1000 });
    }
  }
  if (storeSuccessesAsEntity !== undefined) entities.add(storeSuccessesAsEntity, successes);
  if (storeIterationsAsEntity !== undefined) entities.add(storeIterationsAsEntity, iterations);
}
