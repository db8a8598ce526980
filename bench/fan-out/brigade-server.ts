import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { features } from '../../src/features.js';
import type { Actor } from '../../src/kernel/context.js';
import { newId } from '../../src/kernel/ids.js';
import { permissionsOf } from '../../src/kernel/permissions.js';
import { systemClock } from '../../src/kernel/time.js';
import { createLogger } from '../../src/platform/logger.js';
import { createMetrics } from '../../src/platform/metrics.js';
import { attachSocketMetrics } from '../../src/platform/socket-metrics.js';
import { createTokens } from '../../src/platform/tokens.js';
import { createRegistry } from '../../src/runtime/registry.js';
import { Relay } from '../../src/runtime/relay.js';
import { Sessions } from '../../src/runtime/sessions.js';
import { createRealtime } from '../../src/transports/realtime/server.js';
import { answerParent } from '../children.js';
import { memoryNow, paced } from './paced.js';
import { sampleEntry } from './payload.js';

/** Our relay, rooms, sessions and socket transport as in the running server; only the database is left out. */
const tokens = createTokens({
  secret: 'bench '.repeat(8),
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
const realtime = createRealtime({
  trustProxy: 0,
  clock: systemClock,
  path: '/socket.io',
  pingIntervalMs: 25_000,
  pingTimeoutMs: 20_000,
  maxPayloadBytes: 1_048_576,
  messagesPerSecond: 50,
  messageBurst: 200,
  corsOrigins: [],
  registry: createRegistry(features),
  execute: () => Promise.reject(new Error('This scenario sends no commands')),
  sessions,
  logger: createLogger({ level: 'warn', format: 'json' }),
  metrics,
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
  settle: () => paced(0, () => undefined),
});
