import type { Reads, Writes } from './documents.js';
import { fail } from './errors.js';
import type { EventDeclaration } from './event.js';
import type { Permission, Role } from './permissions.js';
import type { Plan } from './plan.js';
import type { Presence } from './presence.js';

/** Who acts. Built by the server from the token and the session, never from input. */
export interface Actor {
  kind: 'staff' | 'anonymous' | 'system';
  userId: string;
  name: string;
  restaurantId: string;
  role: Role;
  permissions: ReadonlySet<Permission>;
  sessionId: string;
  deviceId?: string;
  /** How they logged in; a password when not given. */
  how?: 'password' | 'pin';
  /** Until when a session opened with a PIN may do what needs a password, because one was typed. */
  confirmedUntil?: Date;
  /** The restaurant's; `standard` when not given. */
  plan?: Plan;
  /** The kitchen stations this device's screen is bound to; empty for an expo or any other screen. */
  stationIds: readonly string[];
}

const nobody = {
  userId: '',
  name: '',
  restaurantId: '',
  role: 'host',
  permissions: new Set<Permission>(),
  sessionId: '',
  stationIds: [],
} as const;
export const anonymous: Actor = { kind: 'anonymous', ...nobody };

/**
 * A PIN is typed in front of everybody on a tablet that all share: whoever has logged in with one types their password
 * for what changes people, devices or money. @throws confirmation_needed
 */
export function checkConfirmed({ how, confirmedUntil }: Pick<Actor, 'how' | 'confirmedUntil'>, now: Date): void {
  if (how !== 'pin' || (confirmedUntil !== undefined && now < confirmedUntil)) return;
  throw fail('confirmation_needed', 'You logged in with a PIN: type your password first (auth:confirm-password)');
}

/** The server itself, in one restaurant. */
export const system = (restaurantId: string): Actor => ({ kind: 'system', ...nobody, name: 'Brigade', restaurantId });

/** The work of the platform that a handler may need; made in `app.ts` from the configuration. */
export interface Doors {
  passwords: {
    /** argon2id, PHC string. */
    hash(password: string): Promise<string>;
    verify(hash: string, password: string): Promise<boolean>;
    /** Takes as long as a real `verify`; for accounts that do not exist. */
    verifyNothing(password: string): Promise<void>;
    /** Whether it is among the some ten thousand that are tried first, in whatever case. */
    isCommon(password: string): Promise<boolean>;
    /** Whether a hash was made at a lower cost than one is made now. */
    isWeak(hash: string): boolean;
  };
  /** A keyed digest (HMAC-SHA256, hex) for look-up values such as PINs and device tokens; `purpose` separates the uses. */
  digest(purpose: string, value: string): string;
  tokens: {
    /** A signed access token and its end (ISO 8601, UTC). */
    signAccess(claims: AccessClaims): { token: string; expiresAt: string };
    /** Life of a refresh token, in seconds. */
    refreshTtlSeconds: number;
    /** Life of a session from its log-in, however often it is refreshed, in seconds. */
    sessionTtlSeconds: number;
    /** Sessions that one person may have. */
    sessionsPerPerson: number;
  };
  presence: Presence;
  /** Who may sign a restaurant up: anybody; whoever comes while there is none; nobody. */
  signUp: 'open' | 'first' | 'closed';
}

export interface AccessClaims {
  sub: string;
  sid: string;
  rid: string;
  role: Role;
}

/** Whose sockets and cached sessions end once the unit of work is committed. */
export type Revocation = { sessionId: string } | { userId: string } | { deviceId: string };

/** Who wants in, as far as it is known: for the one line in the log that each log-in leaves. */
export interface Entrant {
  userId?: string;
  restaurantId?: string;
  deviceId?: string;
}

/** What every handler is given. */
export interface BaseContext {
  actor: Actor;
  restaurantId: string;
  /** The moment the command or query began, UTC. Use it instead of a clock of your own. */
  now: Date;
  doors: Doors;
  requestId: string;
  ip: string;
  /** Says who wants in; there where nobody is logged in yet. */
  about?: (entrant: Entrant) => void;
  /** To be awaited between the steps of long work: lets everything else run when this has run for some milliseconds. */
  rest: () => Promise<void>;
}

export interface QueryContext<I> extends BaseContext, Reads {
  input: I;
}

/** What a command's handler and the reactions of its unit of work share. */
export interface UnitContext extends BaseContext, Reads, Writes {
  /** Announces what happened; reactions to it run after the handler, in the same unit of work. */
  publish<T>(event: EventDeclaration<T>, data: NoInfer<T>): void;
  /** Ends sessions: at once after the commit, on every process. */
  revoke(target: Revocation): void;
  /** From `If-Match` or the message's meta; check it with `checkVersion`. */
  expectedVersion?: number;
}

export interface CommandContext<I, P = undefined> extends UnitContext {
  input: I;
  /** What `prepare` answered. */
  prepared: P;
}

export interface BatchContext<I> extends BaseContext {
  input: I;
  /** Carries out one command as if it had come alone: limits, permission, validation and key are its own. */
  carryOut(command: {
    name: string;
    input: unknown;
    key: string;
    expectedVersion?: number | undefined;
    requestId: string;
  }): Promise<{ status: number; data: unknown; replayed: boolean }>;
}

export interface ReactionContext<T> extends UnitContext {
  data: T;
}
