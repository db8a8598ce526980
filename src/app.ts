import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from 'express';
import { deviceReturned, loadActor, reportReturned } from './features/auth/index.js';
import { features as allFeatures } from './features.js';
import type { Feature } from './kernel/feature.js';
import { type Clock, systemClock } from './kernel/time.js';
import type { Config } from './platform/config.js';
import { Disk } from './platform/disk.js';
import { createDoors, digestBy } from './platform/doors.js';
import { memoryFigures, watchEventLoop } from './platform/event-loop.js';
import { ensureIndexes } from './platform/indexes.js';
import { sparingly } from './platform/log-sparing.js';
import type { Logger } from './platform/logger.js';
import { createMetrics, type Metrics } from './platform/metrics.js';
import { type Database, fromDatabase, isDiskFull, openDatabase } from './platform/mongo.js';
import { checkPepper } from './platform/pepper-mark.js';
import { LocalPresence } from './platform/presence.js';
import { Redis } from './platform/redis.js';
import { SharedPresence } from './platform/shared-presence.js';
import { attachSocketMetrics } from './platform/socket-metrics.js';
import { notListening } from './platform/surroundings.js';
import { createTokens } from './platform/tokens.js';
import { AccountQueue } from './runtime/account-queue.js';
import { Committer } from './runtime/committer.js';
import { Duties } from './runtime/duties.js';
import { createExecute, createPerform, type Entrance, type Execute, roomsOf } from './runtime/execute.js';
import { Gate } from './runtime/gate.js';
import { setRetention } from './runtime/journal.js';
import { Lanes } from './runtime/lanes.js';
import { Limits } from './runtime/limits.js';
import { Processes } from './runtime/processes.js';
import { type Drop, QueryCache } from './runtime/query-cache.js';
import { createRegistry } from './runtime/registry.js';
import { Relay } from './runtime/relay.js';
import { Revocations } from './runtime/revocations.js';
import { Rounds } from './runtime/rounds.js';
import { Sessions } from './runtime/sessions.js';
import { Turns } from './runtime/turns.js';
import { docsRouter } from './transports/http/docs-pages.js';
import { Figures } from './transports/http/figures.js';
import { frontPage } from './transports/http/front-page.js';
import { figuresRouter, type HealthReport, healthRouter } from './transports/http/health.js';
import { createListener } from './transports/http/listener.js';
import { createHttp } from './transports/http/server.js';
import { createRealtime } from './transports/realtime/server.js';
import { version } from './version.js';

