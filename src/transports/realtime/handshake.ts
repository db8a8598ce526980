import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'socket.io';
import { BrigadeError, fail, toProblem } from '../../kernel/errors.js';
import type { Clock } from '../../kernel/time.js';
import type { Logger } from '../../platform/logger.js';
import type { Limits } from '../../runtime/limits.js';
import type { Sessions } from '../../runtime/sessions.js';
import { addressOf } from '../address.js';
import type { SocketData } from './messages.js';
import { unsentOf } from './unsent.js';

export interface HandshakeOptions {
  sessions: Sessions;
  limits: Limits;
  clock: Clock;
  logger: Logger;
  /** Proxies in front whose X-Forwarded-For is believed. */
  trustProxy: number;
  corsOrigins: readonly string[];
  /** Where pages of our own come from, if a proxy has another name than it asks us by. */
  publicUrl?: string | undefined;
}

const dataOf = (socket: Socket): SocketData => socket.data as SocketData;

const tokenOf = (socket: Socket): unknown => (socket.handshake.auth as { token?: unknown }).token;

/** A connection counts as a query of its person; one without a good token by its address. */
export async function authenticate(socket: Socket, options: HandshakeOptions): Promise<void> {
  const { sessions, limits, trustProxy, clock } = options;
  const given = tokenOf(socket);
  const token = typeof given === 'string' ? given : '';
  const { headers, address } = socket.handshake;
  const ip = addressOf(headers, address, trustProxy);
  checkOrigin(socket.handshake.headers, options);
  try {
    if (token === '') throw fail('unauthenticated', 'Send an access token in the handshake: auth: { token }');
    socket.data = { ...(await sessions.authenticate(token)), ip } satisfies SocketData;
  } catch (error) {
    await limits.refused(error, ip, token, []);
  }
  await limits.takeFor(dataOf(socket).actor, 'read', []);
  const unsent = unsentOf((socket.handshake.auth as { unsent?: unknown }).unsent, clock);
  if (unsent !== undefined) dataOf(socket).unsent = unsent;
}

/**
 * Browsers say which page opens a WebSocket, and CORS does not hold them back: only pages from here, or from an origin of
 * CORS_ORIGINS, may. An app that is no page says nothing.
 */
function checkOrigin(headers: IncomingHttpHeaders, { corsOrigins, publicUrl, trustProxy }: HandshakeOptions): void {
  const { origin, host } = headers;
  if (origin === undefined || corsOrigins.includes(origin)) return;
  const forwarded = trustProxy > 0 ? String(headers['x-forwarded-host'] ?? '') : '';
  const from = URL.canParse(origin) ? new URL(origin) : undefined;
  if (from !== undefined && [host, forwarded].includes(from.host)) return;
  if (publicUrl !== undefined && from?.origin === new URL(publicUrl).origin) return;
  throw fail('forbidden', `Pages of ${origin.slice(0, 100)} may not connect: CORS_ORIGINS does not name it`);
}

/** socket.io sends `data` of the error along with `connect_error`. The log has a line of it, as of a refused message. */
export function refusal(error: unknown, socket: Socket, { logger, trustProxy }: HandshakeOptions): Error {
  const requestId = randomUUID();
  if (!(error instanceof BrigadeError) || error.cause !== undefined)
    logger.error('A handshake failed unexpectedly', { requestId, error });
  const problem = toProblem(error, requestId);
  const { headers, address, issued } = socket.handshake;
  const ip = addressOf(headers, address, trustProxy);
  const { status, code, detail } = problem;
  const durationMs = Math.max(0, Date.now() - issued);
  logger.request({ kind: 'socket', operation: 'connect', status, code, detail, durationMs, requestId, ip });
  return Object.assign(new Error(problem.title), { data: problem });
}

/** Token, headers and request are kilobytes on each of thousands of sockets, and a token is best not kept at all. */
export function forgetHandshake(socket: Socket): void {
  socket.handshake.auth = {};
  socket.handshake.headers = {};
  // As Socket.IO's page on memory usage advises; its type does not allow for it.
  (socket.conn as { request: unknown }).request = null;
}
