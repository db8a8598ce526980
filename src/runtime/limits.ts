import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { fail } from '../kernel/errors.js';
import type { LimitClass } from '../kernel/operation.js';

export interface LimitRule {
  points: number;
  /** Window, seconds. */
  seconds: number;
}
/** The classes of operations, callers without a session by address, and attempts on one account or device. */
export type LimitName = LimitClass | 'public' | 'account';

export type LimitRules = Readonly<Record<LimitName, LimitRule>>;

/** What is left of a limit, for the RateLimit headers. */
export interface LimitState {
  name: string;
  rule: LimitRule;
  remaining: number;
  /** Seconds until the window ends. */
  reset: number;
}

/** Rate limits by class: per person once logged in, per address before. */
export class Limits {
  readonly #limiters = new Map<string, RateLimiterMemory>();

  constructor(private readonly rules: LimitRules) {
    for (const [name, { points, seconds }] of Object.entries(rules)) {
      this.#limiters.set(name, new RateLimiterMemory({ keyPrefix: name, points, duration: seconds }));
    }
  }

  /** Takes one point. @throws rate_limited with `retryAfter` */
  async take(name: LimitName, who: string): Promise<LimitState> {
    const rule = this.rules[name];
    try {
      const left = await this.#limiters.get(name)?.consume(who);
      return {
        name,
        rule,
        remaining: left?.remainingPoints ?? rule.points,
        reset: Math.ceil((left?.msBeforeNext ?? 0) / 1000),
      };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const retryAfter = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
      throw fail('rate_limited', `Too many ${name} requests; try again in ${retryAfter} s`, { retryAfter });
    }
  }

  /** Gives a point back: the attempt succeeded, and only failures are to count. */
  giveBack(name: LimitName, who: string): void {
    void this.#limiters.get(name)?.reward(who);
  }
}
