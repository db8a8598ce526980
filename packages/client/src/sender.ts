import type { ServerTime } from './age.js';
import { submission, type Verdict, verdicts } from './batch.js';
import { longestTimer, Unanswered } from './connection.js';
import { Keeper, keepOut, type Refused } from './keeper.js';
import type { ErrorHandler } from './listeners.js';
import { type Command, type Entry, givenUpAt, Outbox, sizeOf } from './outbox.js';
import { isPassing, type LocalCode, localProblem } from './problem.js';
import type { Result } from './result.js';
import { retryDelay, shallRetry } from './retry.js';
import type { Storage } from './storage.js';
import { pause } from './sync.js';
import type { Unsent } from './unsent.js';
import type { Ack, Meta, Problem } from './wire.js';

export interface SenderOptions {
  /** How long to wait for one answer before a command is sent again, in ms. */
  ackTimeoutMs: number;
  storage: Storage | undefined;
}

export interface SenderHandlers {
  request: (name: string, args: readonly unknown[], timeoutMs: number) => Promise<Ack>;
  isOnline: () => boolean;
  settled: (command: Command, result: Result, awaited: boolean) => void;
  /** The list of refused commands changed. */
  refused: () => void;
  /** The server says that what is queued here belongs to somebody else. */
  notMine: (problem: Problem) => void;
  /** The queue moved. */
  moved: () => void;
  error: ErrorHandler;
}

/** Half of what the server takes in one batch. */
const LARGEST_BATCH = { commands: 50, bytes: 262_144 };
/** A larger message would end the connection, again and again; the server refuses smaller ones in words. */
const MAX_COMMAND_BYTES = 4_000_000;

/** More the server does not take for an age. */
const YEAR_MS = 31_536_000_000;

const STORAGE_PATIENCE_MS = 2_000;