export interface App {
  execute: Execute;
  metrics: Metrics;
  database: Database;
  /** Starts to serve; answers the address, for instance `http://127.0.0.1:3000`. */
  listen(): Promise<string>;
  /** The TCP port it listens on, once it serves. */
  port(): number;
  /** Where Prometheus finds the metrics, once it serves; undefined without METRICS. */
  metricsUrl(): string | undefined;
  /** Refuses new work, lets running work finish, then closes everything; at most `SHUTDOWN_MS`. */
  stop(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  logger: Logger;
  clock?: Clock;
  /** What it can do; all features when not given. */
  features?: readonly Feature[];
}

/** A command waits and runs at most this long; clients give up on an ack after 10 s. */
const COMMAND_DEADLINE_MS = 8_000;

/** Puts everything together: database, runtime, both transports. Nothing listens yet. */
export async function createApp({
  config,
  logger,
  clock = systemClock,
  features = allFeatures,
}: AppOptions): Promise<App> {
  setRetention(config.database.journalRetentionDays);
  const database = await openDatabase({ ...config.database, dataDir: config.server.dataDir });
  await checkPepper(digestBy(config.security.pepper));
  await ensureIndexes();
  const metrics = createMetrics({ process: config.server.env !== 'test' });
  const redis = await openRedis(config, logger, metrics);
  const tokens = createTokens({ ...config.jwt, clock });
  const { argon2MemoryKib: memoryKib, argon2Passes: passes, pepper } = config.security;
  const presence = new LocalPresence({ graceMs: config.socket.graceMs });
  // What goes wrong again and again behind the scenes is worth a line, not two a second.
  const sparing = sparingly((message, fields) => logger.error(message, fields));
  const processes = new Processes({
    onError: (error) =>
      isDiskFull(error)
        ? sparing("The database's disk is full: nothing can be written until there is room", {})
        : sparing('The sign of life could not be given', { error }),
    onFoundDead(dead) {
      metrics.deadProcesses.inc();
      logger.warn('A process died; its database sessions are ended', dead);
      redis?.publish('died', dead.id);
    },
  });
  const everywhere = redis && new SharedPresence(processes.id, presence, redis);
  redis?.on('died', (id) => everywhere?.forget(String(id)));
  const doors = createDoors({
    ...{ pepper, tokens, argon2: { memoryKib, passes }, presence: everywhere ?? presence },
    signUp: config.features.signUp,
  });
  const sessions = new Sessions({
    verifyAccess: tokens.verifyAccess,
    loadActor: (claims) => fromDatabase(loadActor(claims, clock.now())),
    onKnown: ({ deviceId }) => metrics.readsSaved.inc({ by: 'session' }, deviceId === undefined ? 3 : 4),
  });
  const registry = createRegistry(features);
  const checkOutputs = config.server.env !== 'production';
  const intervalMs = config.socket.headsIntervalMs;
  const revocations = new Revocations({
    intervalMs,
    apply: (target) => sessions.revoke(target),
    tell: (revocation) => redis?.publish('revoked', revocation),
    onError: (error) => sparing('Revocations could not be read', { error }),
  });
  redis?.on('revoked', (message) => revocations.heard(message as Parameters<Revocations['heard']>[0]));
  const cache = new QueryCache({
    maxBytes: config.server.cacheMegabytes * 1_048_576,
    intervalMs,
    onEvent(name, event, count, reads) {
      metrics.cacheEvents.inc({ query: name, outcome: event }, count);
      if (reads > 0) metrics.readsSaved.inc({ by: 'cache' }, reads);
    },
    announce: (drops) => redis?.publish('changed', drops),
  });
  redis?.on('changed', (message) => cache.heardAll(message as readonly Drop[]));
  const turns = redis && new Turns(redis, metrics);
  const lanes = createLanes({
    ...{ metrics, revocations, cache, processes, turns, freeze: checkOutputs },
    publish: (entry) => relay.publish(entry),
  });
  const limits = new Limits(
    config.limits,
    redis && { client: redis.commands, prefix: redis.prefix, onStall: () => metrics.limitStalls.inc() },
  );
  const pipeline = {
    ...{
      registry,
      lanes,
      limits,
      accounts: new AccountQueue(),
      cache,
      doors,
      clock,
      deadlineMs: COMMAND_DEADLINE_MS,
      checkOutputs,
    },
    onEntrance: (entrance: Entrance) => logger.info('Log-in', { ...entrance }),
    onUnexpected: (error: unknown, requestId: string) =>
      logger.error('A command of a batch failed unexpectedly', { requestId, error }),
  };
  const gate = new Gate(createExecute(pipeline));
  const perform = createPerform(pipeline);
  const returned = { name: 'device:report-returned', emits: [deviceReturned] };
  const duties = new Duties({
    ...{ registry, clock, perform, intervalMs: config.server.dutyIntervalMs },
    onError: (error, duty) => sparing('A duty could not be done', { duty, error }),
  });
  // Twenty screens that come back at once are one look or two, not twenty.
  presence.onChange((restaurantId, isNews) => isNews && duties.attend(restaurantId));
  const { corsOrigins } = config.security;
  const { execute } = gate;
  const { strangersPerNetwork: perNetwork, strangers: inAll, strangerMs: patienceMs } = config.doors;
  const realtime = createRealtime({
    ...config.socket,
    strangers: { perNetwork, inAll, patienceMs },
    trustProxy: config.server.trustProxy,
    publicUrl: config.server.publicUrl,
    clock,
    presence,
    onReturned(present) {
      perform(returned, present.restaurantId, (context) => reportReturned(context, present)).catch((error: unknown) =>
        logger.error('A returned device could not be reported', { error }),
      );
    },
    corsOrigins,
    registry,
    execute,
    sessions,
    limits,
    logger,
    metrics,
    redis: redis && {
      door: redis,
      sharded: config.redis.sharded,
      onHeard: (rooms, envelope) => relay.heard(rooms, envelope),
    },
  });
  if (config.monitoring.metrics) attachSocketMetrics(realtime.io, metrics);
  const relay = new Relay(realtime.rooms, {
    intervalMs,
    onError: (error) => sparing('The relay could not sweep', { error }),
    onPublished: (event) => metrics.eventsPublished.inc({ event }),
  });
  const sweeps = new Rounds(
    intervalMs,
    () => cache.sweep(),
    (error) => sparing('The cache could not compare heads', { error }),
  );
  const eventLoop = watchEventLoop();
  const disk = new Disk({
    folder: config.server.dataDir,
    isFull: () => isDiskFull(processes.failure),
    gauge: metrics.diskFree,
    onLow: (room) => logger.warn('The disk of the data folder is nearly full', room),
  });
  const report = reporter({
    ...{ database, disk, redis, eventLoop },
    isStopping: () => gate.isClosed,
    isOverloaded: () => turnstile.isOverloaded,
  });
  const { server: http, turnstile } = createListener(
    createHttp({
      ...{ registry, execute, sessions, limits, metrics, logger, corsOrigins },
      bodyLimitBytes: config.server.bodyLimitBytes,
      trustProxy: config.server.trustProxy,
      health: healthRouter(report, config.server.env === 'production' ? undefined : () => figures?.url),
      front: frontPage({ socketPath: config.socket.path, docs: config.features.docs }),
      docs: config.features.docs ? docsRouter() : undefined,
    }),
    { ...config.doors, trustProxy: config.server.trustProxy, corsOrigins, logger, metrics },
  );
  realtime.attach(http);
  const figures = figuresOf(config, logger, figuresRouter(report, metrics));
  return {
    execute,
    metrics,
    database,
    async listen() {
      await processes.start();
      await everywhere?.start();
      await revocations.sweep();
      revocations.start();
      relay.start();
      await cache.sweep();
      sweeps.start();
      duties.start();
      disk.start();
      await figures?.listen();
      return listen(http, config);
    },
    port: () => (http.address() as AddressInfo).port,
    metricsUrl: () => figures?.url,
    async stop() {
      await gate.close(config.server.shutdownMs);
      everywhere?.close();
      presence.close();
      await duties.stop();
      await Promise.all([relay.stop(), revocations.stop(), sweeps.stop()]);
      const closed = realtime.close();
      // Answers on their way out get a moment; a connection that somebody merely holds open does not keep us.
      setTimeout(() => http.closeAllConnections(), 250).unref();
      await closed;
      lanes.stop();
      turns?.stop();
      await processes.stop();
      redis?.close();
      figures?.close();
      eventLoop.close();
      disk.stop();
      await database.close();
    },
  };
}

function figuresOf({ monitoring }: Config, logger: Logger, router: Router): Figures | undefined {
  const { metrics, metricsHost: host, metricsPort: port } = monitoring;
  if (!metrics) return undefined;
  return new Figures({
    ...{ host, port, router },
    onTaken: () => logger.warn(`METRICS_PORT ${port} is taken by another program; the metrics are on another port`),
  });
}

/** Several processes serve together through Redis; without REDIS_URL this one serves alone. */
async function openRedis(config: Config, logger: Logger, metrics: Metrics): Promise<Redis | undefined> {
  const { url, sharded } = config.redis;
  if (url === undefined) return undefined;
  return Redis.connect({ url, sharded, prefix: `brigade:${config.database.name}`, logger, metrics });
}

interface LaneParts {
  metrics: Metrics;
  revocations: Revocations;
  cache: QueryCache;
  processes: Processes;
  turns: Turns | undefined;
  freeze: boolean;
  publish: Relay['publish'];
}

function createLanes({ metrics, revocations, cache, processes, turns, freeze, publish }: LaneParts): Lanes {
  const committer = new Committer({
    onSession: (session) => processes.register(session),
    onLost: (session) => processes.end(session),
    onGroup(size, seconds) {
      metrics.commitGroupSize.observe(size);
      metrics.commitDuration.observe(seconds);
      metrics.laneQueueLength.set(lanes.waiting);
    },
  });
  const lanes = new Lanes({
    committer,
    turns,
    roomsOf,
    freeze,
    onSaved: () => metrics.readsSaved.inc({ by: 'lane' }),
    onConflict(restaurantId) {
      metrics.journalConflicts.inc();
      cache.forget(restaurantId);
    },
    onFound: (entry) => cache.heard(entry),
    onCommitted(entry, unit) {
      // First of all: who is acknowledged, or told, and then asks must see it.
      cache.committed(unit.restaurantId, [...unit.changes.keys()], entry);
      if (entry !== undefined) publish(entry);
      revocations.committed(unit.revocations);
    },
  });
  return lanes;
}

interface Reported {
  database: Database;
  disk: Disk;
  redis: Redis | undefined;
  eventLoop: ReturnType<typeof watchEventLoop>;
  isStopping: () => boolean;
  isOverloaded: () => boolean;
}

function reporter(reported: Reported): () => Promise<HealthReport> {
  const { database, disk, redis, eventLoop, isStopping, isOverloaded } = reported;
  let pinging: Promise<number | undefined> | undefined;
  // However many ask, one look at the database at a time.
  const ping = () => {
    pinging ??= database
      .ping()
      .catch(() => undefined)
      .finally(() => {
        pinging = undefined;
      });
    return pinging;
  };
  return async () => {
    const pingMs = await ping();
    const { isFull } = disk;
    const ok = pingMs !== undefined && !isFull;
    const state = redis?.state;
    const works = ok && (state ?? 'ok') === 'ok';
    return {
      status: isStopping() ? 'stopping' : !works ? 'degraded' : isOverloaded() ? 'overloaded' : 'ok',
      ready: ok && !isStopping() && state !== 'deaf',
      version,
      uptimeSeconds: Math.round(process.uptime()),
      database: {
        kind: database.kind,
        ok,
        ...(pingMs === undefined ? {} : { pingMs: Math.round(pingMs * 10) / 10 }),
        ...(isFull ? { problem: 'Its disk is full: nothing can be written until there is room' } : {}),
      },
      disk: await disk.room(),
      ...(state === undefined ? {} : { redis: { state } }),
      memory: memoryFigures(),
      eventLoop: eventLoop.lag(),
    };
  };
}

/**
 * Connections that may wait in the kernel to be taken in. Longer, and who waits there has given up before anybody sees
 * it; shorter, and of a thousand tablets that come back many try again a second later.
 */
const BACKLOG = 1024;

function listen(http: HttpServer, { server }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (error) => reject(notListening(server.host, server.port, error)));
    http.listen({ port: server.port, host: server.host, backlog: BACKLOG }, () => {
      const { port } = http.address() as AddressInfo;
      resolve(server.publicUrl ?? `http://${server.host.includes(':') ? `[${server.host}]` : server.host}:${port}`);
    });
  });
}
