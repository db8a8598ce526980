import type { Fields } from '../bson/decode.js';
import type { Document, Value } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import type { Environment } from '../query/environment.js';
import type { Memory } from './memory.js';

/** Documents on their way through a pipeline; `undefined` is a moment to let others run. */
export type Rows = Iterable<Document | undefined>;
export type Stage = (rows: Rows) => Rows;

/** Where a pipeline stands: some stages are not allowed everywhere. */
export type Place = 'top' | '$facet' | '$lookup' | '$unionWith';

/** What stages are compiled in. */
export interface Surroundings {
  readonly context: Context;
  readonly environment: Environment;
  /** The collection of the pipeline; undefined where it has none. */
  readonly collection: string | undefined;
  readonly memory: Memory;
  /** The rows of a pipeline over another collection of the database, or over none. */
  run(collection: string | undefined, pipeline: readonly Document[], environment: Environment): Rows;
  /** Checks and compiles a pipeline inside a stage, without running it. */
  compile(pipeline: readonly Document[], place: Place, environment: Environment): Stage;
}

/** What a stage reads of the documents before it. */
export interface Needs {
  /** The top-level fields it looks at. */
  readonly fields: Fields;
  /** True when nothing else of a document comes out of it. */
  readonly ends: boolean;
}

export interface StageDefinition {
  compile(argument: Value, surroundings: Surroundings): Stage;
  /** Left out: all fields. */
  needs?(argument: Value): Needs;
  /** Only first, and whether it makes its own documents instead of reading a collection's. */
  readonly first?: 'collection' | 'database' | undefined;
  readonly refusedIn?: readonly Place[];
  readonly notInTransactions?: boolean;
}

/** Tells a long loop when to pause. */
export class Beat {
  private turns = 0;

  get due(): boolean {
    return ++this.turns % 128 === 0;
  }
}

/** One document to one or none. */
export function* each(rows: Rows, apply: (row: Document) => Document | undefined): Generator<Document | undefined> {
  for (const row of rows) yield row && apply(row);
}

/** Reads all rows, with the pauses of the source and its own. */
export function* collect(rows: Rows, keep: (row: Document) => void): Generator<undefined> {
  const beat = new Beat();
  for (const row of rows) {
    if (row) keep(row);
    if (!row || beat.due) yield undefined;
  }
}

/** Rows that came from elsewhere than storage, with pauses between them. */
export function* paced<T>(rows: Iterable<T>): Generator<T | undefined> {
  const beat = new Beat();
  for (const row of rows) {
    yield row;
    if (beat.due) yield undefined;
  }
}
