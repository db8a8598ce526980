import type { Server as HttpServer } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Server, type Socket } from 'socket.io';
import type { Actor } from '../../kernel/context.js';
import { fail, toProblem } from '../../kernel/errors.js';
import type { Envelope, Room } from '../../kernel/event.js';
import type { Present, Unsent } from '../../kernel/presence.js';
import type { Redis } from '../../platform/redis.js';
import type { Limits } from '../../runtime/limits.js';
import { isTarget } from '../../runtime/sessions.js';
import { roomsOfActor } from '../../runtime/sync.js';
import { joinProcesses } from './adapter.js';
import { coalesceFrames } from './coalesce.js';
import { Doorway } from './doorway.js';
import { authenticate, forgetHandshake, refusal } from './handshake.js';
import { type MessagesOptions, type SocketData, serveMessages } from './messages.js';
import { Rooms, roomOf, socketRoom } from './rooms.js';
import { textOnly } from './text-only.js';

export interface RealtimeOptions extends Omit<MessagesOptions, 'takeMessage'> {
  limits: Limits;
  /** A device is back that holds commands it could not hand over. */
  onReturned: (present: Present) => void;
  /** Proxies in front whose X-Forwarded-For is believed. */
  trustProxy: number;
  path: string;
  pingIntervalMs: number;
  pingTimeoutMs: number;
  maxPayloadBytes: number;
  messagesPerSecond: number;
  messageBurst: number;
  /** Between two announcements of the heads, ms. */
  headsIntervalMs: number;
  corsOrigins: readonly string[];
  /** Where pages of our own come from, if a proxy has another name than it asks us by. */
  publicUrl?: string | undefined;
  /** Connections without a log-in: of one network, in all, and how long each may stay, ms. */
  strangers: { perNetwork: number; inAll: number; patienceMs: number };
  /** Through which several processes serve together. */
  redis?:
    | {
        door: Redis;
        sharded: boolean;
        /** An event of another process has gone to the screens of this one. */
        onHeard: (rooms: readonly Room[], envelope: Envelope) => void;
      }
    | undefined;
}

export interface Realtime {
  io: Server;
  rooms: Rooms;
  attach(server: HttpServer): void;
  close(): Promise<void>;
}

/** How often ended tokens are looked for, ms. One pass over all sockets is cheaper than a timer on each. */
const EXPIRY_CHECK_MS = 1_000;

/** What needs still more goes over REST, bytes: a line keeps an unfinished message in memory. */
const LARGEST = 4_194_304;

