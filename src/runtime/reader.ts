import type { Doc, Filter, FindOptions, Kind, Reads } from '../kernel/documents.js';
import { fail } from '../kernel/errors.js';
import { modelOf } from '../platform/model.js';
import { withinRestaurant } from '../platform/tenancy.js';

/** Reads one restaurant's documents from the database, without any memory. Queries use it as it is. */
export class DatabaseReads implements Reads {
  constructor(readonly restaurantId: string) {}

  async get<T extends Doc>(kind: Kind<T>, id: string): Promise<T> {
    return (await this.lookup(kind, id)) ?? missing(kind);
  }

  lookup<T extends Doc>(kind: Kind<T>, id: string): Promise<T | undefined> {
    return withinRestaurant(this.restaurantId, async () => {
      const doc = await modelOf(kind).findOne({ _id: id }).lean().exec();
      return (doc ?? undefined) as T | undefined;
    });
  }

  all<T extends Doc>(kind: Kind<T>): Promise<readonly T[]> {
    return this.find(kind, {});
  }

  find<T extends Doc>(kind: Kind<T>, filter: Filter, options: FindOptions = {}): Promise<T[]> {
    return withinRestaurant(this.restaurantId, async () => {
      const found = modelOf(kind).find({ ...filter });
      if (options.sort !== undefined) found.sort(options.sort);
      if (options.limit !== undefined) found.limit(options.limit);
      return (await found.lean().exec()) as unknown as T[];
    });
  }
}

/** "No such table": the same for an unknown id and for another restaurant's. */
export function missing(kind: Kind<Doc>): never {
  throw fail('not_found', `No such ${kind.title}`);
}
