export interface PulseOptions {
  /** After this long without a word from the server the client is not up to date; after twice as long it connects anew. In ms. */
  silenceMs: number;
}

export interface PulseHandlers {
  /** Asks the server whether anything was missed. */
  ask: (timeoutMs: number) => void;
  /** The line is dead, though nobody has said so. */
  dead: () => void;
  /** Fresh or not may have changed. */
  moved: () => void;
}

/** Heads that may be missed. */
const MISSED = 3;
/** A jump of the wall clock against the steady one, ms: the device slept (or its clock was set). */
const JUMP_MS = 2_000;

/**
 * Silence is not health: Wi-Fi goes without a word, a tablet sleeps, and Socket.IO's own heartbeat takes the better part
 * of a minute. The server tells its heads every two seconds; who misses three of them does not know any more.
 */
export class Pulse {
  /** The last message, answer or ping. */
  #heardAt = 0;
  /** The last word on what there is: a head, an event, an answer of the journal. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #everyMs = 0;
  #lookedAt = 0;
  #askedAt = 0;
  #drift = 0;
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: PulseOptions,
    private readonly handlers: PulseHandlers,
  ) {}

  get isFresh(): boolean {
    return performance.now() - this.#confirmedAt < this.#patienceMs;
  }

  connected(): void {
    const now = performance.now();
    this.#heardAt = now;
    this.#confirmedAt = now;
    this.#lookedAt = now;
    this.#drift = Date.now() - now;
    this.#look();
  }

  disconnected(): void {
    clearTimeout(this.#looking);
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  /** `everyMs`: how often the server tells its heads; older ones do not say, and tell them only when they move. */
  confirmed(everyMs?: unknown): void {
    this.heard();
    this.#confirmedAt = this.#heardAt;
    if (typeof everyMs === 'number') this.#everyMs = everyMs;
  }

  get #patienceMs(): number {
    return Math.max(this.options.silenceMs, MISSED * this.#everyMs);
  }

  #look(): void {
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => this.#look(), this.#patienceMs / 8);
    const now = performance.now();
    const patience = this.#patienceMs;
    if (this.#hasSlept(now)) {
      // What came meanwhile may still wait to be read: ask, and wait as long again before giving the line up.
      this.#confirmedAt = Math.min(this.#confirmedAt, now - patience);
      this.#heardAt = Math.max(this.#heardAt, now - patience);
    }
    this.#lookedAt = now;
    if (now - this.#heardAt > 2 * patience) this.handlers.dead();
    else if (now - this.#confirmedAt > 0.75 * patience && now - this.#askedAt > patience / 2) {
      this.#askedAt = now;
      this.handlers.ask(patience);
    }
    this.handlers.moved();
  }

  #hasSlept(now: number): boolean {
    const drift = Date.now() - now;
    const jumped = Math.abs(drift - this.#drift) > JUMP_MS;
    this.#drift = drift;
    return jumped || now - this.#lookedAt > this.#patienceMs;
  }
}
