import { randomBytes } from 'node:crypto';
import { Redis as Client, Cluster } from 'ioredis';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** `lost`: Redis does not answer. `deaf`: it answers, but what is published does not reach this process. */
export type RedisState = 'ok' | 'deaf' | 'lost';

export interface RedisOptions {
  url: string;
  /** Redis Cluster (7 or later) with sharded publish and subscribe. */
  sharded: boolean;
  /** Begins every key and channel, so that installations may share one Redis. */
  prefix: string;
  logger: Pick<Logger, 'info' | 'warn'>;
  metrics: Pick<Metrics, 'redisErrors' | 'redisPublishFailures' | 'redisDeaf' | 'redisUp'>;
}

/** How often a process speaks to itself through Redis, ms. */
const ECHO_MS = 1_000;
/** Without an own echo for so long a subscriber is deaf, without any answer Redis is lost; ms. */
const SILENCE_MS = 3_000;
/** A reply that takes longer counts as none, ms. */
const COMMAND_MS = 1_000;
/** How long a start waits for Redis before it goes on without, ms. */
const START_MS = 3_000;

/**
 * Redis: a connection for commands and publishing, another that listens. Nothing here rejects unhandled, and nothing
 * that must not be lost relies on it: what was published while Redis was away is found in the database.
 */
export class Redis {
  /** For commands. They reject at once while the connection is down, and after a second without a reply. */
  readonly commands: Client | Cluster;
  /** Listens; in subscribed mode for good. */
  readonly subscriber: Client | Cluster;
  readonly prefix: string;
  readonly #echo: string;
  readonly #handlers = new Map<string, (message: unknown) => void>();
  readonly #timer: NodeJS.Timeout;
  #answeredAt = performance.now();
  #heardAt = performance.now();
  #reconnectedAt = Number.NEGATIVE_INFINITY;
  #told: RedisState = 'ok';

  private constructor(private readonly options: RedisOptions) {
    this.prefix = options.prefix;
    this.commands = connection(options, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_MS,
    });
    this.subscriber = connection(options, { maxRetriesPerRequest: null });
    guard(this.commands, ['publish', 'spublish'], () => options.metrics.redisPublishFailures.inc());
    guard(this.subscriber, SUBSCRIBING, () => options.metrics.redisErrors.inc());
    for (const client of [this.commands, this.subscriber]) {
      client.on('error', () => options.metrics.redisErrors.inc());
    }
    this.#echo = `${this.prefix}:echo:${randomBytes(8).toString('hex')}`;
    this.subscriber.on('message', (channel: string, text: string) => this.#receive(channel, text));
    this.#listen(this.#echo);
    this.#timer = setInterval(() => void this.#beat(), ECHO_MS);
    this.#timer.unref();
  }

  /** Connects. Where Redis does not answer within three seconds the process starts without, and joins it later. */
  static async connect(options: RedisOptions): Promise<Redis> {
    const redis = new Redis(options);
    const deadline = performance.now() + START_MS;
    redis.#heardAt = Number.NEGATIVE_INFINITY;
    while (performance.now() < deadline && redis.state !== 'ok') {
      await redis.#speak();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    redis.#tell();
    return redis;
  }

  get state(): RedisState {
    const now = performance.now();
    if (this.commands.status !== 'ready' || now - this.#answeredAt > SILENCE_MS) return 'lost';
    return now - this.#heardAt > SILENCE_MS ? 'deaf' : 'ok';
  }

  /** Says something to every process that listens to the topic, this one included. Losing it must do no harm. */
  publish(topic: string, message: unknown): void {
    void this.commands.publish(`${this.prefix}:${topic}`, JSON.stringify(message));
  }

  /** Listens to a topic; one handler each. */
  on(topic: string, handler: (message: unknown) => void): void {
    this.#handlers.set(`${this.prefix}:${topic}`, handler);
    this.#listen(`${this.prefix}:${topic}`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.commands.disconnect();
    this.subscriber.disconnect();
  }

  #listen(channel: string): void {
    // While the connection is down this waits in ioredis' queue; it fails only when the client is closed for good.
    void this.subscriber.subscribe(channel);
  }

  #receive(channel: string, text: string): void {
    if (channel === this.#echo) this.#heardAt = performance.now();
    else this.#handlers.get(channel)?.(JSON.parse(text));
  }

  async #speak(): Promise<void> {
    if (this.commands.status !== 'ready') return;
    const answered = await this.commands.ping().catch(() => undefined);
    if (answered === undefined) return;
    this.#answeredAt = performance.now();
    await this.commands.publish(this.#echo, '');
  }

  /** A connection that only looks alive (a half-open socket, a lost subscription) is made anew. */
  async #beat(): Promise<void> {
    await this.#speak();
    const { state } = this;
    this.#tell();
    const now = performance.now();
    if (state === 'ok' || now - this.#reconnectedAt < SILENCE_MS) return;
    const silent = state === 'deaf' ? this.subscriber : this.commands;
    if (silent.status !== 'ready') return;
    this.#reconnectedAt = now;
    if (state === 'deaf') this.options.metrics.redisDeaf.inc();
    silent.disconnect(true);
  }

  #tell(): void {
    const { state } = this;
    const { logger, metrics } = this.options;
    metrics.redisUp.set(state === 'ok' ? 1 : 0);
    if (state === this.#told) return;
    this.#told = state;
    if (state === 'ok') logger.info('Redis is back');
    else logger.warn(state === 'deaf' ? 'Redis is not heard; subscribing again' : 'Redis does not answer');
  }
}

interface Settings {
  enableOfflineQueue?: boolean;
  autoResendUnfulfilledCommands?: boolean;
  maxRetriesPerRequest: number | null;
  commandTimeout?: number;
}

function connection({ url, sharded }: RedisOptions, settings: Settings): Client | Cluster {
  const retryStrategy = (times: number): number => Math.min(times * 50, 1_000);
  if (!sharded) return new Client(url, { ...settings, retryStrategy, connectionName: 'brigade' });
  const { enableOfflineQueue = true, ...redisOptions } = settings;
  return new Cluster([url], {
    redisOptions,
    enableOfflineQueue,
    // The check is a command itself, and refused where commands do not queue.
    enableReadyCheck: enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    // Only who listens needs a connection to every shard.
    shardedSubscribers: settings.maxRetriesPerRequest === null,
  });
}

const SUBSCRIBING = ['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'] as const;

/** The Socket.IO adapter does not look at the promises of what it calls; here a failure is counted and goes no further. */
function guard(
  client: Client | Cluster,
  names: readonly ('publish' | 'spublish' | (typeof SUBSCRIBING)[number])[],
  failed: () => void,
): void {
  for (const name of names) {
    const call = client[name].bind(client) as (...args: unknown[]) => Promise<unknown>;
    const guarded = (...args: unknown[]) =>
      call(...args).catch(() => {
        failed();
        return 0;
      });
    Object.assign(client, { [name]: guarded });
  }
}
