import type { Presence, Present } from '../kernel/presence.js';
import type { LocalPresence } from './presence.js';
import type { Redis } from './redis.js';

/** Between two heartbeats, ms. */
const BEAT_MS = 4_000;
/** Screens of a process that is silent for longer are not on line, seconds by Redis' clock. */
const SILENT_S = 12;
/** Sockets that come and go within this time are written down together, ms. */
const GATHER_MS = 50;
/** Redis answers in less than this, or what is known must do; ms. */
const ANSWER_MS = 250;

/** One field for each process, stamped by Redis' own clock; nothing is left of a process without screens there. */
const WRITE = `
if ARGV[2] == '' then return redis.call('hdel', KEYS[1], ARGV[1]) end
redis.call('hset', KEYS[1], ARGV[1], redis.call('time')[1] .. ' ' .. ARGV[2])
return redis.call('expire', KEYS[1], 60)`;

const READ = `
local now = tonumber(redis.call('time')[1])
local all = redis.call('hgetall', KEYS[1])
local live = {}
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ')
  if now - tonumber(string.sub(all[i + 1], 1, space - 1)) > tonumber(ARGV[2]) then
    redis.call('hdel', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    live[#live + 1] = string.sub(all[i + 1], space + 1)
  end
end
return live`;

/**
 * Who is on line on all processes: each writes its own sockets down with a heartbeat, and what a dead one wrote expires.
 * Without an answer of Redis the others' sockets count as they were last seen, so that a lost Redis is no empty house.
 */
export class SharedPresence implements Presence {
  readonly #gathering = new Set<string>();
  readonly #elsewhere = new Map<string, readonly Present[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    /** Names this process in Redis. */
    private readonly id: string,
    private readonly local: LocalPresence,
    private readonly redis: Redis,
  ) {
    local.onChange((restaurantId) => this.#gather(restaurantId));
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  async of(restaurantId: string): Promise<readonly Present[]> {
    const here = await this.local.of(restaurantId);
    const answer = (await this.#ask(READ, restaurantId, String(SILENT_S))) as string[] | undefined;
    if (answer !== undefined) this.#elsewhere.set(restaurantId, answer.flatMap(revive));
    return [...here, ...(this.#elsewhere.get(restaurantId) ?? [])];
  }

  /** What a dead process has written down, at the restaurants that have screens here. */
  async forget(id: string): Promise<void> {
    for (const restaurantId of this.local.restaurants()) {
      const key = this.#key(restaurantId);
      const gone = await this.redis.commands.hdel(key, id).catch(() => 0);
      if (gone > 0) this.local.tell(restaurantId);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #gather(restaurantId: string): void {
    if (this.#gathering.has(restaurantId)) return;
    this.#gathering.add(restaurantId);
    const timer = setTimeout(() => {
      this.#gathering.delete(restaurantId);
      void this.#write(restaurantId);
    }, GATHER_MS);
    timer.unref();
  }

  #beat(): void {
    const restaurants = new Set(this.local.restaurants());
    for (const id of this.#elsewhere.keys()) if (!restaurants.has(id)) this.#elsewhere.delete(id);
    for (const restaurantId of restaurants) void this.#write(restaurantId);
  }

  async #write(restaurantId: string): Promise<void> {
    const here = await this.local.of(restaurantId);
    await this.#ask(WRITE, restaurantId, here.length === 0 ? '' : JSON.stringify(here));
  }

  #key(restaurantId: string): string {
    return `${this.redis.prefix}:presence:{${restaurantId}}`;
  }

  async #ask(script: string, restaurantId: string, argument: string): Promise<unknown> {
    if (this.redis.state === 'lost') return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    });
    const asked = this.redis.commands.eval(script, 1, this.#key(restaurantId), this.id, argument);
    const answer = await Promise.race([asked.catch(() => undefined), late]);
    clearTimeout(timer);
    return answer;
  }
}

function revive(text: string): Present[] {
  const list = JSON.parse(text) as Present[];
  return list.map(({ unsent, ...present }) => ({
    ...present,
    since: new Date(present.since),
    ...(unsent === undefined ? {} : { unsent: { ...unsent, since: new Date(unsent.since) } }),
  }));
}
