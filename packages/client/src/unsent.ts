import type { Ack } from './wire.js';

/** What the server is told of commands that could not be handed over. */
export interface Unsent {
  count: number;
  /** Age of the oldest, in ms: clocks differ, spans do not. */
  ageMs: number;
}

/** Tells the server how many commands wait here, when that changes; it hears of the first with the handshake. */
export class UnsentTeller {
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly unsent: () => Unsent,
    private readonly request: (name: string, args: readonly unknown[], timeoutMs: number) => Promise<Ack>,
    private readonly isOnline: () => boolean,
  ) {}

  /** For the handshake; undefined when there is nothing to tell. */
  atHandshake(): Unsent | undefined {
    const unsent = this.unsent();
    this.#told = unsent.count;
    return unsent.count > 0 ? unsent : undefined;
  }

  moved(): void {
    if (this.#timer !== undefined || !this.isOnline() || this.unsent().count === this.#told) return;
    this.#timer = setTimeout(() => this.#tell(), PAUSE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const unsent = this.unsent();
    if (!this.isOnline() || unsent.count === this.#told) return;
    this.#told = unsent.count;
    // Not answered: the connection is gone, and the next handshake tells.
    this.request('session:unsent', [unsent, {}], ANSWER_MS).catch(() => undefined);
  }
}

/** A backlog drains in steps; one word after it is enough. */
const PAUSE_MS = 500;
const ANSWER_MS = 10_000;
