import type { Doc, Filter, FindOptions, Kind, Reads } from '../kernel/documents.js';
import { fail } from '../kernel/errors.js';
import { modelOf } from '../platform/model.js';
import { withinRestaurant } from '../platform/tenancy.js';
import { fromStored, storedFilter, whereId } from './stored-ids.js';

/** Reads one restaurant's documents from the database, without any memory. Queries use it as it is. */
export class DatabaseReads implements Reads {
  constructor(readonly restaurantId: string) {}

  async get<T extends Doc>(kind: Kind<T>, id: string): Promise<T> {
    return (await this.lookup(kind, id)) ?? missing(kind);
  }

  lookup<T extends Doc>(kind: Kind<T>, id: string): Promise<T | undefined> {
    return withinRestaurant(this.restaurantId, async () => {
      const where = { _id: whereId(kind, this.restaurantId, id) } as Filter;
      const doc = (await modelOf(kind).findOne(where).lean().exec()) as T | null;
      return doc === null ? undefined : fromStored(kind, doc);
    });
  }

  all<T extends Doc>(kind: Kind<T>): Promise<readonly T[]> {
    return this.find(kind, {});
  }

  find<T extends Doc>(kind: Kind<T>, filter: Filter, options: FindOptions = {}): Promise<T[]> {
    return withinRestaurant(this.restaurantId, async () => {
      const found = modelOf(kind).find(storedFilter(kind, this.restaurantId, filter));
      if (options.sort !== undefined) found.sort(options.sort);
      if (options.limit !== undefined) found.limit(options.limit);
      const docs = (await found.lean().exec()) as unknown as T[];
      return kind.clientIds === true ? docs.map((doc) => fromStored(kind, doc)) : docs;
    });
  }

  /** How many documents count for the kind's quota. */
  count(kind: Kind<Doc>): Promise<number> {
    const { only } = kind.quota ?? {};
    const filter = only === undefined ? {} : { [only.field]: { $in: only.values } };
    return withinRestaurant(this.restaurantId, () => modelOf(kind).countDocuments(filter).exec());
  }
}

/** "No such table": the same for an unknown id and for another restaurant's. */
export function missing(kind: Kind<Doc>): never {
  throw fail('not_found', `No such ${kind.title}`);
}
