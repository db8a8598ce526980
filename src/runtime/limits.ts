import type { Actor } from '../kernel/context.js';
import { BrigadeError, fail } from '../kernel/errors.js';
import { type LimitClass, limitClasses, type SeldomLimit } from '../kernel/operation.js';
import type { Role } from '../kernel/permissions.js';
import { type Plan, planNames } from '../kernel/plan.js';
import { type Factors, Rate } from '../platform/config.variable.js';
import { type Counter, Counters, Exceeded, type Left, type SharedCounts } from '../platform/counters.js';

/** Set by the operator: the classes of operations, a restaurant as a whole, and by address: no session, failed log-ins. */
type SetLimit = LimitClass | Exclude<SeldomLimit, 'own-pin'> | 'restaurant' | 'anonymous' | 'address';
export type LimitName = SetLimit | 'account' | 'own-pin';

export type LimitRates = Readonly<Record<SetLimit, Rate>> & {
  /** By how much a plan multiplies the limits of people and restaurants. */
  readonly plans: Factors<Plan>;
  /** Whose operations are not counted. */
  readonly exempt: readonly Role[];
};

/** What is left of a limit, for the RateLimit headers. */
export interface LimitState extends Left {
  name: LimitName;
  rate: Rate;
}

/** The limits that one request counts against; filled as it is counted, whether or not it succeeds. */
export type LimitStates = LimitState[];

/** Per person once logged in, and per restaurant, by its plan; per address before. */
const BY_PLAN: readonly SetLimit[] = [...limitClasses.filter((name) => name !== 'auth'), 'restaurant'];
const ALIKE = ['auth', 'anonymous', 'address', 'pins', 'emails'] as const;
type Alike = (typeof ALIKE)[number] | 'own-pin';

/**
 * PINs that one person sets for themselves. Few: whether a PIN just set logs in alone tells whether somebody else has it.
 */
const OWN_PINS = new Rate(20, 24 * 3600);
/** Failed log-ins of one account, wherever they come from, are remembered for so long, seconds. */
const ACCOUNT_SECONDS = 6 * 3600;
/** Longest wait between two tries of an account that many have tried, seconds: a delay, for a lock would be theirs to turn. */
const LONGEST_WAIT = 300;

export class Limits {
  readonly #counters = new Map<string, Counter>();

  constructor(
    private readonly rates: LimitRates,
    shared?: SharedCounts,
  ) {
    const counters = new Counters(shared);
    for (const name of ALIKE) this.#counters.set(name, counters.counter(name, rates[name]));
    this.#counters.set('own-pin', counters.counter('own-pin', OWN_PINS));
    // Twice what one address may try; then each failure makes everybody who is not known there wait twice as long.
    const account = new Rate(2 * rates.auth.points, ACCOUNT_SECONDS);
    for (const name of ['account', 'account wait']) this.#counters.set(name, counters.counter(name, account));
    for (const plan of planNames) {
      for (const name of BY_PLAN) {
        const { points, seconds } = rates[name];
        const rate = new Rate(Math.max(1, Math.round(points * rates.plans.of(plan))), seconds);
        this.#counters.set(`${name} ${plan}`, counters.counter(name, rate));
      }
    }
  }

  /** Counts one operation of somebody logged in: against their own limit and their restaurant's. @throws rate_limited */
  async takeFor(actor: Actor, name: LimitClass, states: LimitStates): Promise<void> {
    if (name === 'auth') return this.take('auth', actor.userId, states);
    const { userId, restaurantId, role, plan = 'standard' } = actor;
    if (this.rates.exempt.includes(role)) return;
    await this.#take(name, `${name} ${plan}`, userId, states);
    await this.#take('restaurant', `restaurant ${plan}`, restaurantId, states);
  }

  /** Counts one. @throws rate_limited with `retryAfter` */
  take(name: Alike, who: string, states: LimitStates): Promise<void> {
    return this.#take(name, name, who, states);
  }

  /** Whether another failure would still be borne; counts nothing. @throws rate_limited with `retryAfter` */
  check(name: Alike, who: string, states: LimitStates): Promise<void> {
    return this.#check(name, name, who, states);
  }

  /** Whether somebody not known there may try this account now. @throws rate_limited with `retryAfter` */
  checkAccount(account: string, states: LimitStates): Promise<void> {
    return this.#check('account', 'account wait', account, states);
  }

  /** Counts a failed log-in; many of them make the next one wait: 1 s, 2 s, 4 s, and so on. */
  async failedAccount(account: string): Promise<void> {
    const failures = this.#counter('account');
    const over = (await failures.add(account)) - failures.rate.points;
    if (over < 0) return;
    await this.#counter('account wait').block(account, Math.min(LONGEST_WAIT, 2 ** over));
  }

  /** Gives one back: the attempt succeeded, and only failures are to count. */
  giveBack(name: Alike, who: string): void {
    this.#counter(name).giveBack(who);
  }

  /**
   * Counts a request whose token was refused. A token that has merely expired was ours: whoever holds it renews it, and
   * three hundred tablets behind one address do so at once. One of an ended session counts by itself.
   * @throws rate_limited with `retryAfter`, or the refusal itself
   */
  async refused(error: unknown, address: string, token: string, states: LimitStates): Promise<never> {
    const code = error instanceof BrigadeError ? error.code : undefined;
    const who = networkOf(address);
    if (code === 'session_ended') await this.take('anonymous', `${who} ${token.slice(-24)}`, states);
    if (code === 'token_invalid' || code === 'unauthenticated') await this.take('anonymous', who, states);
    throw error;
  }

  async #check(name: LimitName, counterName: string, who: string, states: LimitStates): Promise<void> {
    const counter = this.#counter(counterName);
    await counter.check(who).catch((error: unknown) => refuse(name, counter.rate, error, states));
  }

  async #take(name: LimitName, counterName: string, who: string, states: LimitStates): Promise<void> {
    const counter = this.#counter(counterName);
    const left = await counter.take(who).catch((error: unknown) => refuse(name, counter.rate, error, states));
    states.push({ name, rate: counter.rate, ...left });
  }

  #counter(name: string): Counter {
    const counter = this.#counters.get(name);
    if (counter === undefined) throw new Error(`There is no limit ${name}`);
    return counter;
  }
}

function refuse(name: LimitName, rate: Rate, error: unknown, states: LimitStates): never {
  if (!(error instanceof Exceeded)) throw error;
  const { reset: retryAfter } = error;
  states.push({ name, rate, remaining: 0, reset: retryAfter });
  throw fail('rate_limited', `Too many requests (limit "${name}"); try again in ${retryAfter} s`, { retryAfter });
}

/** An IPv4 address as it is; of an IPv6 address its network (/64), for a household has that many addresses. */
export function networkOf(address: string): string {
  const [, v4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (v4 !== undefined || !address.includes(':')) return v4 ?? address;
  const [left = '', right] = address.replace(/%.*$/, '').split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const [before, after] = [groups(left), groups(right ?? '')];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const all = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
  return `${all.slice(0, 4).join(':')}::/64`;
}
