import { longestTimer, Unanswered } from './connection.js';
import type { ErrorHandler } from './listeners.js';
import { type Command, commandsFromText, type Entry, Outbox } from './outbox.js';
import { BrigadeProblem, isAboutSessions, isPassing, isTokenProblem, type LocalCode, localProblem } from './problem.js';
import type { Storage } from './storage.js';
import { backoff, pause } from './sync.js';
import type { Ack, Meta, Problem } from './wire.js';

export interface SenderOptions {
  /** How long to wait for one answer before a command is sent again, in ms. */
  ackTimeoutMs: number;
  storage: Storage | undefined;
}

/** How a command ended. */
export type Result = { ok: true; data: unknown; replayed: boolean } | { ok: false; problem: Problem };

export interface SenderHandlers {
  request: (name: string, args: readonly unknown[], timeoutMs: number) => Promise<Ack>;
  isOnline: () => boolean;
  settled: (command: Command, result: Result, awaited: boolean) => void;
  /** The queue moved. */
  moved: () => void;
  error: ErrorHandler;
}

/** Sends the {@link Outbox}'s commands until each is answered or given up. */
export class Sender {
  readonly outbox = new Outbox();
  readonly #waiting = new Map<string, ((result: Result) => void)[]>();
  readonly #loaded: Promise<void>;
  #saving: Promise<void> = Promise.resolve();
  #wake: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly options: SenderOptions,
    private readonly handlers: SenderHandlers,
  ) {
    this.#loaded = this.#load();
  }

  /** Resolves with the command's result; a key that is already on its way shares that command's. */
  async send(command: Command, volatile: boolean): Promise<Result> {
    await this.#loaded;
    if (this.#closed) return { ok: false, problem: localProblem('closed') };
    const known = this.outbox.get(command.key)?.command;
    if (known !== undefined && !isSame(known, command)) return { ok: false, problem: localProblem('key_in_use') };
    const result = new Promise<Result>((resolve) => {
      this.#waiting.set(command.key, [...(this.#waiting.get(command.key) ?? []), resolve]);
    });
    if (known === undefined) {
      const entry = this.outbox.add(command, { online: this.handlers.isOnline(), volatile });
      this.handlers.moved();
      // Written down before it is sent: a reload right after must not forget the key.
      if (!volatile) await this.#save();
      if (entry.state === 'storing') entry.state = 'waiting';
      this.pump();
    }
    return result;
  }

  disconnected(): void {
    this.outbox.disconnected();
    this.handlers.moved();
  }

  /** Sends what may be sent now, gives up what is too old, and comes back when there is more to do. */
  pump(): void {
    if (this.#closed) return;
    const now = Date.now();
    for (const entry of this.outbox.expired(now)) {
      const code: LocalCode = entry.attempts === 0 ? 'expired' : 'outcome_unknown';
      this.#settle(entry, { ok: false, problem: localProblem(code) });
    }
    if (this.handlers.isOnline()) {
      for (const entry of this.outbox.next(now)) {
        this.#sendOne(entry).catch((error: unknown) => this.handlers.error(error, entry.command.name));
      }
    }
    clearTimeout(this.#wake);
    const wakeAt = this.outbox.wakeAt(now);
    if (wakeAt !== undefined)
      this.#wake = setTimeout(() => this.pump(), Math.min(longestTimer, Math.max(0, wakeAt - now)));
    this.handlers.moved();
  }

  /** What is stored stays stored, for the next client; whoever waits here is told so. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#wake);
    for (const [key, tell] of this.#waiting) {
      const stored = this.options.storage !== undefined && this.outbox.get(key)?.volatile === false;
      const detail = stored
        ? 'Stored; the next client with this storage sends it'
        : 'Not stored: it may have been carried out';
      for (const resolve of tell) resolve({ ok: false, problem: localProblem('closed', detail) });
    }
    this.#waiting.clear();
  }

  async #sendOne(entry: Entry): Promise<void> {
    const { name, input, key, expectedVersion, expiresAt } = entry.command;
    const meta: Meta = expectedVersion === undefined ? { key } : { key, expectedVersion };
    const timeoutMs = Math.max(1, Math.min(this.options.ackTimeoutMs, expiresAt - Date.now()));
    const attempt = entry.attempts;
    let ack: Ack | undefined;
    try {
      ack = await this.handlers.request(name, [input, meta], timeoutMs);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
    // Meanwhile it may have been settled or sent again; an answer is an answer, but a silence is an old attempt's.
    if (this.#closed || this.outbox.get(key) !== entry || (ack === undefined && entry.attempts !== attempt)) return;
    if (ack?.ok) this.#settle(entry, { ok: true, data: ack.data, replayed: ack.replayed === true });
    else if (ack === undefined) this.outbox.again(entry, 0);
    else if (shallRetry(name, ack.error)) this.outbox.again(entry, Date.now() + retryDelay(ack.error, entry.attempts));
    else this.#settle(entry, { ok: false, problem: ack.error });
    this.pump();
  }

  #settle(entry: Entry, result: Result): void {
    this.outbox.remove(entry);
    if (!entry.volatile) void this.#save();
    const tell = this.#waiting.get(entry.command.key) ?? [];
    this.#waiting.delete(entry.command.key);
    for (const resolve of tell) resolve(result);
    this.handlers.settled(entry.command, result, tell.length > 0);
  }

  async #load(): Promise<void> {
    try {
      const text = (await this.options.storage?.load()) ?? null;
      if (text !== null) this.outbox.restore(commandsFromText(text));
    } catch (error) {
      this.handlers.error(error, 'storage');
    }
    this.pump();
  }

  /** One after the other, each with the queue as it is when its turn comes. */
  #save(): Promise<void> {
    const { storage } = this.options;
    if (storage === undefined) return Promise.resolve();
    this.#saving = this.#saving.then(async () => {
      try {
        await storage.save(this.outbox.toText());
      } catch (error) {
        this.handlers.error(error, 'storage');
      }
    });
    return this.#saving;
  }
}

