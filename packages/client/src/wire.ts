/** What travels between this client and a Brigade server. The server's own declarations are in its `src/kernel`. */

/** An error as the server tells it: RFC 9457 problem details with a `code` from the server's closed table. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  /** One sentence for the person in front of the screen. */
  detail?: string;
  errors?: { field: string; message: string }[];
  /** The steps that would be legal now (with `illegal_step`). */
  legal?: readonly string[];
  /** The thing as it is now (with `version_conflict` and `conflict`). */
  current?: unknown;
  /** Search the server's log for this. */
  requestId?: string;
  /** Seconds. */
  retryAfter?: number;
}

export type Ack = { ok: true; data: unknown; replayed?: boolean } | { ok: false; error: Problem };

export interface Meta {
  /** Idempotency key. */
  key?: string;
  expectedVersion?: number;
  requestId?: string;
}

export interface Envelope<T = unknown> {
  id: string;
  epoch: string;
  /** Number in the restaurant's journal, without gaps there; a client sees only its rooms' events. */
  seq: number;
  name: string;
  restaurantId: string;
  /** ISO 8601, UTC. */
  at: string;
  actor: { id: string; name: string };
  data: T;
  /** Room -> seq of the last event there before this one: its own rooms, and those spoken to since the oldest of them. */
  prev: Readonly<Record<string, number>>;
}

/** By replica: a thing whose field has none of these values has left it. */
export type LiveRules = Readonly<Record<string, { readonly field: string; readonly values: readonly string[] }>>;

export interface Snapshot {
  epoch: string;
  seq: number;
  at: string;
  rooms: readonly string[];
  replicas: Readonly<Record<string, readonly { id: string }[]>>;
  /** Not from older servers. */
  live?: LiveRules;
}

export type Page =
  | { reset: true; epoch: string; rooms: readonly string[] }
  | {
      reset: false;
      epoch: string;
      rooms: readonly string[];
      events: readonly Envelope[];
      position: number;
      more: boolean;
      /** Not from older servers. */
      live?: LiveRules;
    };

export interface Heads {
  epoch: string;
  heads: Readonly<Record<string, number>>;
  /** How often they are told, moved or not. Not from older servers, which tell them when they have moved. */
  everyMs?: number;
}

/** Sent just before the server ends a connection for good. */
export interface SessionEnded {
  code: string;
  detail?: string;
}
