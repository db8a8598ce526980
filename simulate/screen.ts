import {
  type BrigadeClient,
  BrigadeProblem,
  type Credentials,
  connect,
  logIn,
  type Operations,
  type Session,
} from '@brigade/client';
import { Ledger } from './ledger.js';
import { Line } from './line.js';
import type { Tally } from './tally.js';
import { waiting } from './waits.js';

type Name = keyof Operations;
type Input<N extends Name> = Operations[N]['input'];
type Output<N extends Name> = Operations[N]['output'];

/** A tablet or screen in somebody's hand: its client, its line, and the ledger of what it saw. */
export class Screen {
  readonly ledger = new Ledger();
  readonly #checks = new Set<() => void>();
  #closed = false;

  private constructor(
    readonly name: string,
    readonly client: BrigadeClient,
    readonly session: Session,
    readonly line: Line,
    private readonly tally: Tally,
  ) {
    client.onAny((envelope) => {
      this.ledger.record(envelope);
      if (envelope.restaurantId !== session.restaurantId)
        tally.unexpected.push(`${name}: ${envelope.name} of restaurant ${envelope.restaurantId}`);
      this.#look();
    });
    client.onOutcome(({ ok, command }) => {
      if (ok) tally.answered({ author: session.user.id, key: command.key, name: command.name });
    });
    client.onStatus((status) => {
      const { endedBy } = client;
      if (status === 'ended' && !this.#closed)
        tally.unexpected.push(`${name} ended: ${endedBy?.code} ${endedBy?.detail}`);
      this.#look();
    });
    client.onReset(() => {
      this.ledger.resets += 1;
      this.#look();
    });
  }

  static async open(name: string, url: string, credentials: Credentials, tally: Tally): Promise<Screen> {
    const session = await logIn(url, credentials);
    const line = await Line.to(url);
    const client = connect({
      url: line.url,
      token: session.token,
      transports: ['websocket'],
      reconnectMinMs: 100,
      reconnectMaxMs: 1_000,
      catchUpJitterMs: 100,
      onError: (error, where) => {
        // Without a line or a server a token cannot be renewed; it is tried again.
        if (where !== 'token' && where !== 'token renewal')
          tally.unexpected.push(`${name}, ${where}: ${String(error)}`);
      },
    });
    const screen = new Screen(name, client, session, line, tally);
    await waiting(`${name} to have its first snapshot`, client.ready);
    return screen;
  }

  get userId(): string {
    return this.session.user.id;
  }

  get state(): BrigadeClient['state'] {
    return this.client.state;
  }

  /** Sends a command and answers its output, or undefined when it was refused (which the tally judges). */
  async attempt<N extends Name>(name: N, input: Input<N>): Promise<Output<N> | undefined> {
    const started = performance.now();
    try {
      const output = await waiting(`${this.name}: the answer to ${name}`, this.client.send(name, input));
      this.tally.took(performance.now() - started);
      return output;
    } catch (error) {
      if (!(error instanceof BrigadeProblem)) throw error;
      this.tally.took(performance.now() - started);
      this.tally.refusal(`${this.name}, ${name}`, error.code, error.message);
      return undefined;
    }
  }

  /** A query; how long it takes is not counted. */
  ask<N extends Name>(name: N, input: Input<N>): Promise<Output<N>> {
    return waiting(`${this.name}: the answer to ${name}`, this.client.send(name, input));
  }

  /** Until the live replica shows it: looked at again after every event. */
  until<T>(what: string, look: () => T | undefined | false | null): Promise<T> {
    const found = new Promise<T>((resolve) => {
      const check = () => {
        const value = look();
        if (value === undefined || value === false || value === null) return;
        this.#checks.delete(check);
        resolve(value);
      };
      this.#checks.add(check);
      check();
    });
    return waiting(`${this.name}: ${what}`, found);
  }

  /** For when a simulation hangs. */
  describe(): string {
    const { status, upToDate, position, pending } = this.client;
    const waiting = pending.map(({ name, state, attempts }) => `${name} ${state} ${attempts}x`).join(', ') || 'nothing';
    return `${this.name}: ${status}, ${upToDate ? '' : 'not '}up to date at ${position}; on its way: ${waiting}`;
  }

  close(): void {
    this.#closed = true;
    this.client.close();
    this.line.close();
  }

  #look(): void {
    for (const check of [...this.#checks]) check();
  }
}
