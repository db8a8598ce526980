import { type Operations, operations } from './generated/contract.js';
import { newKey } from './key.js';
import { BrigadeProblem, isProblem, localProblem } from './problem.js';
import type { TokenProvider } from './token.js';

export type Credentials = Operations['auth:login']['input'] | Operations['auth:pin-login']['input'];

/** Told each new refresh token, to be kept for the next start, and null when there is none any more. */
export type Keep = (refreshToken: string | null) => void;

export interface Session {
  user: Operations['auth:login']['output']['user'];
  restaurantId: string;
  /** For `connect({ token })`. */
  token: TokenProvider;
}

/**
 * Logs in with e-mail and password, or on a paired device with a PIN, for whom {@link pad} lists.
 * @throws BrigadeProblem `credentials_invalid`, `rate_limited`; `unreachable` (status 0) when no answer came or could be read
 */
export async function logIn(url: string, credentials: Credentials, keep: Keep = () => undefined): Promise<Session> {
  const name = 'pin' in credentials ? 'auth:pin-login' : 'auth:login';
  const login = await post(url, name, credentials);
  keep(login.refreshToken);
  const { user, restaurantId, accessToken, refreshToken } = login;
  return { user, restaurantId, token: refreshing(url, refreshToken, keep, accessToken) };
}

/**
 * Who may log in on a paired device: for the screen on which one chooses oneself before the PIN (`staffId` of `logIn`).
 * @throws BrigadeProblem `token_invalid` when the device is not paired (any more); another error as {@link logIn}
 */
export const pad = (url: string, deviceToken: string): Promise<Operations['auth:pad']['output']> =>
  post(url, 'auth:pad', { deviceToken });

/**
 * A token function that goes on with a kept refresh token. Each refresh token is good once, so an attempt whose answer
 * was lost is repeated as that same attempt (`requestKey`), and all who ask meanwhile share it.
 */
export function refreshing(url: string, refreshToken: string, keep: Keep, accessToken?: string): TokenProvider {
  let present = refreshToken;
  let unused = accessToken;
  let requestKey: string | undefined;
  let asking: Promise<string | null> | undefined;
  const ask = async () => {
    requestKey ??= newKey();
    try {
      const tokens = await post(url, 'auth:refresh', { refreshToken: present, requestKey });
      requestKey = undefined;
      present = tokens.refreshToken;
      keep(present);
      return tokens.accessToken;
    } catch (error) {
      if (!(error instanceof BrigadeProblem) || error.status !== 401) throw error;
      keep(null);
      return null;
    }
  };
  return async () => {
    const first = unused;
    unused = undefined;
    if (first !== undefined) return first;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

type Public = 'auth:login' | 'auth:pad' | 'auth:pin-login' | 'auth:refresh';

async function post<N extends Public>(url: string, name: N, input: object): Promise<Operations[N]['output']> {
  const response = await fetch(new URL(`/api/v1${operations[name].path}`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
    // A request that hangs must not hold up reconnecting for ever.
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new BrigadeProblem(localProblem('unreachable', `${unreachable(url)} (${name})`), { cause });
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof body === 'object' && body !== null && 'data' in body) {
    return body.data as Operations[N]['output'];
  }
  throw new BrigadeProblem(
    isProblem(body) ? body : localProblem('incomprehensible', `${name}: HTTP ${response.status}`),
  );
}

/** A browser tells a page neither that a server is off nor that it was refused by CORS: "Failed to fetch" is both. */
function unreachable(url: string): string {
  const origin = globalThis.location?.origin;
  const isForeign = origin !== undefined && origin !== 'null' && origin !== new URL(url).origin;
  return `No answer from ${url}: it is off, or not to be reached from here${
    isForeign ? `, or does not allow pages of ${origin} (CORS_ORIGINS=${origin})` : ''
  }`;
}
