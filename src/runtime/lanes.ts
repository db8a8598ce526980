import { LRUCache } from 'lru-cache';
import { FailAfterCommit, fail } from '../kernel/errors.js';
import type { Room } from '../kernel/event.js';
import { type Committer, ConflictError, type PendingUnit } from './committer.js';
import {
  duplicateField,
  type Job,
  type JobResult,
  makeEntry,
  OWN_KEY,
  type Remembered,
  replayOf,
  replayOfEntry,
  type UnitOutcome,
} from './entry.js';
import { type Entry, freshHead, type Head, readByKey, readHead } from './journal.js';
import { Memory } from './memory.js';
import { DatabaseReads } from './reader.js';
import { type Published, UnitOfWork } from './unit-of-work.js';

export interface LaneHooks {
  committer: Committer;
  /** After the commit: events to the rooms, revocations to the sessions. */
  onCommitted: (entry: Entry | undefined, unit: UnitOfWork) => void;
  onConflict: () => void;
  /** Freezes documents in memory, so that a handler that changes one in place throws. */
  freeze: boolean;
  /** Turns an audience into rooms; apart so that the lane knows nothing of declarations' types. */
  roomsOf: (published: Published) => Room[];
}

interface Queued {
  job: Job;
  attempts: number;
  resolve: (result: JobResult) => void;
  reject: (error: unknown) => void;
}

/** Units of one lane that may await their commit at once; each stands on the one before it. */
const DEPTH = 32;
const MAX_QUEUE = 1_000;

/**
 * One restaurant's (or account's) queue: handlers run one after the other, each seeing what the one before it wrote, so
 * two waiters on one table are never a race. A handler may start while earlier units are still being committed; it
 * sees them in the lane's memory, and should their commit be refused (another process was first), all of them run again
 * in order. Nobody is answered before their unit is durable.
 */
export class Lane {
  readonly #queue: Queued[] = [];
  readonly #memory: Memory;
  readonly #database: DatabaseReads;
  /** Keys of commands waiting or under way. */
  readonly #keys = new Set<string>();
  readonly #recentKeys = new LRUCache<string, Remembered>({ max: 100 });
  readonly #inFlight = new Set<Promise<void>>();
  /** Refused units, to be run again. */
  #failed: Queued[] = [];
  /** A unit was refused: memory and head show what never came to be. */
  #broken = false;
  #head: Head | undefined;
  /** Counts the resets: work begun before one must not be committed after it. */
  #generation = 0;
  /** How many units to commit one by one, so that a refusal names its unit. */
  #careful = 0;
  #running = false;
  idleSince = performance.now();

  constructor(
    readonly id: string,
    readonly restaurantId: string,
    private readonly journaled: boolean,
    private readonly hooks: LaneHooks,
  ) {
    this.#database = new DatabaseReads(restaurantId);
    this.#memory = new Memory(hooks.freeze);
  }

  get length(): number {
    return this.#queue.length;
  }

  get isIdle(): boolean {
    return !this.#running && this.#inFlight.size === 0;
  }