/** What every answer of ours has, where Engine.IO answers: polling, and the change to a WebSocket. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
};

/** The Socket.IO side: who connects is authenticated, joined to the rooms of their session, and served. */
export function createRealtime(options: RealtimeOptions): Realtime {
  const { operations } = options.registry;
  const maxBytesOf = (name: string) => Math.min(operations.get(name)?.maxBytes ?? options.maxPayloadBytes, LARGEST);
  const largest = Math.max(options.maxPayloadBytes, ...[...operations.keys()].map(maxBytesOf));
  const io = new Server({
    path: options.path,
    serveClient: false,
    pingInterval: options.pingIntervalMs,
    pingTimeout: options.pingTimeoutMs,
    maxHttpBufferSize: largest,
    parser: textOnly(maxBytesOf),
    // The doorway sends away who says nothing, long before; this is for who waits for an answer to a token.
    connectTimeout: 20_000,
    upgradeTimeout: 5_000,
    cors: { origin: [...options.corsOrigins] },
  });
  const { broadcasts, deliveries } = options.metrics;
  const rooms = new Rooms(io, {
    broadcast(screens) {
      broadcasts.inc();
      deliveries.inc(screens);
    },
    everyMs: options.headsIntervalMs,
  });
  if (options.redis !== undefined) {
    const { door, sharded, onHeard } = options.redis;
    joinProcesses(io, door, sharded, (names, message) => {
      const envelope = message as Envelope;
      rooms.count(names);
      onHeard(
        names.map((name) => roomOf(envelope.restaurantId, name)),
        envelope,
      );
    });
  }
  const takeMessage = messageLimit(options);
  const { trustProxy } = options;
  const doorway = new Doorway({
    ...{ ...options.strangers, trustProxy, maxPayloadBytes: largest },
    onRefused: (why) => options.metrics.connectionsRefused.inc({ why }),
  });
  options.metrics.connectionsUnknown(() => doorway.unknown);
  io.use((socket, next) => {
    doorway.shown(socket.conn);
    authenticate(socket, options).then(
      () => {
        doorway.joined(socket.conn);
        next();
      },
      (error: unknown) => {
        doorway.refused(socket.conn);
        next(refusal(error, socket, options));
      },
    );
  });
  const served = { ...options, takeMessage };
  io.on('connection', (socket) => welcome(socket, rooms, served));
  options.sessions.onRevoked((target) => {
    // A turn later, so that who ends their own session still gets the acknowledgement.
    setImmediate(() => {
      for (const socket of io.sockets.sockets.values()) {
        if (isTarget(dataOf(socket).actor, target)) endUnlessStill(socket, options);
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
    attach(server) {
      coalesceFrames(server);
      io.attach(server);
      io.engine.on('headers', (headers: Record<string, string>) => Object.assign(headers, HEADERS));
      doorway.guard(server, io);
    },
    async close() {
      clearInterval(expiry);
      doorway.close();
      await io.close();
    },
  };
}

const dataOf = (socket: Socket): SocketData => socket.data as SocketData;

function welcome(socket: Socket, rooms: Rooms, options: RealtimeOptions & MessagesOptions): void {
  const { actor, unsent } = dataOf(socket);
  forgetHandshake(socket);
  const { restaurantId, role } = actor;
  // Join first, read after: whatever is committed from here on reaches this socket.
  void socket.join(roomsOfActor(actor).map((room) => socketRoom(restaurantId, room)));
  rooms.arrive(restaurantId);
  const present = presentOf(actor, options.clock.now(), unsent);
  options.presence.arrive(socket.id, present);
  if (unsent !== undefined) options.onReturned(present);
  options.metrics.connectedSockets.inc({ role });
  const leaves = logStay(socket, options);
  socket.on('disconnect', (reason) => {
    leaves(reason);
    rooms.leave(restaurantId);
    options.presence.leave(socket.id, restaurantId, !reason.endsWith('namespace disconnect'));
    options.metrics.connectedSockets.dec({ role });
  });
  serveMessages(socket, options);
  // A revocation between the handshake and now found no socket to end; who is not the same any more goes.
  endUnlessStill(socket, options);
}

/**
 * A revocation may be heard late, by a process that has just started even a minute late: who has logged in since, or is
 * what they were, stays. Where the database cannot tell, the connection ends and its handshake finds out.
 */
function endUnlessStill(socket: Socket, { sessions }: RealtimeOptions): void {
  sessions.isStill(dataOf(socket).actor).then(
    (isStill) => isStill || end(socket, 'session_ended'),
    () => socket.conn.close(),
  );
}

/** Was the grill's screen on at 19:42? The log says who came with which device, when they left and why. */
function logStay(socket: Socket, { logger }: RealtimeOptions): (reason: string) => void {
  const { actor, ip } = dataOf(socket);
  const { userId, restaurantId, role, deviceId, stationIds } = actor;
  const who = { kind: 'screen', socketId: socket.id, userId, restaurantId, role, deviceId, stationIds, ip };
  const started = performance.now();
  logger.info('A screen connected', { ...who, transport: socket.conn.transport.name });
  return (reason) => {
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    logger.info('A screen left', { ...who, reason: dataOf(socket).endedBy ?? reason, seconds });
  };
}

function presentOf(actor: Actor, since: Date, unsent: Unsent | undefined): Present {
  const { restaurantId, userId, name, role, deviceId, stationIds } = actor;
  const device = { ...(deviceId !== undefined && { deviceId }), ...(unsent !== undefined && { unsent }) };
  return { restaurantId, userId, name, role, stationIds, since, ...device };
}

function end(socket: Socket, code: 'session_ended' | 'token_expired'): void {
  const { title, detail } = toProblem(fail(code));
  dataOf(socket).endedBy = code;
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
