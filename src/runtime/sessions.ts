import { LRUCache } from 'lru-cache';
import type { AccessClaims, Actor, Revocation } from '../kernel/context.js';
import { fail } from '../kernel/errors.js';

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
}

interface Held {
  actor: Promise<Actor>;
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

  /** A revocation may come while the session is being read; what was read before it must not be used after it. */
  async #actor(claims: AccessClaims): Promise<Actor> {
    while (true) {
      const held = this.#actors.get(claims.sid) ?? this.#load(claims);
      const actor = await held.actor;
      if (!held.revoked) return actor;
    }
  }

  #load(claims: AccessClaims): Held {
    const held: Held = { actor: this.options.loadActor(claims), claims, revoked: false };
    this.#actors.set(claims.sid, held);
    held.actor.catch(() => {
      if (this.#actors.get(claims.sid) === held) this.#actors.delete(claims.sid);
    });
    return held;
  }

  /** Forgets whom the revocation names and tells the transports to end their sockets. */
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

/** The claims name session and person; which device it is only the session's document tells, so every session may be it. */
function mayConcern({ claims }: Held, target: Revocation): boolean {
  if ('sessionId' in target) return claims.sid === target.sessionId;
  return 'userId' in target ? claims.sub === target.userId : true;
}

export function isTarget(actor: Actor, target: Revocation): boolean {
  if ('sessionId' in target) return actor.sessionId === target.sessionId;
  if ('userId' in target) return actor.userId === target.userId;
  return actor.deviceId === target.deviceId;
}