/** Sends the {@link Outbox}'s commands until each is answered or given up. */
export class Sender {
  readonly outbox = new Outbox();
  readonly #keeper: Keeper;
  readonly #waiting = new Map<string, ((result: Result) => void)[]>();
  #batch = LARGEST_BATCH;
  #wake: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly options: SenderOptions,
    private readonly serverTime: ServerTime,
    private readonly handlers: SenderHandlers,
  ) {
    this.#keeper = new Keeper(options.storage, this.outbox, serverTime, {
      claimed: () => {
        this.handlers.refused();
        this.pump();
      },
      error: handlers.error,
    });
  }

  get refused(): readonly Refused[] {
    return this.#keeper.refused;
  }

  /** Stored commands of other people, which wait for their log-in. */
  get heldForOthers(): number {
    return this.#keeper.agesOfOthers.length;
  }

  /** What waits although it should have gone. */
  get unsent(): Unsent {
    const now = performance.now();
    const late = this.outbox.entries.filter(({ holdsOthers }) => holdsOthers).map(({ bornAt }) => now - bornAt);
    const ages = [...late, ...this.#keeper.agesOfOthers];
    return { count: ages.length, ageMs: Math.min(YEAR_MS, Math.max(0, ...ages)) };
  }

  /** Whose client this is. @returns false when it is somebody else than before; else once their queue is read */
  async identified(userId: string): Promise<boolean> {
    if (!this.#keeper.identified(userId)) return false;
    if (!this.#keeper.isStored) return true;
    // A storage that does not answer must not keep the tablet off line.
    await Promise.race([this.#keeper.ready, pause(STORAGE_PATIENCE_MS)]);
    return true;
  }

  /** Resolves with the command's result; a key that is already on its way shares that command's. */
  async send(command: Command, volatile: boolean): Promise<Result> {
    if (this.#closed) return { ok: false, problem: localProblem('closed') };
    if (sizeOf(command) > MAX_COMMAND_BYTES) return { ok: false, problem: localProblem('too_large') };
    const known = this.outbox.get(command.key)?.command;
    if (known !== undefined && !isSame(known, command)) return { ok: false, problem: localProblem('key_in_use') };
    const result = new Promise<Result>((resolve) => {
      this.#waiting.set(command.key, [...(this.#waiting.get(command.key) ?? []), resolve]);
    });
    if (known === undefined) this.#add(command, volatile);
    return result;
  }

  /** Written down before it is sent: a reload right after must not forget the key. */
  #add(command: Command, volatile: boolean): void {
    const entry = this.outbox.add(command, { online: this.handlers.isOnline(), volatile });
    if (volatile) keepOut(command);
    this.handlers.moved();
    const stored = volatile ? this.#keeper.ready : this.#keeper.save();
    void stored.then(() => {
      if (entry.state === 'storing') entry.state = 'waiting';
      this.pump();
    });
  }

  /** The server's time is known, or known better. */
  timeTold(): void {
    const now = this.serverTime.now();
    if (now === undefined) return;
    this.outbox.settleAges(now);
    this.pump();
  }

  disconnected(): void {
    this.outbox.disconnected();
    this.handlers.moved();
  }

  /** Sends what may be sent now, gives up what is too old, and comes back when there is more to do. */
  pump(): void {
    if (this.#closed) return;
    const now = performance.now();
    for (const entry of this.outbox.expired(now)) {
      const code: LocalCode = entry.attempts === 0 ? 'expired' : 'outcome_unknown';
      this.#settle(entry, { ok: false, problem: localProblem(code) });
    }
    if (this.handlers.isOnline()) this.#sendNext(now);
    clearTimeout(this.#wake);
    const wakeAt = this.outbox.wakeAt(now);
    if (wakeAt !== undefined)
      this.#wake = setTimeout(() => this.pump(), Math.min(longestTimer, Math.max(0, wakeAt - now)));
    this.handlers.moved();
  }

  dismiss(key: string): void {
    if (!this.#keeper.dismiss(key)) return;
    void this.#keeper.save();
    this.handlers.refused();
  }

  /** What is stored stays stored, for the next client; whoever waits here is told so. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#wake);
    for (const [key, tell] of this.#waiting) {
      const stored = this.#keeper.isStored && this.outbox.get(key)?.volatile === false;
      const detail = stored
        ? 'Stored; the next client with this storage sends it'
        : 'Not stored: it may have been carried out';
      for (const resolve of tell) resolve({ ok: false, problem: localProblem('closed', detail) });
    }
    this.#waiting.clear();
    return this.#keeper.flushed();
  }

  #sendNext(now: number): void {
    const leaving = this.outbox.leaving(LARGEST_BATCH.commands);
    if (leaving.length > 0) {
      // Written down before it leaves: only what never left may ever be called so.
      void this.#keeper.save().then(() => {
        for (const entry of leaving) if (entry.state === 'storing') entry.state = 'waiting';
        this.pump();
      });
    }
    const batch = this.outbox.nextBatch(now, this.#batch);
    if (batch.length > 0) {
      this.#sendBatch(batch).catch((error: unknown) => this.handlers.error(error, 'sync:submit'));
      return;
    }
    for (const entry of this.outbox.next(now)) {
      this.#sendOne(entry).catch((error: unknown) => this.handlers.error(error, entry.command.name));
    }
  }

  async #sendOne(entry: Entry): Promise<void> {
    const { name, input, key, expectedVersion } = entry.command;
    const meta: Meta = expectedVersion === undefined ? { key } : { key, expectedVersion };
    const timeoutMs = Math.max(1, Math.min(this.options.ackTimeoutMs, givenUpAt(entry) - performance.now()));
    const attempt = entry.attempts;
    const ack = await this.#request(name, [input, meta], timeoutMs);
    // Meanwhile it may have been settled or sent again; an answer is an answer, but a silence is an old attempt's.
    if (this.#closed || this.outbox.get(key) !== entry || (ack === undefined && entry.attempts !== attempt)) return;
    if (ack?.ok) this.#settle(entry, { ok: true, data: ack.data, replayed: ack.replayed === true });
    else if (ack === undefined) this.outbox.again(entry, 0);
    else if (shallRetry(name, ack.error, entry.attempts))
      this.outbox.again(entry, performance.now() + retryDelay(ack.error, entry.attempts));
    else this.#settle(entry, { ok: false, problem: ack.error });
    this.pump();
  }

  async #sendBatch(entries: readonly Entry[]): Promise<void> {
    const attempts = entries.map((entry) => entry.attempts);
    const input = submission(this.#keeper.owner ?? '', entries);
    const ack = await this.#request('sync:submit', [input, {}], this.options.ackTimeoutMs);
    if (this.#closed) return;
    const open = entries.filter(
      (entry, index) =>
        this.outbox.get(entry.command.key) === entry && (ack !== undefined || entry.attempts === attempts[index]),
    );
    if (ack?.ok) this.#takeResults(open, ack.data);
    else this.#batchFailed(open, ack?.error);
    this.pump();
  }

  #takeResults(entries: readonly Entry[], data: unknown): void {
    this.#batch = LARGEST_BATCH;
    const results = verdicts(data);
    for (const entry of entries) {
      const verdict: Verdict = results.get(entry.command.key) ?? { again: undefined };
      const { name } = entry.command;
      if ('again' in verdict) this.outbox.again(entry, performance.now() + delayOf(verdict.again, entry));
      else if (!verdict.settled.ok && shallRetry(name, verdict.settled.problem, entry.attempts))
        this.outbox.again(entry, performance.now() + delayOf(verdict.settled.problem, entry));
      else this.#settle(entry, verdict.settled);
    }
  }

  /** The batch as such: not answered, too large, put off, or of somebody else. */
  #batchFailed(entries: readonly Entry[], problem: Problem | undefined): void {
    if (problem?.code === 'forbidden') {
      this.handlers.notMine(problem);
      return;
    }
    // Whatever it was, a smaller one may get through; a single command then tells what is wrong with it.
    if (problem === undefined || !isPassing(problem))
      this.#batch = { ...this.#batch, commands: Math.max(1, Math.ceil(entries.length / 2)) };
    for (const entry of entries) this.outbox.again(entry, performance.now() + delayOf(problem, entry));
  }

  /** Undefined: not answered. */
  async #request(name: string, args: readonly unknown[], timeoutMs: number): Promise<Ack | undefined> {
    try {
      return await this.handlers.request(name, args, timeoutMs);
    } catch (error) {
      if (error instanceof Unanswered) return undefined;
      throw error;
    }
  }

  #settle(entry: Entry, result: Result): void {
    this.outbox.remove(entry);
    const isKept = !result.ok && entry.holdsOthers;
    if (isKept) this.#keeper.refuse({ command: entry.command, problem: result.problem, at: Date.now() });
    if (!entry.volatile) void this.#keeper.save();
    const tell = this.#waiting.get(entry.command.key) ?? [];
    this.#waiting.delete(entry.command.key);
    for (const resolve of tell) resolve(result);
    this.handlers.settled(entry.command, result, tell.length > 0);
    if (isKept) this.handlers.refused();
  }
}

const delayOf = (problem: Problem | undefined, { attempts }: Entry): number =>
  problem === undefined || !(isPassing(problem) || problem.status >= 500) ? 0 : retryDelay(problem, attempts);

function isSame(one: Command, other: Command): boolean {
  return one.name === other.name && JSON.stringify(one.input) === JSON.stringify(other.input);
}
