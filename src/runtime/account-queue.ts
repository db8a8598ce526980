import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../kernel/errors.js';

/** Right log-ins that one account may have at once, and ms between further ones: each is a password hash and a session. */
const BURST = 10;
const INTERVAL_MS = 250;
/** Log-ins of one account at a time, those that wait included: no person types faster. */
const MOST_INSIDE = 2;
/** How long one too many is kept before it is refused, and how many of them. */
const HELD_MS = 1_000;
const MOST_HELD = 20;

interface Account {
  last: Promise<void>;
  inside: number;
  held: number;
  /** When it may have {@link BURST} right log-ins at once again, by `performance.now()`. */
  restedAt: number;
}

/** Ends one's turn. */
export type Leave = (succeeded: boolean) => void;

/**
 * The log-ins of one account, one at a time, so that a hundred at once cannot all be tried before the first of them has
 * counted; and paced, for whoever knows the password could else keep every core busy. A script that logs in sixty times
 * is served, a little slower from the eleventh on.
 */
export class AccountQueue {
  readonly #accounts = new Map<string, Account>();

  /** Waits for its turn. @throws rate_limited when another waits already */
  async enter(id: string): Promise<Leave> {
    const account = this.#accounts.get(id) ?? { last: Promise.resolve(), inside: 0, held: 0, restedAt: 0 };
    if (account.inside >= MOST_INSIDE) return this.#refuse(account);
    this.#accounts.set(id, account);
    account.inside += 1;
    const before = account.last;
    let done: () => void = () => undefined;
    account.last = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    const early = account.restedAt - BURST * INTERVAL_MS - performance.now();
    if (early > 0) await sleep(early);
    return (succeeded) => {
      if (succeeded) account.restedAt = Math.max(performance.now(), account.restedAt) + INTERVAL_MS;
      account.inside -= 1;
      done();
      this.#forget(id, account);
    };
  }

  /** Not at once, or whoever asks without a pause would be refused a thousand times a second. */
  async #refuse(account: Account): Promise<never> {
    if (account.held < MOST_HELD) {
      account.held += 1;
      await sleep(HELD_MS);
      account.held -= 1;
    }
    throw fail('rate_limited', 'Too many log-ins of this account at once', { retryAfter: 1 });
  }

  #forget(id: string, account: Account): void {
    if (account.inside > 0) return;
    const left = account.restedAt - performance.now();
    if (left <= 0) this.#accounts.delete(id);
    else setTimeout(() => this.#forget(id, account), left + 1).unref();
  }
}
