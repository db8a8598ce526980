import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { features } from '../../src/features.js';
import type { Actor } from '../../src/kernel/context.js';
import { newId } from '../../src/kernel/ids.js';
import { permissionsOf } from '../../src/kernel/permissions.js';
import { systemClock } from '../../src/kernel/time.js';
import { loadConfig } from '../../src/platform/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { createMetrics } from '../../src/platform/metrics.js';
import { LocalPresence } from '../../src/platform/presence.js';
import { Redis } from '../../src/platform/redis.js';
import { attachSocketMetrics } from '../../src/platform/socket-metrics.js';
import { createTokens } from '../../src/platform/tokens.js';
import { Limits } from '../../src/runtime/limits.js';
import { createRegistry } from '../../src/runtime/registry.js';
import { Relay } from '../../src/runtime/relay.js';
import { Sessions } from '../../src/runtime/sessions.js';
import { createRealtime } from '../../src/transports/realtime/server.js';
import { answerParent } from '../children.js';
import { cpuMicros, memoryNow, paced } from './paced.js';
import { sampleEntry } from './payload.js';

/** Our relay, rooms, sessions and socket transport as in the running server; only the database is left out. */
const secret = 'bench '.repeat(8);
const { limits } = loadConfig({ file: false, env: { JWT_SECRET: secret, PIN_PEPPER: secret } });
const tokens = createTokens({
  secret,
  accessTtlSeconds: 3_600,
  refreshTtlSeconds: 3_600,
  clock: systemClock,
});
const sessions = new Sessions({
  verifyAccess: tokens.verifyAccess,
  loadActor: async ({ sub, sid, rid, role }): Promise<Actor> => ({
    kind: 'staff',
    userId: sub,
    name: 'Wanda Waiter',
    restaurantId: rid,
    role,
    permissions: permissionsOf(role),
    sessionId: sid,
    stationIds: [],
  }),
});
const metrics = createMetrics();
const logger = createLogger({ level: 'warn', format: 'json' });
const [, , redisUrl] = process.argv;
const redis =
  redisUrl === undefined
    ? undefined
    : await Redis.connect({ url: redisUrl, sharded: false, prefix: 'bench', logger, metrics });
const realtime = createRealtime({
  trustProxy: 0,
  clock: systemClock,
  presence: new LocalPresence({ graceMs: 3_000 }),
  onReturned: () => undefined,
  path: '/socket.io',
  headsIntervalMs: 2_000,
  pingIntervalMs: 25_000,
  pingTimeoutMs: 20_000,
  maxPayloadBytes: 1_048_576,
  messagesPerSecond: 50,
  messageBurst: 200,
  corsOrigins: [],
  strangers: { perNetwork: 5_000, inAll: 5_000, patienceMs: 5_000 },
  registry: createRegistry(features),
  execute: () => Promise.reject(new Error('This scenario sends no commands')),
  sessions,
  limits: new Limits(limits),
  logger,
  metrics,
  redis: redis && { door: redis, sharded: false, onHeard: (rooms, envelope) => relay.heard(rooms, envelope) },
});
attachSocketMetrics(realtime.io, metrics);
const relay = new Relay(realtime.rooms, {
  intervalMs: 2_000,
  onError: () => undefined,
  onPublished: (event) => metrics.eventsPublished.inc({ event }),
});
const http = createServer();
realtime.attach(http);
let n = 0;
let restaurants: string[] = [];

answerParent({
  /** A second process has the same restaurants and emits nothing of its own. */
  async join() {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  },
  async listen({ restaurants: count, screens }: { restaurants: number; screens: number }) {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    restaurants = Array.from({ length: count }, newId);
    const signed = restaurants.flatMap((rid) =>
      Array.from(
        { length: screens },
        () => tokens.signAccess({ sub: newId(), sid: newId(), rid, role: 'waiter' }).token,
      ),
    );
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, tokens: signed };
  },
  memory: memoryNow,
  emit: (events: number) =>
    paced(events, (i) => {
      n += 1;
      relay.publish(sampleEntry(restaurants[i % restaurants.length] ?? '', n));
    }),
  cpuMicros,
});
