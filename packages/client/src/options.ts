import type { ConnectionOptions } from './connection.js';
import type { ErrorHandler } from './listeners.js';
import type { PulseOptions } from './pulse.js';
import type { SenderOptions } from './sender.js';
import type { SyncOptions } from './sync.js';

export interface AllOptions extends ConnectionOptions, SyncOptions, SenderOptions, PulseOptions {
  /** How long a query may take in all, in ms. */
  queryTimeoutMs: number;
  /** After this a command is given up; keep it below the time for which the server honours keys (7 days unless it is set otherwise, never less than one). In ms. */
  expiresMs: number;
  /** Who uses this client; known from the token otherwise. Give it to queue (and keep) commands in a start while off line. */
  userId: string | undefined;
  /** Told what has no one else to be told to: a listener that threw, a storage that failed, a refused renewal. */
  onError: ErrorHandler;
}

export const defaults = {
  path: '/socket.io',
  transports: ['websocket', 'polling'] as ('websocket' | 'polling')[],
  reconnectMinMs: 1000,
  reconnectMaxMs: 5000,
  connectTimeoutMs: 10_000,
  catchUpJitterMs: 300,
  gapGraceMs: 25,
  requestTimeoutMs: 10_000,
  silenceMs: 6_000,
  ackTimeoutMs: 10_000,
  storage: undefined,
  queryTimeoutMs: 15_000,
  expiresMs: 12 * 3600 * 1000,
  userId: undefined,
  onError: ((error, where) => console.error(`brigade client, ${where}:`, error)) as ErrorHandler,
} satisfies Partial<AllOptions>;

/** Only `url` and `token` are needed. */
export type ConnectOptions = Pick<AllOptions, 'url' | 'token'> & Partial<AllOptions>;
