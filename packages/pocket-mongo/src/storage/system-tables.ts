import { keyPrefix } from './index-definition.js';

/**
 * Collection number 0 is the server's own: its "indexes" are tables of different kinds. A new table takes the next number
 * here, so that no two of them meet and `check` knows what belongs to the database.
 */
export const SYSTEM = {
  /** The catalog: an entry per collection. */
  catalog: keyPrefix(0, 0),
  /** What the last write or transaction of each session came to. */
  outcomes: keyPrefix(0, 1),
  /** The log of changes, for change streams. */
  changeLog: keyPrefix(0, 2),
  /** Beginnings of the keys of dropped collections and indexes, which are removed in the background. */
  garbage: keyPrefix(0, 3),
  /** Whether changes are recorded, and since when. */
  changeState: keyPrefix(0, 4),
} as const;
