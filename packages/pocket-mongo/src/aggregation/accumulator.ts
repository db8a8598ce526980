import type { Document, Value } from '../bson/values.js';
import type { Environment } from '../query/environment.js';

/** What gathers a value over several documents. */
export interface Accumulator {
  add(row: Document): void;
  result(): Value;
}

/** Makes one for a group, whose `_id` is given. */
export type MakeAccumulator = (group: Value) => Accumulator;
export type CompileAccumulator = (argument: Value, environment: Environment, name: string) => MakeAccumulator;