/** A query: no key, no queue; asked again until it is answered or its time is over. */
export async function ask(
  name: string,
  input: unknown,
  deadline: number,
  handlers: Pick<SenderHandlers, 'request' | 'isOnline'> & { whenOnline: (deadline: number) => Promise<void> },
): Promise<Result> {
  for (let attempts = 1; Date.now() < deadline; attempts += 1) {
    await handlers.whenOnline(deadline);
    let wait = 0;
    try {
      const ack = await handlers.request(name, [input, {}], Math.max(1, deadline - Date.now()));
      if (ack.ok) return { ok: true, data: ack.data, replayed: false };
      wait = retryDelay(ack.error, attempts);
      if (!shallRetry(name, ack.error) || Date.now() + wait >= deadline) return { ok: false, problem: ack.error };
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
    await pause(wait);
  }
  return { ok: false, problem: localProblem('timed_out_here') };
}

/** A PIN or password has no place in a tablet's storage. */
export function holdsSecret(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false;
  return Object.entries(input).some(
    ([field, value]) => /pin$|password|secret|token/i.test(field) || holdsSecret(value),
  );
}

export function dataOf(result: Result): unknown {
  if (result.ok) return result.data;
  throw new BrigadeProblem(result.problem);
}

function isSame(one: Command, other: Command): boolean {
  return one.name === other.name && JSON.stringify(one.input) === JSON.stringify(other.input);
}

/** A token problem passes too: the connection is about to be given a new token, or to end. */
function shallRetry(name: string, problem: Problem): boolean {
  return isPassing(problem) || (isTokenProblem(problem) && !isAboutSessions(name));
}

function retryDelay({ retryAfter }: Problem, attempts: number): number {
  // What the server asks for; a little more, for it asks it of everybody at the same moment.
  if (retryAfter !== undefined) return retryAfter * 1000 + Math.random() * 300;
  return backoff(Math.min(attempts - 1, 3));
}
