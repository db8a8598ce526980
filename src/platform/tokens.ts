import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { AccessClaims, Doors } from '../kernel/context.js';
import { fail } from '../kernel/errors.js';
import { idPattern } from '../kernel/ids.js';
import { type Role, roleNames } from '../kernel/permissions.js';
import type { Clock } from '../kernel/time.js';

const ALGORITHM = 'HS256';
const ISSUER = 'brigade';
const AUDIENCE = 'brigade:access';

export interface TokenOptions {
  /** Signs access tokens; at least 32 bytes (RFC 7518, section 3.2). */
  secret: string;
  accessTtlSeconds: number;
  refreshTtlSeconds: number;
  /** When not given, as long as an unused refresh token. */
  sessionTtlSeconds?: number;
  sessionsPerPerson?: number;
  clock: Clock;
}

export interface Tokens extends Readonly<Doors['tokens']> {
  /** @throws token_expired, token_invalid */
  verifyAccess(token: string): AccessClaims & { expiresAt: Date };
}

/**
 * Access tokens: JWTs (RFC 7519) signed with HMAC-SHA256. The key is a KeyObject, for a string would be imported anew at
 * each use; algorithm, issuer and audience are pinned, so a token made for anything else is not taken (RFC 8725).
 */
export function createTokens(options: TokenOptions): Tokens {
  const {
    secret,
    accessTtlSeconds,
    refreshTtlSeconds,
    sessionTtlSeconds = refreshTtlSeconds,
    sessionsPerPerson = 16,
    clock,
  } = options;
  if (Buffer.byteLength(secret) < 32) throw new RangeError('The key of the access tokens needs at least 32 bytes');
  const key = createSecretKey(Buffer.from(secret));
  const seconds = () => Math.floor(clock.now().getTime() / 1000);
  return {
    refreshTtlSeconds,
    sessionTtlSeconds,
    sessionsPerPerson,
    signAccess({ sub, sid, rid, role }) {
      const iat = seconds();
      const exp = iat + accessTtlSeconds;
      const claims = { sub, sid, rid, role, iat, exp, iss: ISSUER, aud: AUDIENCE };
      return { token: jwt.sign(claims, key, { algorithm: ALGORITHM }), expiresAt: new Date(exp * 1000).toISOString() };
    },
    verifyAccess(token) {
      const options = {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTimestamp: seconds(),
      } as const;
      try {
        return claimsOf(jwt.verify(token, key, { ...options, algorithms: [ALGORITHM] }));
      } catch (error) {
        throw fail(error instanceof jwt.TokenExpiredError ? 'token_expired' : 'token_invalid');
      }
    },
  };
}

/** A good signature only says that the token is ours; an older version of this program may have made it. */
function claimsOf(payload: string | jwt.JwtPayload): AccessClaims & { expiresAt: Date } {
  const { sub, sid, rid, role, exp } = payload as jwt.JwtPayload;
  const known = [sub, sid, rid].every((value) => typeof value === 'string' && idPattern.test(value));
  if (!known || typeof exp !== 'number' || !roleNames.includes(role as Role))
    throw new TypeError('Not the claims of ours');
  return {
    sub: sub as string,
    sid: sid as string,
    rid: rid as string,
    role: role as Role,
    expiresAt: new Date(exp * 1000),
  };
}
