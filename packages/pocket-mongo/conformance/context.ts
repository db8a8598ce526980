import type { Document, MongoClient } from 'mongodb';
import type { Making } from './create-entities.js';
import type { Operation } from './schema.js';

/** What the operations of one test share. */
export interface TestContext extends Making {
  /** The runner's own client, which no test observes. */
  readonly internal: MongoClient;
  /** Names of the fail points that the test has set. */
  readonly failPoints: Set<string>;
  /** Ends loops that would go on for ever. */
  readonly loopMs: number;
  /**
   * Runs an operation and checks what is expected of it.
   * @param rethrow whether an error that was expected is thrown nevertheless
   */
  run(operation: Operation, rethrow?: boolean): Promise<void>;
}

/** An operation on an entity, with the session and the concerns of its arguments resolved. */
export type Handler<T> = (target: T, args: Document, context: TestContext) => Promise<unknown>;

export type Handlers<T> = Readonly<Record<string, Handler<T>>>;
