import type { Server as HttpServer } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Server, type Socket } from 'socket.io';
import { fail, toProblem } from '../../kernel/errors.js';
import type { Clock } from '../../kernel/time.js';
import { isTarget } from '../../runtime/sessions.js';
import { roomsOfActor } from '../../runtime/sync.js';
import { type MessagesOptions, type SocketData, serveMessages } from './messages.js';
import { Rooms, socketRoom } from './rooms.js';

export interface RealtimeOptions extends Omit<MessagesOptions, 'takeMessage'> {
  clock: Clock;
  /** Proxies in front whose X-Forwarded-For is believed. */
  trustProxy: number;
  path: string;
  pingIntervalMs: number;
  pingTimeoutMs: number;
  maxPayloadBytes: number;
  messagesPerSecond: number;
  messageBurst: number;
  corsOrigins: readonly string[];
}

export interface Realtime {
  io: Server;
  rooms: Rooms;
  attach(server: HttpServer): void;
  close(): Promise<void>;
}

/** How often ended tokens are looked for, ms. One pass over all sockets is cheaper than a timer on each. */
const EXPIRY_CHECK_MS = 1_000;

/** The Socket.IO side: who connects is authenticated, joined to the rooms of their session, and served. */
export function createRealtime(options: RealtimeOptions): Realtime {
  const io = new Server({
    path: options.path,
    serveClient: false,
    pingInterval: options.pingIntervalMs,
    pingTimeout: options.pingTimeoutMs,
    maxHttpBufferSize: options.maxPayloadBytes,
    cors: { origin: [...options.corsOrigins] },
  });
  const { broadcasts, deliveries } = options.metrics;
  const rooms = new Rooms(io, {
    broadcast(screens) {
      broadcasts.inc();
      deliveries.inc(screens);
    },
  });
  const takeMessage = messageLimit(options);
  io.use((socket, next) => {
    authenticate(socket, options).then(
      () => next(),
      (error: unknown) => next(refusal(error)),
    );
  });
  const served = { ...options, takeMessage };
  io.on('connection', (socket) => welcome(socket, rooms, served));
  options.sessions.onRevoked((target) => {
    // A turn later, so that who ends their own session still gets the acknowledgement.
    setImmediate(() => {
      for (const socket of io.sockets.sockets.values()) {
        if (isTarget(dataOf(socket).actor, target)) end(socket, 'session_ended');
      }
    });
  });
  const expiry = setInterval(() => {
    const now = options.clock.now();
    for (const socket of io.sockets.sockets.values()) if (dataOf(socket).expiresAt < now) end(socket, 'token_expired');
  }, EXPIRY_CHECK_MS);
  expiry.unref();
  return {
    io,
    rooms,
    attach: (server) => void io.attach(server),
    async close() {
      clearInterval(expiry);
      await io.close();
    },
  };
}

const dataOf = (socket: Socket): SocketData => socket.data as SocketData;

const tokenOf = (socket: Socket): unknown => (socket.handshake.auth as { token?: unknown }).token;

async function authenticate(socket: Socket, { sessions, trustProxy }: RealtimeOptions): Promise<void> {
  const token = tokenOf(socket);
  if (typeof token !== 'string' || token === '')
    throw fail('unauthenticated', 'Send an access token in the handshake: auth: { token }');
  const authenticated = await sessions.authenticate(token);
  socket.data = { ...authenticated, ip: addressOf(socket, trustProxy) } satisfies SocketData;
}

/** Where the connection comes from: as many hops before the last one as there are proxies of ours in between. */
function addressOf({ handshake }: Socket, trustProxy: number): string {
  const forwarded = String(handshake.headers['x-forwarded-for'] ?? '').split(',');
  const hops = [...forwarded.map((hop) => hop.trim()).filter((hop) => hop !== ''), handshake.address];
  return hops.at(-1 - Math.min(trustProxy, hops.length - 1)) ?? handshake.address;
}

/** socket.io sends `data` of the error along with `connect_error`. */
function refusal(error: unknown): Error {
  const problem = toProblem(error);
  return Object.assign(new Error(problem.title), { data: problem });
}

function welcome(socket: Socket, rooms: Rooms, options: MessagesOptions): void {
  const { actor } = dataOf(socket);
  const token = String(tokenOf(socket));
  forgetHandshake(socket);
  const { restaurantId, role } = actor;
  // Join first, read after: whatever is committed from here on reaches this socket.
  void socket.join(roomsOfActor(actor).map((room) => socketRoom(restaurantId, room)));
  rooms.arrive(restaurantId);
  options.metrics.connectedSockets.inc({ role });
  socket.on('disconnect', () => {
    rooms.leave(restaurantId);
    options.metrics.connectedSockets.dec({ role });
  });
  serveMessages(socket, options);
  // A revocation between the handshake and now found no socket to end; who is not the same any more goes.
  options.sessions.authenticate(token).then(
    (now) => now.actor === actor || end(socket, 'session_ended'),
    () => end(socket, 'session_ended'),
  );
}

/** Token, headers and request are kilobytes on each of thousands of sockets, and a token is best not kept at all. */
function forgetHandshake(socket: Socket): void {
  socket.handshake.auth = {};
  socket.handshake.headers = {};
  // As Socket.IO's page on memory usage advises; its type does not allow for it.
  (socket.conn as { request: unknown }).request = null;
}

function end(socket: Socket, code: 'session_ended' | 'token_expired'): void {
  const { title, detail } = toProblem(fail(code));
  socket.emit('session:ended', { code, detail: detail ?? title });
  socket.disconnect(true);
}

/** A bucket for each socket: a flood is refused message by message, and no other socket waits for it. */
function messageLimit({ messagesPerSecond, messageBurst }: RealtimeOptions): (socketId: string) => Promise<void> {
  const duration = Math.max(1, Math.round(messageBurst / messagesPerSecond));
  const bucket = new RateLimiterMemory({ points: messageBurst, duration });
  return async (socketId) => {
    await bucket.consume(socketId).catch(({ msBeforeNext }: { msBeforeNext: number }) => {
      const retryAfter = Math.max(1, Math.ceil(msBeforeNext / 1000));
      throw fail('rate_limited', 'This connection sends too many messages', { retryAfter });
    });
  };
}
