import type { Ordering } from '../bson/ordering.js';
import type { Document, Value } from '../bson/values.js';
import type { SortOrder } from '../query/sort.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { FieldBounds } from './predicates.js';
import type { IndexRange } from './ranges.js';

/** Where the documents of a query are looked for. */
export type Access =
  /** All documents, in natural order: that of `_id`, in a capped collection that of insertion. */
  | { readonly kind: 'scan'; readonly reverse: boolean }
  /** The documents with these keys. */
  | {
      readonly kind: 'ids';
      readonly index: IndexDefinition;
      readonly points: readonly string[];
      readonly fields: readonly FieldBounds[];
    }
  | IndexAccess
  /** What any of several plans finds, each document once; in order when each of them is. */
  | { readonly kind: 'union'; readonly branches: readonly Plan[] };

export interface IndexAccess {
  readonly kind: 'index';
  readonly index: IndexDefinition;
  readonly ranges: readonly IndexRange[];
  readonly reverse: boolean;
  /** The bounds of its leading fields, for `explain`. */
  readonly fields: readonly FieldBounds[];
  /** Each range is in the wanted order but not one after the other: they are merged. */
  readonly merge: boolean;
}

/** How the documents of a query are found. */
export interface Plan {
  readonly access: Access;
  /** Every document found matches; the filter need not be run. */
  readonly exact: boolean;
  /** The documents come in the wanted order. */
  readonly sorted: boolean;
  /** The higher the better, where counting keys does not tell: see `planner.ts`. */
  readonly score: number;
}

/** What a plan is made for. */
export interface Planned {
  readonly filter: Document;
  readonly order: SortOrder | undefined;
  readonly ordering: Ordering;
  readonly hint?: Value;
  /** The index to be used, hidden or not. */
  readonly index?: IndexDefinition | undefined;
  readonly min?: Document | undefined;
  readonly max?: Document | undefined;
  /** How many documents the caller takes at most, those skipped included; Infinity for all. */
  readonly wanted: number;
}
