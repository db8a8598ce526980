import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from './config.variable.js';

/** Where counts are kept for all processes; without it each process counts by itself. */
export interface SharedCounts {
  /** An ioredis client. */
  readonly client: unknown;
  /** Begins every key. */
  readonly prefix: string;
  /** Redis did not answer in time; the process counts by itself for a second. */
  readonly onStall?: (error: unknown) => void;
}

/** What a count has left. */
export interface Left {
  remaining: number;
  /** Seconds until the window ends. */
  reset: number;
}

/** A count went over its rate. */
export class Exceeded extends Error {
  override readonly name = 'Exceeded';
  constructor(readonly reset: number) {
    super('Too many');
  }
}

/** An answer that takes longer is no answer, ms: a slow Redis must not make every order slow. */
const PATIENCE_MS = 50;
/** How long a Redis that did not answer is not asked again, ms. */
const STALL_MS = 1_000;

/** All counters of a process: they find out together that Redis does not answer. */
export class Counters {
  #stalledUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly shared?: SharedCounts) {}

  counter(name: string, rate: Rate): Counter {
    const { points, seconds: duration } = rate;
    const memory = new RateLimiterMemory({ keyPrefix: name, points, duration });
    if (this.shared === undefined) return new Counter(rate, (work) => work(memory));
    const { client: storeClient, prefix } = this.shared;
    const keyPrefix = `${prefix}:rate:${name}`;
    const redis = new RateLimiterRedis({ storeClient, keyPrefix, points, duration, rejectIfRedisNotReady: true });
    return new Counter(rate, (work) => this.#insured(redis, memory, work));
  }

  /** Redis' answer if it comes at once, else the memory's: limits then hold per process, and nobody waits. */
  async #insured<T>(
    redis: RateLimiterRedis,
    memory: RateLimiterMemory,
    work: (limiter: Limiter) => Promise<T>,
  ): Promise<T> {
    if (performance.now() < this.#stalledUntil) return work(memory);
    try {
      return await inTime(work(redis));
    } catch (error) {
      if (error instanceof RateLimiterRes) throw error;
      this.#stalledUntil = performance.now() + STALL_MS;
      this.shared?.onStall?.(error);
      return work(memory);
    }
  }
}

type Limiter = Pick<RateLimiterMemory, 'consume' | 'reward' | 'penalty' | 'block' | 'get'>;
type Run = <T>(work: (limiter: Limiter) => Promise<T>) => Promise<T>;

/** Counts how often each key came within a window. */
export class Counter {
  constructor(
    readonly rate: Rate,
    private readonly run: Run,
  ) {}

  /** Counts one. @throws Exceeded */
  take(key: string): Promise<Left> {
    return this.run((limiter) => limiter.consume(key)).then(leftOf, (refused: unknown) => {
      throw refused instanceof RateLimiterRes ? new Exceeded(secondsOf(refused)) : refused;
    });
  }

  /** Whether there is one left; counts nothing. @throws Exceeded */
  async check(key: string): Promise<void> {
    const found = await this.run((limiter) => limiter.get(key));
    if (found !== null && found.consumedPoints >= this.rate.points) throw new Exceeded(secondsOf(found));
  }

  /** Counts one, however many there are; answers how many. */
  async add(key: string): Promise<number> {
    return (await this.run((limiter) => limiter.penalty(key))).consumedPoints;
  }

  /** Has none left from now on for so many seconds. */
  async block(key: string, seconds: number): Promise<void> {
    await this.run((limiter) => limiter.block(key, seconds));
  }

  /** Takes one count back. Nobody waits for it. */
  giveBack(key: string): void {
    this.run((limiter) => limiter.reward(key)).catch(() => undefined);
  }
}

const secondsOf = ({ msBeforeNext }: RateLimiterRes): number => Math.max(1, Math.ceil(msBeforeNext / 1000));

const leftOf = (res: RateLimiterRes): Left => ({ remaining: Math.max(0, res.remainingPoints), reset: secondsOf(res) });

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
