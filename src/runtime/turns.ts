import { randomBytes } from 'node:crypto';
import type { Metrics } from '../platform/metrics.js';
import type { Redis } from '../platform/redis.js';

/** A restaurant's lock in this process's hands. */
export interface Turn {
  /** Nobody else has had it since this process had it last: what the lane remembers still holds. */
  readonly isSame: boolean;
  /** Others wait, and this process has had its time: finish what is under way and end the turn. */
  readonly isOver: boolean;
  /** Hands it on to who waits longest. */
  end(): void;
}

interface Holding {
  since: number;
  wanted: boolean;
}

/** How long a turn lasts when others wait, ms. */
const TURN_MS = 100;
/** A lock that is not renewed for so long is free: its process is dead or stands still, ms. */
const LOCK_MS = 2_000;
const RENEW_MS = 500;
/** Told otherwise by nobody, who waits looks again after so long, ms. */
const LOOK_MS = 100;
/** Who waits longer goes on without: the journal's number decides, ms. */
const PATIENCE_MS = 1_000;
/** Redis answers in less than this or the lane goes on without, ms. */
const ANSWER_MS = 200;
/** After a Redis that did not answer it is not asked for so long, ms. */
const REST_MS = 1_000;

/**
 * Takes the lock where it is free, else stands in line, lets the holder know and answers 0. Taken: 1, or 2 where nobody
 * else had it meanwhile; and 2 more where others wait.
 */
const TAKE = `
local holder = redis.call('get', KEYS[1])
if not holder or holder == ARGV[1] then
  redis.call('lrem', KEYS[2], 0, ARGV[1])
  redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
  local last = redis.call('get', KEYS[3])
  redis.call('set', KEYS[3], ARGV[1], 'EX', 3600)
  return (last == ARGV[1] and 2 or 1) + (redis.call('llen', KEYS[2]) > 0 and 2 or 0)
end
redis.call('lrem', KEYS[2], 0, ARGV[1])
redis.call('rpush', KEYS[2], ARGV[1])
redis.call('pexpire', KEYS[2], 5000)
redis.call('publish', ARGV[3] .. holder, '{"wanted":"' .. ARGV[4] .. '"}')
return 0`;

/** The same for who stands in line already and keeps the place. */
const LOOK = TAKE.replace(
  `redis.call('lrem', KEYS[2], 0, ARGV[1])
redis.call('rpush', KEYS[2], ARGV[1])`,
  `local waiting = redis.call('lrange', KEYS[2], 0, -1)
local found = false
for _, one in ipairs(waiting) do if one == ARGV[1] then found = true end end
if not found then redis.call('rpush', KEYS[2], ARGV[1]) end`,
);

/** Compares, then hands the lock to the first in line or frees it. */
const GIVE = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
local next = redis.call('lpop', KEYS[2])
if not next then
  redis.call('del', KEYS[1])
  return 1
end
redis.call('set', KEYS[1], next, 'PX', ARGV[2])
redis.call('publish', ARGV[3] .. next, '{"given":"' .. ARGV[4] .. '"}')
return 2`;

/** Holds on to it, and answers how many wait. */
const RENEW = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return -1 end
redis.call('pexpire', KEYS[1], ARGV[2])
return redis.call('llen', KEYS[2])`;

/**
 * Whose turn it is at a restaurant, when several processes serve it: a lock in Redis, held while the lane has work, a tenth
 * of a second when others wait, then handed to who waits longest. It saves work and decides nothing: without Redis, or
 * with two who believe that it is theirs, the journal's next number still can be taken only once.
 */
export class Turns {
  readonly #me = randomBytes(8).toString('hex');
  readonly #held = new Map<string, Holding>();
  /** Restaurants whose lock is asked for here, whether it was handed to us meanwhile, and what wakes who waits for it. */
  readonly #asking = new Map<string, { given: boolean; wake: () => void }>();
  readonly #timer: NodeJS.Timeout;
  #restUntil = 0;

  constructor(
    private readonly redis: Redis,
    private readonly metrics: Pick<Metrics, 'laneWait' | 'laneHandovers' | 'laneUnlocked'>,
  ) {
    redis.on(`turn:${this.#me}`, (message) => this.#hear(message as { wanted?: string; given?: string }));
    this.#timer = setInterval(() => void this.#renew(), RENEW_MS);
    this.#timer.unref();
  }

  /** Waits for the restaurant's lock, a second at most; undefined: go on without. */
  async take(restaurantId: string): Promise<Turn | undefined> {
    const started = performance.now();
    if (this.redis.state === 'lost' || started < this.#restUntil) return this.#without();
    // From here on: it may be handed to us before we have heard that we stand in line.
    const asking = { given: false, wake: () => undefined };
    this.#asking.set(restaurantId, asking);
    let taken = await this.#run(TAKE, restaurantId);
    while (taken === 0 && performance.now() - started < PATIENCE_MS) {
      await this.#given(asking);
      taken = await this.#run(LOOK, restaurantId);
    }
    this.#asking.delete(restaurantId);
    this.metrics.laneWait.observe((performance.now() - started) / 1000);
    if (taken === undefined || taken === 0) {
      // Should it have been handed to us in this very moment.
      void this.#give(restaurantId);
      return this.#without();
    }
    const holding: Holding = { since: performance.now(), wanted: taken > 2 };
    this.#held.set(restaurantId, holding);
    return {
      isSame: taken % 2 === 0,
      get isOver() {
        return holding.wanted && performance.now() - holding.since > TURN_MS;
      },
      end: () => {
        this.#held.delete(restaurantId);
        void this.#give(restaurantId);
      },
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #without(): undefined {
    this.metrics.laneUnlocked.inc();
    return undefined;
  }

  /** Until the lock is handed to us, or it is time to look. */
  async #given(asking: { given: boolean; wake: () => void }): Promise<void> {
    if (!asking.given) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        asking.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    asking.given = false;
  }

  #hear({ wanted, given }: { wanted?: string; given?: string }): void {
    const holding = this.#held.get(wanted ?? '');
    if (holding !== undefined) holding.wanted = true;
    if (given === undefined) return;
    const asking = this.#asking.get(given);
    if (asking !== undefined) {
      asking.given = true;
      asking.wake();
    } else if (!this.#held.has(given)) void this.#give(given);
  }

  async #give(restaurantId: string): Promise<void> {
    if ((await this.#run(GIVE, restaurantId)) === 2) this.metrics.laneHandovers.inc();
  }

  async #renew(): Promise<void> {
    await Promise.all(
      [...this.#held].map(async ([restaurantId, holding]) => {
        const waiting = await this.#run(RENEW, restaurantId);
        // -1: it is another's by now. Ending the turn, the lane learns what that one did.
        if (waiting !== undefined && waiting !== 0) holding.wanted = true;
      }),
    );
  }

  /** A script's answer, or undefined when Redis has none. */
  async #run(script: string, restaurantId: string): Promise<number | undefined> {
    const key = `${this.redis.prefix}:lane:{${restaurantId}}`;
    const channels = `${this.redis.prefix}:turn:`;
    const parameters = [this.#me, String(LOCK_MS), channels, restaurantId];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    });
    const asked = this.redis.commands.eval(script, 3, key, `${key}:line`, `${key}:last`, ...parameters);
    const answer = await Promise.race([asked.catch(() => undefined), late]);
    clearTimeout(timer);
    if (answer === undefined) this.#restUntil = performance.now() + REST_MS;
    return answer as number | undefined;
  }
}
