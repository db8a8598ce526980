import type { Binary, Document, RawDocument, Timestamp } from '../bson/values.js';

/** What gives each write its time: strictly increasing. */
export interface Clock {
  readonly now: Timestamp;
  tick(): Timestamp;
  advanceTo(time: Timestamp): void;
}

export type Operation =
  | 'insert'
  | 'update'
  | 'replace'
  | 'delete'
  | 'drop'
  | 'rename'
  | 'dropDatabase'
  | 'create'
  | 'createIndexes'
  | 'dropIndexes'
  | 'modify';

/** One change, as it is recorded. */
export interface Change {
  readonly op: Operation;
  readonly db: string;
  /** Empty for what happens to a whole database. */
  readonly coll: string;
  readonly uuid?: Binary;
  readonly documentKey?: Document;
  /** The new document of an insert or a replacement. */
  readonly document?: RawDocument;
  readonly updateDescription?: Document;
  /** Images of before and after, where the collection keeps them. */
  readonly before?: RawDocument;
  readonly after?: RawDocument;
  readonly to?: Document;
  readonly description?: Document;
  readonly stateBefore?: Document;
}
