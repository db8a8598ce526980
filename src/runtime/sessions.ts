import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { AccessClaims, Actor, Revocation } from '../kernel/context.js';
import { BrigadeError, fail } from '../kernel/errors.js';

export interface Authenticated {
  actor: Actor;
  /** End of the access token. */
  expiresAt: Date;
}

export interface SessionsOptions {
  /** Checks signature and end. @throws token_invalid, token_expired */
  verifyAccess: (token: string) => AccessClaims & { expiresAt: Date };
  /** Reads session, person and device. @throws session_ended, token_invalid */
  loadActor: (claims: AccessClaims) => Promise<Actor>;
  /** Somebody was known already: three reads saved, or four of a paired device's. */
  onKnown?: (actor: Actor) => void;
}

interface Held {
  actor: Promise<Actor>;
  /** The same, once it is read. */
  known?: Actor;
  claims: AccessClaims;
  revoked: boolean;
}

type Listener = (target: Revocation) => void;

/**
 * Who is behind a token. The session, the person and the device are read once and then kept until a revocation names
 * them, so a role change or a dismissal holds from the next request on, whatever an old token says.
 */
export class Sessions {
  readonly #actors = new LRUCache<string, Held>({ max: 20_000, ttl: 300_000 });
  readonly #listeners = new Set<Listener>();

  constructor(private readonly options: SessionsOptions) {}

  async authenticate(token: string): Promise<Authenticated> {
    const claims = this.options.verifyAccess(token);
    const actor = await this.#actor(claims);
    if (actor.userId !== claims.sub || actor.restaurantId !== claims.rid) throw fail('token_invalid');
    return { actor, expiresAt: claims.expiresAt };
  }

  /** Somebody as they are now. @throws session_ended */
  current({ sessionId: sid, userId: sub, restaurantId: rid, role }: Actor): Promise<Actor> {
    return this.#actor({ sid, sub, rid, role });
  }

  /**
   * False when the session has ended, or its person may by now do more or less than the actor says.
   * @throws what kept the database from being asked
   */
  async isStill(actor: Actor): Promise<boolean> {
    try {
      const now = await this.current(actor);
      // A password typed meanwhile gives no other rooms: messages ask for it when it matters.
      const { confirmedUntil } = actor;
      return now === actor || isDeepStrictEqual({ ...now, confirmedUntil }, { ...actor, confirmedUntil });
    } catch (error) {
      if (error instanceof BrigadeError && error.code === 'session_ended') return false;
      throw error;
    }
  }

  /** A revocation may come while the session is being read; what was read before it must not be used after it. */
  async #actor(claims: AccessClaims): Promise<Actor> {
    while (true) {
      const known = this.#actors.get(claims.sid);
      const held = known ?? this.#load(claims);
      const actor = await held.actor;
      if (held.revoked) continue;
      if (known !== undefined) this.options.onKnown?.(actor);
      return actor;
    }
  }

  #load(claims: AccessClaims): Held {
    const held: Held = { actor: this.options.loadActor(claims), claims, revoked: false };
    this.#actors.set(claims.sid, held);
    held.actor.then(
      (actor) => {
        held.known = actor;
      },
      () => {
        if (this.#actors.get(claims.sid) === held) this.#actors.delete(claims.sid);
      },
    );
    return held;
  }

  /** Forgets whom the revocation names and tells the transports to look at their sockets again. */
  revoke(target: Revocation): void {
    for (const [sid, held] of this.#actors.entries()) {
      if (!mayConcern(held, target)) continue;
      held.revoked = true;
      this.#actors.delete(sid);
    }
    for (const listener of this.#listeners) listener(target);
  }

  onRevoked(listener: Listener): void {
    this.#listeners.add(listener);
  }
}

/** The claims name session and person; the device only the session's document tells, so one still being read may be its. */
function mayConcern({ claims, known }: Held, target: Revocation): boolean {
  if ('sessionId' in target) return claims.sid === target.sessionId;
  if ('userId' in target) return claims.sub === target.userId;
  return known === undefined || known.deviceId === target.deviceId;
}

export function isTarget(actor: Actor, target: Revocation): boolean {
  if ('sessionId' in target) return actor.sessionId === target.sessionId;
  if ('userId' in target) return actor.userId === target.userId;
  return actor.deviceId === target.deviceId;
}
