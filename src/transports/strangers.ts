export interface StrangersOptions {
  /** How many of one network may be here at once; one more, and the one that has been here longest goes. */
  perNetwork: number;
  /** The same for all together; then one of the network that has the most goes. */
  inAll: number;
  /** How long one may stay unknown, ms. */
  patienceMs: number;
  /** Told of each that was sent away, and why. */
  onSentAway?: (why: 'network' | 'all' | 'late') => void;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

interface Stranger {
  readonly since: number;
  readonly sendAway: () => void;
}

/**
 * Connections of whom nothing is known yet. Who they are shows in what they do in their first second, so newcomers are
 * let in and the oldest pays: a flood of strangers pushes out strangers, and a storm of tablets passes through.
 */
export class Strangers {
  readonly #networks = new Map<string, Set<Stranger>>();
  readonly #now: () => number;
  #count = 0;

  constructor(private readonly options: StrangersOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  get count(): number {
    return this.#count;
  }

  /** Lets one in. `sendAway` is called at most once; the answer is to be called when it is known, or gone by itself. */
  arrive(network: string, sendAway: () => void): () => void {
    const stranger: Stranger = { since: this.#now(), sendAway };
    const group = this.#networks.get(network) ?? new Set();
    this.#networks.set(network, group.add(stranger));
    this.#count += 1;
    const leave = () => this.#leave(network, stranger);
    if (group.size > this.options.perNetwork) this.#sendOldestAway(network, 'network');
    if (this.#count > this.options.inAll) this.#sendOldestAway(this.#largest(), 'all');
    return leave;
  }

  /** Sends away who has stayed too long. */
  sweep(): void {
    const oldest = this.#now() - this.options.patienceMs;
    for (const [network, group] of this.#networks) {
      for (const { since } of group) {
        if (since > oldest) break;
        this.#sendOldestAway(network, 'late');
      }
    }
  }

  #sendOldestAway(network: string, why: 'network' | 'all' | 'late'): void {
    for (const stranger of this.#networks.get(network) ?? []) {
      this.#leave(network, stranger);
      this.options.onSentAway?.(why);
      stranger.sendAway();
      return;
    }
  }

  #leave(network: string, stranger: Stranger): void {
    const group = this.#networks.get(network);
    if (group?.delete(stranger) !== true) return;
    this.#count -= 1;
    if (group.size === 0) this.#networks.delete(network);
  }

  #largest(): string {
    let found = '';
    let most = 0;
    for (const [network, { size }] of this.#networks) {
      if (size > most) [found, most] = [network, size];
    }
    return found;
  }
}
