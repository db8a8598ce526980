import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadActor } from './features/auth/index.js';
import { features } from './features.js';
import { fail } from './kernel/errors.js';
import { type Clock, systemClock } from './kernel/time.js';
import type { Config } from './platform/config.js';
import { createDoors } from './platform/doors.js';
import { memoryFigures, watchEventLoop } from './platform/event-loop.js';
import type { Logger } from './platform/logger.js';
import { createMetrics, type Metrics } from './platform/metrics.js';
import { type Database, ensureIndexes, openDatabase } from './platform/mongo.js';
import { attachSocketMetrics } from './platform/socket-metrics.js';
import { createTokens } from './platform/tokens.js';
import { Committer } from './runtime/committer.js';
import { createExecute, type Execute, roomsOf } from './runtime/execute.js';
import { setRetention } from './runtime/journal.js';
import { Lanes } from './runtime/lanes.js';
import { type LimitRules, Limits } from './runtime/limits.js';
import { createRegistry } from './runtime/registry.js';
import { Relay } from './runtime/relay.js';
import { Sessions } from './runtime/sessions.js';
import { docsRouter } from './transports/http/docs-pages.js';
import { type HealthReport, healthRouter } from './transports/http/health.js';
import { createHttp } from './transports/http/server.js';
import { createRealtime } from './transports/realtime/server.js';
import { version } from './version.js';

