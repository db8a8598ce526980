import { setTimeout as pause } from 'node:timers/promises';
import type { Presence, Present } from '../kernel/presence.js';
import type { LocalPresence } from './presence.js';
import type { Redis } from './redis.js';

/** Between two signs of life, ms. */
const BEAT_MS = 4_000;
/** Screens of a process that is silent for longer are not on line, ms. */
const SILENT_MS = 12_000;
/** Sockets that come and go within this time are told together, ms. */
const GATHER_MS = 50;
/** Whoever is asked has answered by then, or the next sign of life must do; ms. */
const ANSWER_MS = 250;
/** Restaurants in one message, when all are told. */
const AT_ONCE = 100;

const TOPIC = 'presence';

/** What processes tell each other; `n` counts what each has told, so that a loss is seen. */
type Word =
  | { by: string; asks: true }
  | { by: string; n: number }
  | { by: string; n: number; at: string; present: readonly Present[] }
  | { by: string; n: number; isFirst: boolean; all: (readonly [string, readonly Present[]])[] };

/** Another process, as it was last heard. */
interface Other {
  heardAt: number;
  n: number;
  restaurants: Map<string, readonly Present[]>;
}

/**
 * Who is on line on all processes. Each tells the others when its sockets come and go, so that who asks is answered from
 * memory: lanes ask for every ticket, and must not wait for Redis. What was lost on the way is seen by its number and asked
 * for again. While Redis is away the others' sockets count as they were last seen: a lost Redis is no empty house.
 */
export class SharedPresence implements Presence {
  readonly #others = new Map<string, Other>();
  readonly #gathering = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #n = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    /** Names this process to the others. */
    private readonly id: string,
    private readonly local: LocalPresence,
    private readonly redis: Redis,
  ) {
    redis.on(TOPIC, (word) => this.#hear(word as Word));
    local.onChange((restaurantId) => this.#gather(restaurantId));
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  /** Asks who is on line elsewhere, and gives the others a moment to answer. */
  async start(): Promise<void> {
    this.#ask();
    await pause(ANSWER_MS);
  }

  of(restaurantId: string): readonly Present[] {
    const all = [...this.local.of(restaurantId)];
    for (const { restaurants } of this.#others.values()) all.push(...(restaurants.get(restaurantId) ?? []));
    return all;
  }

  /** A process is dead, and its screens with it: where screens are left they are looked after. */
  forget(id: string): void {
    const gone = this.#others.get(id);
    this.#others.delete(id);
    for (const restaurantId of this.local.restaurants())
      if (gone?.restaurants.has(restaurantId)) this.local.tell(restaurantId);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #gather(restaurantId: string): void {
    if (this.#gathering.has(restaurantId)) return;
    this.#gathering.add(restaurantId);
    const timer = setTimeout(() => {
      this.#gathering.delete(restaurantId);
      this.#n += 1;
      this.#say({ by: this.id, n: this.#n, at: restaurantId, present: this.local.of(restaurantId) });
    }, GATHER_MS);
    timer.unref();
  }

  #beat(): void {
    const now = performance.now();
    for (const [id, other] of this.#others) {
      // Who hears nothing cannot tell whether others have fallen silent.
      if (this.redis.state !== 'ok') other.heardAt = now;
      else if (now - other.heardAt > SILENT_MS) this.forget(id);
    }
    this.#say({ by: this.id, n: this.#n });
  }

  #say(word: Word): void {
    this.redis.publish(TOPIC, word);
  }

  #ask(): void {
    this.#askedAt = performance.now();
    this.#say({ by: this.id, asks: true });
  }

  #tellAll(): void {
    const all = [...this.local.restaurants()].map((one) => [one, this.local.of(one)] as const);
    for (let from = 0; from === 0 || from < all.length; from += AT_ONCE)
      this.#say({ by: this.id, n: this.#n, isFirst: from === 0, all: all.slice(from, from + AT_ONCE) });
  }

  #hear(word: Word): void {
    if (word.by === this.id) return;
    if ('asks' in word) {
      this.#tellAll();
      return;
    }
    const other = this.#others.get(word.by) ?? { heardAt: 0, n: 0, restaurants: new Map() };
    this.#others.set(word.by, other);
    other.heardAt = performance.now();
    if ('all' in word) {
      if (word.isFirst) other.restaurants.clear();
      for (const [restaurantId, present] of word.all) put(other, restaurantId, present);
      other.n = word.n;
      return;
    }
    const isNext = 'at' in word ? word.n === other.n + 1 : word.n === other.n;
    if ('at' in word) put(other, word.at, word.present);
    if (isNext) other.n = word.n;
    else if (performance.now() - this.#askedAt > ANSWER_MS) this.#ask();
  }
}

function put({ restaurants }: Other, restaurantId: string, present: readonly Present[]): void {
  if (present.length === 0) restaurants.delete(restaurantId);
  else restaurants.set(restaurantId, present.map(revived));
}

/** As it was before it went through JSON. */
function revived({ unsent, ...present }: Present): Present {
  const held = unsent === undefined ? {} : { unsent: { ...unsent, since: new Date(unsent.since) } };
  return { ...present, since: new Date(present.since), ...held };
}
