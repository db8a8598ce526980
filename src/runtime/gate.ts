import { fail } from '../kernel/errors.js';
import type { Call, Execute } from './execute.js';

/** Commands under way that are always taken: a burst of tablets coming back, or a server that has just woken up. */
const ALWAYS = 400;
/** A command taken now may expect its answer within this time, ms. */
const PATIENCE_MS = 1_000;
/** One restaurant may have this share of what is taken: its rush must not shut out the others. */
const RESTAURANT_SHARE = 0.5;
/** With so many commands under way, what somebody sent who has left since is not begun; with fewer it costs nobody. */
const BUSY = 50;

/**
 * The door before every operation. A new command waits about as long as those under way take to be finished (Little's law),
 * so it is taken while no more are under way than the server has finished in the last second; the rest is refused at
 * once, before anything is spent on it, and told when to come back. So a flood costs little and what is taken is
 * answered soon, however fast or slow the machine is. It also counts what runs, for a stop to wait for.
 */
export class Gate {
  #running = 0;
  #commands = 0;
  /** By restaurant; what nobody's restaurant has anything to do with (log-ins, sign-ups) by operation. */
  readonly #byWhom = new Map<string, number>();
  /** Commands finished in this second and the one before. */
  #finished = 0;
  #finishedBefore = 0;
  #since = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(
    private readonly inner: Execute,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws overloaded, stopping, and what the operation throws */
  readonly execute: Execute = async (call) => {
    if (this.#closed) throw fail('stopping', 'The server is stopping; try again in a moment', { retryAfter: 2 });
    const isCommand = call.operation.kind === 'command';
    if (isCommand) this.#take(call);
    this.#running += 1;
    try {
      return await this.inner(call);
    } finally {
      this.#running -= 1;
      if (isCommand) this.#done(call);
      if (this.#running === 0) this.#drained?.();
    }
  };

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Refuses everything from now on, and waits until what runs has ended, at most `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.#closed = true;
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      setTimeout(resolve, limitMs).unref();
    });
  }

  #take(call: Call): void {
    const most = this.#most();
    const whom = bucketOf(call);
    const own = this.#byWhom.get(whom) ?? 0;
    if (this.#commands >= BUSY && call.hasLeft?.() === true) throw overloaded('The caller left before its turn');
    if (this.#commands >= most) throw overloaded('The server has too much to do right now');
    if (own >= most * RESTAURANT_SHARE) {
      const isPublic = call.actor.restaurantId === '';
      throw overloaded(
        isPublic ? `Too many at once want ${call.operation.name}` : 'This restaurant has too many commands waiting',
      );
    }
    this.#commands += 1;
    this.#byWhom.set(whom, own + 1);
  }

  #done(call: Call): void {
    this.#turn();
    this.#finished += 1;
    this.#commands -= 1;
    const whom = bucketOf(call);
    const own = (this.#byWhom.get(whom) ?? 0) - 1;
    if (own > 0) this.#byWhom.set(whom, own);
    else this.#byWhom.delete(whom);
  }

  #most(): number {
    this.#turn();
    return Math.max(ALWAYS, this.#finished, this.#finishedBefore);
  }

  #turn(): void {
    const passed = this.now() - this.#since;
    if (passed < PATIENCE_MS) return;
    this.#finishedBefore = passed < 2 * PATIENCE_MS ? this.#finished : 0;
    this.#finished = 0;
    this.#since += passed;
  }
}

const bucketOf = ({ actor, operation }: Call): string => actor.restaurantId || operation.name;

/** Those refused together are not to come back together. */
function overloaded(detail: string): Error {
  return fail('overloaded', detail, { retryAfter: 1 + Math.floor(Math.random() * 3) });
}
