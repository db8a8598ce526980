import { Unanswered } from './connection.js';
import type { ErrorHandler } from './listeners.js';
import { BrigadeProblem, isPassing } from './problem.js';
import { type Action, type ResetReason, Stream } from './stream.js';
import type { Ack, Envelope, Heads, LiveRules, Page, Snapshot } from './wire.js';

export interface SyncOptions {
  /** After a reconnect or reset, a client waits up to this long, at random, before it asks; in ms. */
  catchUpJitterMs: number;
  /** An event that others overtook on the way gets this long to arrive before it is asked for; in ms. */
  gapGraceMs: number;
  requestTimeoutMs: number;
}

export interface SyncHandlers {
  request: (name: string, args: readonly unknown[], timeoutMs: number) => Promise<Ack>;
  apply: (envelope: Envelope) => void;
  load: (snapshot: Snapshot, reset?: ResetReason) => void;
  /** Which things are live, as the server says with a snapshot and with every page. */
  rules: (live: LiveRules | undefined) => void;
  /** The server has said how things stand; `everyMs`: how often it does so by itself. */
  confirmed: (everyMs?: unknown) => void;
  /** Phase, position or head moved. */
  moved: () => void;
  error: ErrorHandler;
}

type Question = Extract<Action, { kind: 'ask-snapshot' | 'ask-since' }>;

/** Carries out what the {@link Stream} decides: asks the server, and hands events and snapshots on. */
export class Sync {
  readonly stream = new Stream();

  constructor(
    private readonly options: SyncOptions,
    private readonly handlers: SyncHandlers,
  ) {}

  connected(): void {
    this.#do(this.stream.step({ kind: 'connected' }));
  }

  disconnected(): void {
    this.#do(this.stream.step({ kind: 'disconnected' }));
  }

  message(name: string, argument: unknown): void {
    if (name === 'sync:head') {
      const heads = argument as Heads;
      this.handlers.confirmed(heads.everyMs);
      this.#do(this.stream.step({ kind: 'heads', heads }));
    } else if (isEnvelope(argument)) {
      this.handlers.confirmed();
      this.#do(this.stream.step({ kind: 'envelope', envelope: argument }));
    }
  }

  /** Asks whether anything was missed, when nothing was heard for a while. */
  async probe(timeoutMs: number): Promise<void> {
    const { stream } = this;
    if (stream.phase !== 'live') return;
    let ack: Ack;
    try {
      const where = { epoch: stream.epoch, seq: stream.position, limit: 1 };
      ack = await this.handlers.request('sync:since', [where, {}], timeoutMs);
    } catch (error) {
      if (error instanceof Unanswered) return;
      throw error;
    }
    if (!ack.ok || stream.phase !== 'live') return;
    const page = ack.data as Page;
    const isComplete = !page.reset && page.epoch === stream.epoch && page.events.length === 0 && !page.more;
    if (isComplete) this.handlers.confirmed();
    this.#do(isComplete ? [] : stream.step({ kind: 'doubted' }));
  }

  #do(actions: readonly Action[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case 'apply':
          this.handlers.apply(action.envelope);
          break;
        case 'load':
          this.handlers.load(action.snapshot, action.reset);
          break;
        case 'ask-snapshot':
        case 'ask-since':
          this.#ask(action).catch((error: unknown) => this.handlers.error(error, 'synchronizing'));
          break;
        default:
          action satisfies never;
      }
    }
    this.handlers.moved();
  }

  /** Until it is answered, or another question took its place. */
  async #ask(question: Question): Promise<void> {
    await pause(this.#delay(question));
    for (let failures = 0; this.stream.turn === question.turn; failures += 1) {
      const wait = await this.#askOnce(question, failures);
      if (wait === undefined) return;
      await pause(wait);
    }
  }

  /** @returns after how many ms to ask again; undefined: answered */
  async #askOnce(question: Question, failures: number): Promise<number | undefined> {
    const since = question.kind === 'ask-since';
    const name = since ? 'sync:since' : 'sync:snapshot';
    const input = since ? { epoch: question.epoch, seq: question.seq } : {};
    let ack: Ack;
    try {
      ack = await this.handlers.request(name, [input, {}], this.options.requestTimeoutMs);
    } catch (error) {
      if (error instanceof Unanswered) return backoff(failures);
      throw error;
    }
    const { turn } = question;
    if (ack.ok) {
      this.handlers.confirmed();
      if (this.stream.turn === turn) this.handlers.rules((ack.data as { live?: LiveRules }).live);
      if (since) this.#do(this.stream.step({ kind: 'page', turn, page: ack.data as Page }));
      else this.#do(this.stream.step({ kind: 'snapshot', turn, snapshot: ack.data as Snapshot }));
      return undefined;
    }
    if (isPassing(ack.error)) return backoff(failures) + (ack.error.retryAfter ?? 0) * 1000;
    this.handlers.error(new BrigadeProblem(ack.error), name);
    // A server that stumbles (500) may well find my position later; one that refuses it (400) will not.
    if (!since || ack.error.status >= 500) return backoff(failures);
    this.#do(this.stream.step({ kind: 'refused', turn }));
    return undefined;
  }

  #delay(question: Question): number {
    if (question.why === 'start') return 0;
    if (question.kind === 'ask-snapshot' || question.why === 'reconnect')
      return Math.random() * this.options.catchUpJitterMs;
    if (question.attempt > 0) return backoff(question.attempt);
    return question.why === 'gap' ? this.options.gapGraceMs : 0;
  }
}

/** 0.2 s, doubling to 10 s, half of it at random. */
export function backoff(failures: number): number {
  return Math.min(10_000, 200 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

export function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

function isEnvelope(value: unknown): value is Envelope {
  return typeof value === 'object' && value !== null && 'seq' in value && 'prev' in value && 'epoch' in value;
}