  /** Queues a job and answers when it is durable. @throws overloaded, timed_out, in_flight, key_reused, and the handler's errors */
  async submit(job: Job): Promise<JobResult> {
    if (this.#queue.length >= MAX_QUEUE)
      throw fail('overloaded', 'This restaurant has too many commands waiting', { retryAfter: 1 });
    const key = keyOf(job);
    if (this.#keys.has(key)) throw fail('in_flight', 'Ask again in a moment');
    this.#keys.add(key);
    const answered = new Promise<JobResult>((resolve, reject) => {
      this.#queue.push({ job, attempts: 0, resolve, reject });
      if (!this.#running) void this.#run();
    });
    return answered.finally(() => this.#keys.delete(key));
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0 || this.#broken) {
      if (this.#broken) await this.#startOver();
      else if (this.#careful > 0 && this.#inFlight.size > 0) await this.#settled();
      else if (this.#inFlight.size >= DEPTH) await Promise.race(this.#inFlight);
      else {
        const next = this.#queue.shift();
        if (next !== undefined) await this.#runOne(next).catch(next.reject);
      }
    }
    this.#running = false;
    this.idleSince = performance.now();
  }

  async #settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** Another writer was first: forget what memory says and run the refused units again, in order and one by one. */
  async #startOver(): Promise<void> {
    await this.#settled();
    const again = this.#failed;
    this.#failed = [];
    this.#broken = false;
    this.#careful = Math.max(this.#careful, again.length);
    this.#head = undefined;
    this.#memory.clear();
    this.#queue.unshift(...again);
    const attempts = Math.max(0, ...again.map((queued) => queued.attempts));
    if (attempts > 1) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * attempts));
  }

  async #runOne(queued: Queued): Promise<void> {
    const { job } = queued;
    const known = this.#recentKeys.get(keyOf(job));
    if (known !== undefined) return queued.resolve(replayOf(known, job));
    if (performance.now() > job.deadline)
      throw fail('timed_out', 'The restaurant was too busy to carry this out in time', { retryAfter: 1 });
    const generation = this.#generation;
    if (this.journaled) this.#head ??= (await readHead(this.restaurantId)) ?? freshHead(this.restaurantId);
    if (!this.journaled) this.#memory.clear();
    const unit = new UnitOfWork(this.restaurantId, job.now, {
      memory: this.#memory,
      database: this.#database,
      settled: () => this.#settled(),
    });
    const outcome = await job.work(unit).then(
      (data) => ({ data }),
      (error: unknown) => (error instanceof FailAfterCommit ? { answer: error.answer } : { error }),
    );
    // A failure, or a command that changed nothing, may rest on units not yet durable: it waits for them.
    if ('error' in outcome || unit.isEmpty) await this.#settled();
    if (generation !== this.#generation) {
      this.#failed.push(queued);
      return;
    }
    if ('error' in outcome) return this.#answerFailure(queued, outcome.error);
    if (unit.isEmpty) {
      if (this.#careful > 0) this.#careful -= 1;
      this.hooks.onCommitted(undefined, unit);
      return 'answer' in outcome
        ? queued.reject(outcome.answer)
        : queued.resolve({ status: job.status, data: outcome.data, replayed: false });
    }
    this.#commit(queued, unit, outcome);
  }

  /** A retried command may fail because its first try succeeded: then the first answer is the right one. */
  async #answerFailure(queued: Queued, error: unknown): Promise<void> {
    if (this.#careful > 0) this.#careful -= 1;
    const { job } = queued;
    const entry = this.journaled ? await readByKey(this.restaurantId, job.author, job.key) : undefined;
    if (entry === undefined) throw error;
    queued.resolve(replayOfEntry(entry, job));
  }

  #commit(queued: Queued, unit: UnitOfWork, outcome: UnitOutcome): void {
    const { job } = queued;
    const pending: PendingUnit = { lane: this.id, changes: [...unit.changes.values()] };
    let entry: Entry | undefined;
    if (this.#head !== undefined) {
      const made = makeEntry(this.#head, job, unit, outcome, this.hooks.roomsOf);
      entry = made.entry;
      Object.assign(pending, { entry, head: { before: this.#head, after: made.after } });
      this.#head = made.after;
    }
    unit.applyTo(this.#memory);
    const committed = this.hooks.committer.commit(pending).then(
      () => {
        if (this.#careful > 0) this.#careful -= 1;
        this.hooks.onCommitted(entry, unit);
        if (entry !== undefined && !job.key.startsWith(OWN_KEY)) {
          const answer = 'answer' in outcome ? { error: outcome.answer, data: undefined } : { data: outcome.data };
          this.#recentKeys.set(keyOf(job), { fingerprint: job.fingerprint, status: job.status, ...answer });
        }
        if ('answer' in outcome) queued.reject(outcome.answer);
        else queued.resolve({ status: job.status, data: outcome.data, replayed: false });
      },
      (error: unknown) => this.#refused(queued, error).catch(queued.reject),
    );
    this.#inFlight.add(committed);
    void committed.finally(() => this.#inFlight.delete(committed));
  }

  async #refused(queued: Queued, error: unknown): Promise<void> {
    this.#generation += 1;
    queued.attempts += 1;
    this.hooks.onConflict();
    this.#broken = true;
    if (this.#careful > 0 && !(error instanceof ConflictError)) {
      this.#careful -= 1;
      await this.#answerRefusal(queued, error);
    } else if (performance.now() > queued.job.deadline) queued.reject(fail('timed_out', undefined, { retryAfter: 1 }));
    else this.#failed.push(queued);
    if (!this.#running) void this.#run();
  }

  /** Alone in its group and still refused: the unit itself is at fault, or its key was used before. */
  async #answerRefusal(queued: Queued, error: unknown): Promise<void> {
    const { job } = queued;
    const duplicate = duplicateField(error);
    if (duplicate === undefined && performance.now() < job.deadline && queued.attempts < 5) {
      this.#failed.push(queued);
      return;
    }
    const entry = this.journaled
      ? await readByKey(this.restaurantId, job.author, job.key).catch(() => undefined)
      : undefined;
    if (entry !== undefined) queued.resolve(replayOfEntry(entry, job));
    else if (duplicate === undefined) queued.reject(error);
    else
      queued.reject(
        fail('duplicate', `${duplicate} is taken`, { errors: [{ field: duplicate, message: 'is taken' }] }),
      );
  }
}

const keyOf = (job: Job): string => `${job.author} ${job.key}`;

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
