import { BrigadeProblem, localProblem } from './problem.js';
import type { Problem } from './wire.js';

/**
 * Answers an access token that is fresh: asked at the start, before the old one expires, and when the server refused the
 * old one. Null: the session is over, somebody must log in again. After a rejection (no network) it is asked again; it
 * must settle in the end, for without a token there is no connection.
 */
export type TokenProvider = () => Promise<string | null>;

/** There is no token any more; `problem` says why the last one was refused. */
export class SessionOver extends BrigadeProblem {}

/** Holds the newest access token. */
export class Tokens {
  #token: string | undefined;
  #refusal: { token: string | undefined; times: number; problem: Problem } | undefined;
  #asking: Promise<string> | undefined;
  readonly #provider: TokenProvider | undefined;

  constructor(source: string | TokenProvider) {
    if (typeof source === 'string') this.#token = source;
    else this.#provider = source;
  }

  get canAsk(): boolean {
    return this.#provider !== undefined;
  }

  /** @throws SessionOver; anything else is the provider's own failure, and passes */
  async current(): Promise<string> {
    return this.#token ?? (await this.fresh());
  }

  /** Asks the provider; all who ask meanwhile share its one answer (a refresh token must not be used twice). */
  fresh(): Promise<string> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  set(token: string): void {
    this.#token = token;
  }

  /** The server will not take this token (any more). */
  refuse(problem: Problem): void {
    const before = this.#refusal;
    const times = before !== undefined && before.token === this.#token ? before.times + 1 : 1;
    this.#refusal = { token: this.#token, times, problem };
    this.#token = undefined;
  }

  async #ask(): Promise<string> {
    const token = (await this.#provider?.()) ?? null;
    // The same text once more may be a new token: two made within one second are equal. Twice refused, it is not.
    if (token === null || (token === this.#refusal?.token && this.#refusal.times > 1)) {
      throw new SessionOver(this.#refusal?.problem ?? localProblem('session_over'));
    }
    this.#token = token;
    return token;
  }
}

/**
 * How long the token lives, in ms, by its own claims (RFC 7519: `iat`, `exp`); never by this device's clock, which may
 * be hours off. Undefined when it does not say.
 */
export function lifetimeOf(token: string): number | undefined {
  const { iat, exp } = claimsOf(token);
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat) return undefined;
  return (exp - iat) * 1000;
}

/** When the token was issued, ms since 1970 by the server's clock. Undefined when it does not say. */
export function issuedAt(token: string): number | undefined {
  const { iat } = claimsOf(token);
  return typeof iat === 'number' ? iat * 1000 : undefined;
}

/** Whose token it is, by its own claims (RFC 7519: `sub`). Undefined when it does not say. */
export function subjectOf(token: string): string | undefined {
  const { sub } = claimsOf(token);
  return typeof sub === 'string' ? sub : undefined;
}

function claimsOf(token: string): { iat?: unknown; exp?: unknown; sub?: unknown } {
  try {
    const base64 = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const claims: unknown = JSON.parse(atob(base64));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
