import type Joi from 'joi';
import type { HeardPermission } from './permissions.js';

/**
 * A room, named within its restaurant: everyone there, everyone who holds a permission, one kitchen station's screens,
 * one person. So a screen hears of exactly what it may also read (ADR 5). A screen bound to stations is in theirs
 * instead of the permissions' rooms.
 */
export type Room = 'all' | `can:${HeardPermission}` | `station:${string}` | `user:${string}`;

export const everyone: readonly Room[] = ['all'];
export const holders = (permission: HeardPermission): Room => `can:${permission}`;
export const station = (id: string): Room => `station:${id}`;
export const user = (id: string): Room => `user:${id}`;

/** Something that happened, as declared by the feature in which it happens. Past tense: `order:created`. */
export interface EventSpec<T> {
  name: `${string}:${string}`;
  summary: string;
  payload: Joi.ObjectSchema<T>;
  /**
   * Decides the rooms; never the client. There is no default: an event without an audience does not compile. An empty
   * one is for reactions alone: the event gets no `seq` and does not stand in the journal.
   */
  audience: (data: T) => readonly Room[];
  /** Payload field -> replica: that field holds the new state of a thing (or a list of them) in that replica. */
  carries?: Readonly<Partial<Record<keyof T & string, string>>>;
  /** Payload field -> replica: that field holds the id (or ids) of things gone from that replica. */
  removes?: Readonly<Partial<Record<keyof T & string, string>>>;
  example: NoInfer<T>;
}

export interface EventDeclaration<T = unknown> extends Readonly<EventSpec<T>> {
  readonly kind: 'event';
}

/** An event as it stands in one list, its payload's type erased. */
export interface AnyEvent extends Readonly<Pick<EventSpec<unknown>, 'name' | 'summary'>> {
  readonly kind: 'event';
  readonly payload: Joi.ObjectSchema;
  readonly audience: (data: never) => readonly Room[];
  readonly carries?: Readonly<Record<string, string | undefined>>;
  readonly removes?: Readonly<Record<string, string | undefined>>;
  readonly example: unknown;
}

export function event<T>(spec: EventSpec<T>): EventDeclaration<T> {
  return { kind: 'event', ...spec };
}

/** An event as it travels and as a client receives it. */
export interface Envelope<T = unknown> {
  id: string;
  /** Changes when history does (a restored backup): a client with another epoch starts over. */
  epoch: string;
  /** Number in the restaurant's journal, without gaps, from 1. */
  seq: number;
  name: string;
  restaurantId: string;
  /** ISO 8601, UTC. */
  at: string;
  actor: { id: string; name: string };
  data: T;
  /**
   * The seq of the last event before this one in each of its rooms (0 for none), and in every other room spoken to since
   * the oldest of those. A screen lacks an event if any of its rooms is named here with a seq beyond its position.
   */
  prev: Partial<Record<Room, number>>;
}
