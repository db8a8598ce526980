import { LRUCache } from 'lru-cache';
import { FailAfterCommit, fail } from '../kernel/errors.js';
import type { Room } from '../kernel/event.js';
import { isOutage } from '../platform/mongo.js';
import { catchUp } from './catch-up.js';
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
import { type Entry, freshHead, type Head, readByKey, readHead, readLastKeys } from './journal.js';
import { Memory } from './memory.js';
import { DatabaseReads } from './reader.js';
import type { Turn, Turns } from './turns.js';
import { type Published, UnitOfWork } from './unit-of-work.js';
import { UsedKeys } from './used-keys.js';

export interface LaneHooks {
  committer: Committer;
  /** With several processes: whose turn it is at a restaurant. */
  turns?: Pick<Turns, 'take'> | undefined;
  /** After the commit: events to the rooms, revocations to the sessions. */
  onCommitted: (entry: Entry | undefined, unit: UnitOfWork) => void;
  /** Another writer was first, or it is not known whether a commit came to be. */
  onConflict: (restaurantId: string) => void;
  /** A command was found in the journal: committed, though this lane may never have heard so. */
  onFound: (entry: Entry) => void;
  /** A command found in memory what it would else have read. */
  onSaved: () => void;
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
/** The last keys of the journal that a lane learns when it opens: more than were under way in a process that died. */
const KEYS_LEARNT = 200;

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
  /** All keys known to be in the journal, where {@link #recentKeys} holds the last whole replies. */
  #usedKeys: UsedKeys | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  /** Refused units, to be run again. */
  #failed: Queued[] = [];
  /** A unit was refused: memory and head show what never came to be. */
  #broken = false;
  #head: Head | undefined;
  /** The last head that is known to be committed. */
  #durable: Head | undefined;
  /** Documents as `collection/id` that memory shows as a refused unit left them. */
  readonly #phantoms = new Set<string>();
  #turn: Turn | undefined;
  /** Wakes a lane that waits for its commits only. */
  #wake: () => void = () => undefined;
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
      if (this.#running) this.#wake();
      else void this.#run();
    });
    return answered.finally(() => this.#keys.delete(key));
  }

  async #run(): Promise<void> {
    this.#running = true;
    if (this.journaled && this.hooks.turns !== undefined) await this.#takeTurn(this.hooks.turns);
    while (this.#queue.length > 0 || this.#broken || (this.#turn !== undefined && this.#inFlight.size > 0)) {
      if (this.#broken) await this.#startOver();
      else if (this.#turn?.isOver === true) await this.#passTurn();
      else if (this.#queue.length === 0) await this.#nextOrSettled();
      else if (this.#careful > 0 && this.#inFlight.size > 0) await this.#settled();
      else if (this.#inFlight.size >= DEPTH) await Promise.race(this.#inFlight);
      else {
        const next = this.#queue.shift();
        if (next !== undefined) await this.#runOne(next).catch((error: unknown) => this.#failedWith(next, error));
      }
    }
    this.#turn?.end();
    this.#turn = undefined;
    this.#running = false;
    this.idleSince = performance.now();
  }

  /** What another process did since this one had its turn is read before anything is run. */
  async #takeTurn(turns: Pick<Turns, 'take'>): Promise<void> {
    this.#turn = await turns.take(this.restaurantId);
    if (this.#turn !== undefined && !this.#turn.isSame) await this.#reread();
  }

  /** Others wait: commits what is under way, lets them, and stands in line again. */
  async #passTurn(): Promise<void> {
    await this.#settled();
    if (this.#broken) return;
    this.#turn?.end();
    this.#turn = undefined;
    if (this.#queue.length > 0 && this.hooks.turns !== undefined) await this.#takeTurn(this.hooks.turns);
  }

  async #nextOrSettled(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([...this.#inFlight, woken]);
  }

  /** Memory and head as the database has them now. Answers why it could not be read. */
  async #reread(): Promise<unknown> {
    const from = this.#durable;
    try {
      if (from === undefined) this.#memory.clear();
      this.#durable = from && (await catchUp(this.#memory, from, this.#phantoms, this.#database));
    } catch (error) {
      // The next command reads the head itself, and finds the database away or back.
      this.#durable = undefined;
      this.#memory.clear();
      return error;
    } finally {
      this.#head = this.#durable;
      this.#phantoms.clear();
    }
    return undefined;
  }

  /** Without its database a lane refuses all that waits at once, rather than let each command find out in its turn. */
  #failedWith(queued: Queued, error: unknown): void {
    queued.reject(error);
    if (isOutage(error)) this.#refuseAll(error);
  }

  #refuseAll(error: unknown): void {
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }

  async #settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** Another writer was first: read again what is not as memory says, and run the refused units again, in order and one by one. */
  async #startOver(): Promise<void> {
    await this.#settled();
    const again = this.#failed;
    this.#failed = [];
    this.#broken = false;
    this.#careful = Math.max(this.#careful, again.length);
    this.#queue.unshift(...again);
    const attempts = Math.max(0, ...again.map((queued) => queued.attempts));
    // An account's lane writes without an entry: what it changed shows only in the refusal.
    if (attempts > 1) this.#durable = undefined;
    const error = await this.#reread();
    if (isOutage(error)) this.#refuseAll(error);
    else if (attempts > 1) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * attempts));
  }

  async #runOne(queued: Queued): Promise<void> {
    const { job } = queued;
    const known = this.#recentKeys.get(keyOf(job));
    if (known !== undefined) return queued.resolve(replayOf(known, job));
    if (performance.now() > job.deadline)
      throw fail('timed_out', 'The restaurant was too busy to carry this out in time', { retryAfter: 1 });
    const generation = this.#generation;
    if (await this.#mayBeReplay(queued)) {
      const entry = await readByKey(this.restaurantId, job.author, job.key);
      if (entry !== undefined) return this.#answerFound(queued, entry);
    }
    if (this.journaled && this.#head === undefined) {
      this.#head = (await readHead(this.restaurantId)) ?? freshHead(this.restaurantId);
      this.#durable = this.#head;
    }
    if (!this.journaled) this.#memory.clear();
    const unit = new UnitOfWork(this.restaurantId, job.now, {
      memory: this.#memory,
      database: this.#database,
      settled: () => this.#settled(),
      saved: this.hooks.onSaved,
    });
    const outcome = await job.work(unit).then(
      (data) => ({ data }),
      (error: unknown) => (error instanceof FailAfterCommit ? { answer: error.answer } : { error }),
    );
    // A failure, or a command that changed nothing, may rest on units not yet durable: it waits for them.
    if ('error' in outcome || unit.isEmpty) await this.#settled();
    if (('error' in outcome || unit.isEmpty) && (await this.#isStale(queued))) this.#forget();
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

  /**
   * A commit finds out when another process was first; a refusal commits nothing, so it must look: it may rest on what
   * memory says and no longer is. Under steady traffic elsewhere two looks must do.
   */
  async #isStale(queued: Queued): Promise<boolean> {
    if (!this.journaled || queued.attempts >= 2 || !(await this.#hasMoved())) return false;
    queued.attempts += 1;
    return true;
  }

  /** Another process has committed since this one last knew where the journal stands; asked when nothing is under way. */
  async #hasMoved(): Promise<boolean> {
    const known = this.#durable;
    if (known === undefined) return false;
    const head = (await readHead(this.restaurantId)) ?? freshHead(this.restaurantId);
    return head.n !== known.n || (head.n > 0 && head.epoch !== known.epoch);
  }

  /** What memory and head say is not, or no longer, so. */
  #forget(): void {
    this.#generation += 1;
    this.#broken = true;
  }

  /**
   * Whether the journal may well hold the reply already: then one read answers, where running the handler again would end
   * in a refused commit. So it is for keys this lane has used, for the last ones before it opened, and for a unit that was
   * refused. Other repeated keys are found by their refusal.
   */
  async #mayBeReplay({ job, attempts }: Queued): Promise<boolean> {
    if (!this.journaled || job.key.startsWith(OWN_KEY)) return false;
    this.#usedKeys ??= new UsedKeys((await readLastKeys(this.restaurantId, KEYS_LEARNT)).map(keyOf));
    return attempts > 0 || this.#usedKeys.mayHave(keyOf(job));
  }

  #answerFound(queued: Queued, entry: Entry): void {
    if (this.#careful > 0) this.#careful -= 1;
    this.hooks.onFound(entry);
    this.#usedKeys?.add(keyOf(queued.job));
    queued.resolve(replayOfEntry(entry, queued.job));
  }

  /** A retried command may fail because its first try succeeded: then the first answer is the right one. */
  async #answerFailure(queued: Queued, error: unknown): Promise<void> {
    if (this.#careful > 0) this.#careful -= 1;
    const { job } = queued;
    const entry = this.journaled ? await readByKey(this.restaurantId, job.author, job.key) : undefined;
    if (entry === undefined) throw error;
    this.hooks.onFound(entry);
    queued.resolve(replayOfEntry(entry, job));
  }

  #commit(queued: Queued, unit: UnitOfWork, outcome: UnitOutcome): void {
    const { job } = queued;
    const pending: PendingUnit = {
      lane: this.id,
      restaurantId: this.restaurantId,
      changes: [...unit.changes.values()],
      revocations: unit.revocations,
    };
    let entry: Entry | undefined;
    let after: Head | undefined;
    if (this.#head !== undefined) {
      const made = makeEntry(this.#head, job, unit, outcome, this.hooks.roomsOf);
      entry = made.entry;
      Object.assign(pending, { entry, head: { before: this.#head, after: made.after } });
      this.#head = made.after;
      after = made.after;
    }
    unit.applyTo(this.#memory);
    const committed = this.hooks.committer.commit(pending).then(
      () => {
        if (this.#careful > 0) this.#careful -= 1;
        this.#durable = after ?? this.#durable;
        this.hooks.onCommitted(entry, unit);
        if (entry !== undefined && !job.key.startsWith(OWN_KEY)) {
          const answer = 'answer' in outcome ? { error: outcome.answer, data: undefined } : { data: outcome.data };
          this.#usedKeys?.add(keyOf(job));
          this.#recentKeys.set(keyOf(job), { fingerprint: job.fingerprint, status: job.status, ...answer });
        }
        if ('answer' in outcome) queued.reject(outcome.answer);
        else queued.resolve({ status: job.status, data: outcome.data, replayed: false });
      },
      (error: unknown) => {
        for (const key of unit.changes.keys()) this.#phantoms.add(key);
        return this.#refused(queued, error).catch(queued.reject);
      },
    );
    this.#inFlight.add(committed);
    void committed.finally(() => this.#inFlight.delete(committed));
  }

  async #refused(queued: Queued, error: unknown): Promise<void> {
    this.#forget();
    queued.attempts += 1;
    this.hooks.onConflict(this.restaurantId);
    if (this.#careful > 0 && !(error instanceof ConflictError)) {
      this.#careful -= 1;
      await this.#answerRefusal(queued, error);
    } else if (performance.now() > queued.job.deadline) queued.reject(fail('timed_out', undefined, { retryAfter: 1 }));
    else this.#failed.push(queued);
    if (!this.#running) void this.#run();
  }

  /**
   * Alone in its group and still refused: the unit itself is at fault, or its key was used before; unless another process
   * has written in between, perhaps just what this one wanted to.
   */
  async #answerRefusal(queued: Queued, error: unknown): Promise<void> {
    const { job } = queued;
    const duplicate = duplicateField(error);
    // What an account's lane found missing another's may have made: with a second try it finds it.
    const isNews = () => (this.journaled ? this.#hasMoved() : queued.attempts < 2);
    const mayPass = duplicate === undefined ? queued.attempts < 5 : await isNews();
    if (mayPass && performance.now() < job.deadline) {
      this.#failed.push(queued);
      return;
    }
    const entry = this.journaled
      ? await readByKey(this.restaurantId, job.author, job.key).catch(() => undefined)
      : undefined;
    if (entry !== undefined) {
      this.hooks.onFound(entry);
      queued.resolve(replayOfEntry(entry, job));
    } else if (duplicate === undefined) queued.reject(error);
    else
      queued.reject(
        fail('duplicate', `${duplicate} is taken`, { errors: [{ field: duplicate, message: 'is taken' }] }),
      );
  }
}

const keyOf = (job: Pick<Job, 'author' | 'key'>): string => `${job.author} ${job.key}`;
