import type Joi from 'joi';
import type { QueryContext } from './context.js';
import type { Doc, Kind } from './documents.js';
import type { AnyDuty, AttendanceDeclaration } from './duty.js';
import type { AnyEvent } from './event.js';
import type { CacheRule, Operation } from './operation.js';
import type { Permission } from './permissions.js';
import type { AnyReaction } from './reaction.js';

/**
 * A set of things of which every screen keeps a live copy: loaded whole by `sync:snapshot`, kept current by the events
 * that carry it. Things have an `id`.
 */
export interface ReplicaSpec<V> {
  name: string;
  summary: string;
  view: Joi.Schema<V>;
  /** A screen without it gets an empty list. */
  permission: Permission;
  /** The things that are live now. */
  load: (context: QueryContext<Record<string, never>>) => Promise<V[]>;
  /** As a query's: one read serves the snapshots of all who may see the same. */
  cache?: CacheRule;
  /** A thing whose `field` has none of `values` has left the replica (a closed order). Absent: things stay until removed. */
  live?: { field: keyof V & string; values: readonly string[] };
}

export interface ReplicaDeclaration<V> extends Readonly<ReplicaSpec<V>> {
  readonly kind: 'replica';
}

/** A replica as it stands in one list, its view's type erased. */
export interface AnyReplica extends Readonly<Pick<ReplicaSpec<never>, 'name' | 'summary' | 'permission'>> {
  readonly kind: 'replica';
  readonly view: Joi.Schema;
  readonly load: (context: QueryContext<Record<string, never>>) => Promise<unknown[]>;
  readonly cache?: CacheRule;
  readonly live?: { readonly field: string; readonly values: readonly string[] };
}

export function replica<V>(spec: ReplicaSpec<V>): ReplicaDeclaration<V> {
  return { kind: 'replica', ...spec };
}

/** A feature: data and small functions, listed once in `app.ts`. */
export interface Feature {
  name: string;
  summary: string;
  kinds: readonly Kind<Doc>[];
  operations: readonly Operation[];
  events: readonly AnyEvent[];
  reactions: readonly AnyReaction[];
  replicas: readonly AnyReplica[];
  /** What the system does by itself. */
  duties: ReadonlyArray<AnyDuty | AttendanceDeclaration>;
}

export function feature(spec: Pick<Feature, 'name' | 'summary'> & Partial<Feature>): Feature {
  return { kinds: [], operations: [], events: [], reactions: [], replicas: [], duties: [], ...spec };
}
