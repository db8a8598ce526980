import { LRUCache } from 'lru-cache';

/** What happened to the answers of one name. `shared`: joined a load that was under way. */
export type CacheEvent = 'hit' | 'miss' | 'shared' | 'dropped';

export interface CacheOptions {
  /** Most bytes kept, as JSON; 0 keeps nothing. */
  maxBytes: number;
  /** `count` answers of this name; a hit or a shared load saved `reads` reads. */
  onEvent: (name: string, event: CacheEvent, count: number, reads: number) => void;
}

export interface Wanted<T> {
  /** Whose answers these are: a restaurant. */
  group: string;
  name: string;
  /** What tells this answer from others of the same name. */
  key: string;
  ttlMs: number;
  /** Reads it, and says what it rests on. */
  load: () => Promise<Loaded<T>>;
}

export interface Loaded<T> {
  value: T;
  /** When one of these changes the value is dropped. */
  tags: ReadonlySet<string>;
  /** What it cost: reads of the database. */
  reads: number;
}

interface Held extends Loaded<unknown> {
  group: string;
  name: string;
  bytes: number;
}

interface Flight {
  loaded: Promise<Loaded<unknown>>;
  /** What changed since it began (`true`: anything): it may have read from before. */
  dropped: Set<string> | true;
}

/** What is kept and read of one group. */
interface Group {
  /** Ids of the answers by what they rest on. */
  tagged: Map<string, Set<string>>;
  flights: Set<Flight>;
  /** The flights that may be joined: none that began before the last change. */
  joinable: Map<string, Flight>;
}

/**
 * Answers kept in memory until they are old or something they rest on changes. Who asks for what is being read waits for
 * that (single flight), and what was read before a change is not kept after it.
 */
export class TaggedCache {
  readonly #held: LRUCache<string, Held>;
  readonly #groups = new Map<string, Group>();

  constructor(private readonly options: CacheOptions) {
    this.#held = new LRUCache<string, Held>({
      maxSize: Math.max(1, options.maxBytes),
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (held, id) => this.#forget(held, id),
    });
  }

  async get<T>({ group: groupName, name, key, ttlMs, load }: Wanted<T>): Promise<T> {
    const id = `${groupName}\n${name}\n${key}`;
    const held = this.#held.get(id);
    if (held !== undefined) {
      this.options.onEvent(name, 'hit', 1, held.reads);
      return held.value as T;
    }
    const group = this.#group(groupName);
    const joined = group.joinable.get(id);
    if (joined !== undefined) {
      const { value, reads } = await joined.loaded;
      this.options.onEvent(name, 'shared', 1, reads);
      return value as T;
    }
    this.options.onEvent(name, 'miss', 1, 0);
    const flight: Flight = { loaded: load(), dropped: new Set() };
    group.flights.add(flight);
    group.joinable.set(id, flight);
    try {
      const loaded = (await flight.loaded) as Loaded<T>;
      if (isCurrent(flight, loaded.tags)) this.#keep(id, { ...loaded, group: groupName, name, bytes: 0 }, ttlMs);
      return loaded.value;
    } finally {
      group.flights.delete(flight);
      if (group.joinable.get(id) === flight) group.joinable.delete(id);
      this.#tidy(groupName, group);
    }
  }

  /** Drops what rests on any of the tags; without tags, all of the group. */
  drop(groupName: string, tags?: readonly string[]): void {
    const group = this.#groups.get(groupName);
    if (group === undefined) return;
    group.joinable.clear();
    for (const flight of group.flights) {
      if (tags === undefined) flight.dropped = true;
      else if (flight.dropped !== true) for (const tag of tags) flight.dropped.add(tag);
    }
    for (const tag of tags ?? [...group.tagged.keys()]) {
      for (const id of [...(group.tagged.get(tag) ?? [])]) {
        const name = this.#held.peek(id)?.name;
        if (name !== undefined) this.options.onEvent(name, 'dropped', 1, 0);
        this.#held.delete(id);
      }
    }
  }

  /** Whether anything of the group is kept or being read. */
  has(groupName: string): boolean {
    return this.#groups.has(groupName);
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group: Group = { tagged: new Map(), flights: new Set(), joinable: new Map() };
    this.#groups.set(name, group);
    return group;
  }

  #keep(id: string, held: Held, ttl: number): void {
    const bytes = JSON.stringify(held.value).length;
    if (bytes > this.options.maxBytes) return;
    this.#held.set(id, { ...held, bytes: Math.max(1, bytes) }, { ttl });
    const { tagged } = this.#group(held.group);
    for (const tag of held.tags) {
      const ids = tagged.get(tag);
      if (ids === undefined) tagged.set(tag, new Set([id]));
      else ids.add(id);
    }
  }

  #forget({ group: name, tags }: Held, id: string): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    for (const tag of tags) {
      const ids = group.tagged.get(tag);
      ids?.delete(id);
      if (ids?.size === 0) group.tagged.delete(tag);
    }
    this.#tidy(name, group);
  }

  #tidy(name: string, group: Group): void {
    if (group.tagged.size === 0 && group.flights.size === 0) this.#groups.delete(name);
  }
}

function isCurrent({ dropped }: Flight, tags: ReadonlySet<string>): boolean {
  return dropped !== true && ![...tags].some((tag) => dropped.has(tag));
}
