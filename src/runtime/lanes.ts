import { Lane, type LaneHooks } from './lane.js';

/**
 * All lanes of this process. A restaurant's lane idle for ten minutes is let go, an account's, which remembers nothing,
 * after seconds; the next command opens it again.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #sweep: NodeJS.Timeout;

  constructor(private readonly hooks: LaneHooks) {
    this.#sweep = setInterval(() => this.#letGo(), SWEEP_MS);
    this.#sweep.unref();
  }

  /** The lane of a restaurant, or with `account` that of one account in it. */
  of(restaurantId: string, account?: string): Lane {
    const id = account === undefined ? restaurantId : `account:${account}`;
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      lane = new Lane(id, restaurantId, account === undefined, this.hooks);
      this.#lanes.set(id, lane);
    }
    return lane;
  }

  /** Commands waiting in all lanes. */
  get waiting(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) sum += lane.length;
    return sum;
  }

  stop(): void {
    clearInterval(this.#sweep);
  }

  #letGo(): void {
    const now = performance.now();
    for (const [id, lane] of this.#lanes) {
      const patience = lane.id === lane.restaurantId ? IDLE_MS : SWEEP_MS;
      if (lane.isIdle && now - lane.idleSince > patience) this.#lanes.delete(id);
    }
  }
}

const IDLE_MS = 600_000;
const SWEEP_MS = 15_000;
