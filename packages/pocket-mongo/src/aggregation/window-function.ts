import type { Document, Value } from '../bson/values.js';
import type { Environment } from '../query/environment.js';

/** The rows of a partition in order, and what they are ordered by. */
export interface Partition {
  readonly rows: readonly Document[];
  readonly keys: readonly (readonly Value[])[];
}

/** The value for each row of a partition, in order; with pauses. */
export type WindowFunction = (partition: Partition) => Generator<undefined, Value[]>;

/** What a window function is compiled with. */
export interface WindowContext {
  readonly sortBy: Document | undefined;
  readonly window: Value;
  readonly environment: Environment;
  readonly name: string;
}

export type CompileWindowFunction = (argument: Value, context: WindowContext) => WindowFunction;
