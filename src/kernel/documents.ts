import type { Quota } from './plan.js';

/** What every stored document has. Times are UTC. */
export interface Doc {
  _id: string;
  restaurantId: string;
  /** Counts the document's changes, from 1; the base of `If-Match` / `expectedVersion`. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A document as a handler makes it; the unit of work adds the rest. */
export type NewDoc<T extends Doc> = Omit<T, 'restaurantId' | 'version' | 'createdAt' | 'updatedAt'>;

/**
 * A kind of document, as handlers name it. `hold` says what a restaurant's lane keeps of it in memory:
 * `all` for small sets read by every order (menu, tables, stations), `recent` for those read by id (orders, tickets).
 */
export interface Kind<T extends Doc> {
  readonly collection: string;
  /** What a person calls one of them: `table`, `order`; used in "No such table". */
  readonly title: string;
  readonly hold: 'all' | 'recent';
  /**
   * Clients may choose the ids, so they are unique within a restaurant only: another restaurant's same id is no
   * obstacle, and cannot be noticed. See `runtime/stored-ids.ts`.
   */
  readonly clientIds?: true;
  /** How many there may be; checked for every unit of work that makes one. */
  readonly quota?: Quota;
  /** Only carries the type. */
  readonly doc?: T;
}

/** A MongoDB filter in the restaurant's own documents; the tenancy is added underneath. */
export type Filter = Readonly<Record<string, unknown>>;

export interface FindOptions {
  sort?: Readonly<Record<string, 1 | -1>>;
  limit?: number;
}

/** Reading, always within one restaurant. What comes back is shared: never change it, make a changed copy. */
export interface Reads {
  /** One document by id. @throws not_found */
  get<T extends Doc>(kind: Kind<T>, id: string): Promise<T>;
  /** One document by id, or undefined. */
  lookup<T extends Doc>(kind: Kind<T>, id: string): Promise<T | undefined>;
  /** Every document of a kind held whole (`hold: 'all'`). */
  all<T extends Doc>(kind: Kind<T>): Promise<readonly T[]>;
  /**
   * The documents that match, as the database has them: in a command, changes made by the same unit of work are not
   * seen yet. Prefer `get` and `all`, which come from memory.
   */
  find<T extends Doc>(kind: Kind<T>, filter: Filter, options?: FindOptions): Promise<T[]>;
}

/** Writing: collected in the unit of work, flushed with the journal entry, all or nothing. */
export interface Writes {
  /** Adds a new document and answers it whole. */
  insert<T extends Doc>(kind: Kind<T>, doc: NewDoc<T>): T;
  /** Replaces a document read before by a changed copy; answers it with its new version and `updatedAt`. */
  save<T extends Doc>(kind: Kind<T>, doc: T): T;
  /** Removes a document read before. */
  remove<T extends Doc>(kind: Kind<T>, doc: T): void;
}