export interface App {
  execute: Execute;
  metrics: Metrics;
  database: Database;
  /** Starts to serve; answers the address, for instance `http://127.0.0.1:3000`. */
  listen(): Promise<string>;
  /** Refuses new work, lets running work finish, then closes everything; at most `SHUTDOWN_MS`. */
  stop(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  logger: Logger;
  clock?: Clock;
}

/** A command waits and runs at most this long; clients give up on an ack after 10 s. */
const COMMAND_DEADLINE_MS = 8_000;

/** Puts everything together: database, runtime, both transports. Nothing listens yet. */
export async function createApp({ config, logger, clock = systemClock }: AppOptions): Promise<App> {
  setRetention(config.database.journalRetentionDays);
  const database = await openDatabase({ ...config.database, dataDir: config.server.dataDir });
  await ensureIndexes();
  const metrics = createMetrics({ process: config.server.env !== 'test' });
  const tokens = createTokens({ ...config.jwt, clock });
  const { argon2MemoryKib: memoryKib, argon2Passes: passes, pepper } = config.security;
  const doors = createDoors({ pepper, tokens, argon2: { memoryKib, passes } });
  const sessions = new Sessions({
    verifyAccess: tokens.verifyAccess,
    loadActor: (claims) => loadActor(claims, clock.now()),
  });
  const registry = createRegistry(features);
  const checkOutputs = config.server.env !== 'production';
  const lanes = createLanes(metrics, sessions, checkOutputs, (entry) => relay.publish(entry));
  const limits = new Limits(limitRules(config));
  const gate = createGate(
    createExecute({ registry, lanes, limits, doors, clock, deadlineMs: COMMAND_DEADLINE_MS, checkOutputs }),
  );
  const { corsOrigins } = config.security;
  const { execute } = gate;
  const realtime = createRealtime({
    ...config.socket,
    trustProxy: config.server.trustProxy,
    clock,
    corsOrigins,
    registry,
    execute,
    sessions,
    logger,
    metrics,
  });
  if (config.monitoring.metrics) attachSocketMetrics(realtime.io, metrics);
  const relay = new Relay(realtime.rooms, {
    intervalMs: config.socket.headsIntervalMs,
    onError: (error) => logger.error('The relay could not sweep', { error }),
    onPublished: (event) => metrics.eventsPublished.inc({ event }),
  });
  const eventLoop = watchEventLoop();
  const report = reporter({ database, eventLoop, isStopping: () => gate.isClosed });
  const http = createServer(
    createHttp({
      ...{ registry, execute, sessions, metrics, logger, corsOrigins },
      bodyLimitBytes: config.server.bodyLimitBytes,
      trustProxy: config.server.trustProxy,
      health: healthRouter({ metrics, report }),
      docs: config.features.docs ? docsRouter() : undefined,
    }),
  );
  realtime.attach(http);
  return {
    execute,
    metrics,
    database,
    async listen() {
      relay.start();
      return listen(http, config);
    },
    async stop() {
      await gate.close(config.server.shutdownMs);
      await relay.stop();
      const closed = realtime.close();
      // Answers on their way out get a moment; a connection that somebody merely holds open does not keep us.
      setTimeout(() => http.closeAllConnections(), 250).unref();
      await closed;
      lanes.stop();
      eventLoop.close();
      await database.close();
    },
  };
}

function createLanes(metrics: Metrics, sessions: Sessions, freeze: boolean, publish: Relay['publish']): Lanes {
  const committer = new Committer({
    onGroup(size, seconds) {
      metrics.commitGroupSize.observe(size);
      metrics.commitDuration.observe(seconds);
      metrics.laneQueueLength.set(lanes.waiting);
    },
  });
  const lanes = new Lanes({
    committer,
    roomsOf,
    freeze,
    onConflict: () => metrics.journalConflicts.inc(),
    onCommitted(entry, unit) {
      if (entry !== undefined) publish(entry);
      for (const target of unit.revocations) sessions.revoke(target);
    },
  });
  return lanes;
}

function limitRules({ security }: Config): LimitRules {
  const { authAttempts, authWindowMs, readsPerMinute, writesPerMinute, expensivePerHour, anonymousPerWindow } =
    security;
  const seconds = Math.ceil(authWindowMs / 1000);
  return {
    account: { points: authAttempts, seconds },
    // One address may be a whole house: ten times what one account may fail.
    auth: { points: authAttempts * 10, seconds },
    public: { points: anonymousPerWindow, seconds },
    read: { points: readsPerMinute, seconds: 60 },
    write: { points: writesPerMinute, seconds: 60 },
    expensive: { points: expensivePerHour, seconds: 3_600 },
  };
}

/** Counts what is being carried out, so that a stop can wait for it and refuse the rest. */
function createGate(inner: Execute) {
  let running = 0;
  let closed = false;
  let drained: (() => void) | undefined;
  const execute: Execute = async (call) => {
    if (closed) throw fail('stopping', 'The server is stopping; try again in a moment', { retryAfter: 2 });
    running += 1;
    try {
      return await inner(call);
    } finally {
      running -= 1;
      if (running === 0) drained?.();
    }
  };
  return {
    execute,
    get isClosed() {
      return closed;
    },
    async close(limitMs: number): Promise<void> {
      closed = true;
      if (running === 0) return;
      await new Promise<void>((resolve) => {
        drained = resolve;
        setTimeout(resolve, limitMs).unref();
      });
    },
  };
}

interface Reported {
  database: Database;
  eventLoop: ReturnType<typeof watchEventLoop>;
  isStopping: () => boolean;
}

function reporter({ database, eventLoop, isStopping }: Reported): () => Promise<HealthReport> {
  return async () => {
    const pingMs = await database.ping().catch(() => undefined);
    const ok = pingMs !== undefined;
    return {
      status: isStopping() ? 'stopping' : ok ? 'ok' : 'degraded',
      version,
      uptimeSeconds: Math.round(process.uptime()),
      database: { kind: database.kind, ok, ...(pingMs === undefined ? {} : { pingMs: Math.round(pingMs * 10) / 10 }) },
      memory: memoryFigures(),
      eventLoop: eventLoop.lag(),
    };
  };
}

function listen(http: HttpServer, { server }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(server.port, server.host, () => {
      const { port } = http.address() as AddressInfo;
      resolve(server.publicUrl ?? `http://${server.host.includes(':') ? `[${server.host}]` : server.host}:${port}`);
    });
  });
}
