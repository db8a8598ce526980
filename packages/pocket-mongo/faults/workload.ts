import type { Db, MongoClient } from 'mongodb';
import type { Dice } from './dice.js';

/** One of those who write at the same time. */
export interface Worker {
  /** From 0; nobody else has it. */
  readonly number: number;
  readonly client: MongoClient;
  readonly db: Db;
  readonly roll: Dice;
  /** The driver tries again what a lost connection left unknown, also across a restart of the server. */
  readonly retries: boolean;
}

/** Takes down what is wrong. */
export type Complain = (what: string) => void;

/** A kind of load that knows what the database must hold. */
export interface Workload {
  readonly name: string;
  /** How often it is chosen, against others. */
  readonly weight: number;
  setUp(db: Db): Promise<void>;
  /** One write of one worker. @throws what the driver throws; an error of a lost connection leaves the outcome unknown */
  step(worker: Worker): Promise<void>;
  /** Holds what is stored to what was acknowledged, and takes unknown outcomes as they turned out. Nobody writes. */
  verify(db: Db, complain: Complain): Promise<void>;
  /** Counts what was acknowledged until now: a copy that is begun afterwards holds it. */
  acknowledged?(): number;
  /** Looks at a copy made by a backup, which holds one moment of a database that others were writing to. */
  verifyCopy?(db: Db, acknowledgedBefore: number, complain: Complain): Promise<void>;
}

/** The database that is written to. */
export const DATABASE = 'faults';

/** Where workers come from is fixed: there are so many, on so many clients. */
export const CLIENTS = 8;
export const WORKERS_PER_CLIENT = 3;
export const WORKERS = CLIENTS * WORKERS_PER_CLIENT;

/** Text whose length tells of which number it is: some fits into a page of the file, some takes many. */
export function padding(n: number): string {
  return 'x'.repeat(n % 97 === 0 ? 40_000 + (n % 1000) : (n * 7919) % 1500);
}
