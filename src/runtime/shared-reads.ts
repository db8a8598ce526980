import type { Actor, BaseContext } from '../kernel/context.js';
import type { Doc, Filter, FindOptions, Kind } from '../kernel/documents.js';
import type { Permission } from '../kernel/permissions.js';
import { DatabaseReads } from './reader.js';

/**
 * Reads for an answer that is kept and shared: they note the documents and kinds it rests on. A kind that the declaration
 * does not name is refused, for then nobody could tell from it what drops the answer.
 */
export class NotedReads extends DatabaseReads {
  readonly tags = new Set<string>();
  reads = 0;

  constructor(
    restaurantId: string,
    private readonly declared: readonly Kind<Doc>[],
    private readonly name: string,
  ) {
    super(restaurantId);
  }

  override lookup<T extends Doc>(kind: Kind<T>, id: string): Promise<T | undefined> {
    this.#note(kind, `${kind.collection}/${id}`);
    return super.lookup(kind, id);
  }

  override find<T extends Doc>(kind: Kind<T>, filter: Filter, options?: FindOptions): Promise<T[]> {
    this.#note(kind, kind.collection);
    return super.find(kind, filter, options);
  }

  #note({ collection }: Kind<Doc>, tag: string): void {
    if (!this.declared.some((kind) => kind.collection === collection))
      throw new Error(`${this.name} reads ${collection}, which is not among its cache's tags`);
    this.tags.add(tag);
    this.reads += 1;
  }
}

const PRIVATE = ['userId', 'name', 'role', 'sessionId', 'deviceId'] as const satisfies readonly (keyof Actor)[];
const MOMENTARY = ['now', 'requestId', 'ip'] as const satisfies readonly (keyof BaseContext)[];

/**
 * Takes away from a context what does not stand in the key of the answer it is for: who asks, and when. A handler that
 * looks at it has declared a cache where there can be none, and throws.
 */
export function withheld<C extends BaseContext>(context: C, name: string): C {
  hide(context, MOMENTARY, name);
  context.actor = hide({ ...context.actor }, PRIVATE, name);
  return context;
}

function hide<T extends object>(thing: T, fields: readonly (keyof T)[], name: string): T {
  for (const field of fields) {
    const get = () => {
      throw new Error(`${name} is cached for all who may ask, and must not depend on ${String(field)}`);
    };
    // Not enumerable, so that a handler may spread what it is given.
    Object.defineProperty(thing, field, { get, enumerable: false });
  }
  return thing;
}

const named = new WeakMap<ReadonlySet<Permission>, string>();

/** Who may be given the same answer: same permissions, same stations. */
export function audienceOf({ permissions, stationIds }: Actor): string {
  let list = named.get(permissions);
  if (list === undefined) {
    list = [...permissions].sort().join(' ');
    named.set(permissions, list);
  }
  return `${list}|${[...stationIds].sort().join(' ')}`;
}
