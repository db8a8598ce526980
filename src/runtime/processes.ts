import { hostname } from 'node:os';
import mongoose, { type mongo, Schema } from 'mongoose';
import { newId } from '../kernel/ids.js';
import { Rounds } from './rounds.js';

/** What a process has in the database while it lives. */
interface ProcessDoc {
  _id: string;
  /** Its last sign of life, by the database's clock. */
  at: Date;
  host: string;
  pid: number;
  /** The ids of its database sessions: what is open in them would keep its locks after a kill -9. */
  sessions: mongo.ServerSessionId[];
}

const schema = new Schema(
  { _id: String, at: Date, host: String, pid: Number, sessions: [Schema.Types.Mixed] },
  { collection: 'processes', versionKey: false, autoIndex: false, autoCreate: false },
);
const processModel = mongoose.model('processes', schema);

/** Between two signs of life, ms. */
const BEAT_MS = 500;
/** Who is silent for longer is dead, or so slow that ending its transactions does no harm: they are run again. */
const DEAD_MS = 2_000;
/** The driver makes a new session after a broken connection; older ones are not used any more. */
const SESSIONS = 20;

/**
 * The processes on this database. A process that is killed inside a transaction leaves its locks in the database, for a
 * minute by default; whoever finds it silent ends its sessions, so no restaurant stands still for more than seconds.
 */
export class Processes {
  readonly id = newId();
  readonly #sessions = new Map<string, mongo.ServerSessionId>();
  /** Sessions of our own whose connection broke, to be ended as soon as the database can be reached. */
  readonly #lost = new Map<string, mongo.ServerSessionId>();
  readonly #rounds: Rounds;
  #failure: unknown;

  constructor(
    private readonly options: {
      onError: (error: unknown) => void;
      onFoundDead: (process: { id: string; host: string; pid: number }) => void;
    },
  ) {
    this.#rounds = new Rounds(BEAT_MS, () => this.beat(), options.onError);
  }

  /** Why the last sign of life could not be written; undefined when it was. Nothing else could have been, then. */
  get failure(): unknown {
    return this.#failure;
  }

  async start(): Promise<void> {
    await this.beat();
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    // Without its database a process must still be able to end; the others then find its sign of life missing.
    await processModel
      .deleteOne({ _id: this.id })
      .exec()
      .catch(() => undefined);
  }

  /** Before the first transaction of a session: from here on whoever finds this process dead can end it. */
  async register(session: mongo.ServerSessionId): Promise<void> {
    const name = nameOf(session);
    if (this.#sessions.has(name)) return;
    this.#sessions.set(name, session);
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size > SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    try {
      await this.#live();
    } catch (error) {
      this.#sessions.delete(name);
      throw error;
    }
  }

  /** Ends what may still be open in a session of our own: at once, or as soon as the database can be reached. */
  end(session: mongo.ServerSessionId): void {
    // In a long outage the same session is lost again and again.
    this.#lost.set(nameOf(session), session);
    // The next beat tries again, and reports.
    this.#endLost().catch(() => undefined);
  }

  async #endLost(): Promise<void> {
    const lost = [...this.#lost];
    if (lost.length === 0) return;
    this.#lost.clear();
    try {
      await this.#killSessions(lost.map(([, session]) => session));
    } catch (error) {
      for (const [name, session] of lost) this.#lost.set(name, session);
      throw error;
    }
  }

  /** One sign of life, and a look for those who give none. */
  async beat(): Promise<void> {
    await this.#live();
    await this.#endLost();
    // Never itself: who was held up for seconds between its sign of life and this look has missed the next one.
    const silent = { _id: { $ne: this.id }, $expr: { $lt: ['$at', { $subtract: ['$$NOW', DEAD_MS] }] } };
    for (const dead of (await processModel.find(silent).lean().exec()) as unknown as ProcessDoc[]) {
      if (dead.sessions.length > 0) await this.#killSessions(dead.sessions);
      await processModel.deleteOne({ _id: dead._id, at: dead.at }).exec();
      this.options.onFoundDead({ id: dead._id, host: dead.host, pid: dead.pid });
    }
  }

  async #live(): Promise<void> {
    try {
      await this.#sign();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  async #sign(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    const now = { $set: { host: hostname(), pid: process.pid, sessions }, $currentDate: { at: true } };
    await processModel.collection.updateOne({ _id: this.id as never }, now as never, { upsert: true });
  }

  async #killSessions(sessions: mongo.ServerSessionId[]): Promise<void> {
    const ids = sessions.map(({ id }) => ({ id }));
    await mongoose.connection.getClient().db('admin').command({ killSessions: ids });
  }
}

const nameOf = ({ id }: mongo.ServerSessionId): string => Buffer.from(id.buffer).toString('hex');
