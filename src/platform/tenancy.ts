import { AsyncLocalStorage } from 'node:async_hooks';
import type { Schema } from 'mongoose';

type Scope = { restaurantId: string } | { everywhere: string };
const scopes = new AsyncLocalStorage<Scope>();

/** Runs `work` with every query and write bound to one restaurant. */
export function withinRestaurant<T>(restaurantId: string, work: () => T): T {
  return scopes.run({ restaurantId }, work);
}

/** Runs `work` across restaurants. `reason` is for the reader: log-in finds its account by e-mail, and the like. */
export function acrossRestaurants<T>(reason: string, work: () => T): T {
  return scopes.run({ everywhere: reason }, work);
}

function scope(what: string): Scope {
  const current = scopes.getStore();
  if (current === undefined) throw new Error(`${what} without a restaurant: run it in withinRestaurant()`);
  return current;
}

interface ScopedQuery {
  op: string;
  model: { modelName: string };
  getFilter(): { restaurantId?: unknown };
  where(filter: Record<string, unknown>): unknown;
}

/**
 * The tenancy plugin: adds the restaurant to every query, update, delete, count, aggregation and insert of a model, and
 * throws where there is none. A forgotten filter is an error, not a leak.
 */
export function tenancy(schema: Schema): void {
  schema.pre(
    /^(find|count|distinct|update|delete|replace)/,
    { query: true, document: false },
    function (this: unknown) {
      const query = this as ScopedQuery;
      const current = scope(`${query.model.modelName}.${query.op}`);
      if ('everywhere' in current) return;
      const named = query.getFilter().restaurantId;
      if (named !== undefined && named !== current.restaurantId)
        throw new Error(`${query.model.modelName}.${query.op} names another restaurant`);
      query.where({ restaurantId: current.restaurantId });
    },
  );
  schema.pre('aggregate', function () {
    const current = scope('aggregate');
    if ('restaurantId' in current) this.pipeline().unshift({ $match: { restaurantId: current.restaurantId } });
  });
  schema.pre('save', function () {
    checkOwner(this.get('restaurantId'));
  });
  schema.pre('insertMany', (docs: unknown) => {
    for (const doc of Array.isArray(docs) ? docs : [docs]) checkOwner((doc as { restaurantId?: unknown }).restaurantId);
  });
  schema.pre('bulkWrite', () => {
    throw new Error('bulkWrite goes around the tenancy plugin: write through the unit of work');
  });
}

function checkOwner(restaurantId: unknown): void {
  const current = scope('save');
  if ('restaurantId' in current && restaurantId !== current.restaurantId)
    throw new Error('A document of another restaurant');
}
