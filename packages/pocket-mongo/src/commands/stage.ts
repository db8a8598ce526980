import type { Document } from '../bson/values.js';

/** Documents on their way through a pipeline; `undefined` is a moment to let others run. */
export type Rows = Iterable<Document | undefined>;
export type Stage = (rows: Rows) => Rows;
