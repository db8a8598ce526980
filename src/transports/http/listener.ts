import { createServer, type Server } from 'node:http';
import type { Express } from 'express';
import { boundLines } from '../lines.js';
import { refuseLate } from './requests.js';
import { Turnstile } from './turnstile.js';

export interface ListenerOptions {
  maxConnections: number;
  /** Connections of one network on which nobody is known, where there is no proxy in front. */
  strangersPerNetwork: number;
  trustProxy: number;
  corsOrigins: readonly string[];
  logger: { warn(message: string, fields: object): void };
  metrics: {
    requestsShed: { inc(labels: { why: 'gone' | 'late' }): void };
    connectionsRefused: { inc(labels: { why: string }): void };
    requestsWaiting(read: () => number): void;
  };
}

/** A request's line and headers, and the whole of it, must be here in this time: a byte a second is not enough. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How long a kept connection may be silent; longer behind a proxy, for whoever closes last must not be the proxy. */
const IDLE_MS = 10_000;
const IDLE_BEHIND_PROXY_MS = 75_000;
const LOOK_MS = 1_000;
/** A line in the log for each of a thousand refusals would be a part of the load. */
const SAY_MS = 5_000;
const URGENT = /^\/(?:livez|readyz)(?:$|\?)/;

export interface Listener {
  server: Server;
  turnstile: Turnstile;
}

/** The HTTP server with its bounds of time and number, and the turnstile in front of the application. */
export function createListener(app: Express, options: ListenerOptions): Listener {
  const { metrics, logger, trustProxy } = options;
  const refuse = refuseLate(options.corsOrigins);
  const shed = { late: 0, gone: 0 };
  setInterval(() => {
    if (shed.late + shed.gone === 0) return;
    logger.warn('Too much to do: requests were told to come back (late), or their callers had left (gone)', {
      ...shed,
    });
    Object.assign(shed, { late: 0, gone: 0 });
  }, SAY_MS).unref();
  const turnstile = new Turnstile({
    isUrgent: ({ url = '' }) => URGENT.test(url),
    serve: app,
    refuse(req, res) {
      metrics.requestsShed.inc({ why: 'late' });
      shed.late += 1;
      refuse(req, res);
    },
    onGone() {
      metrics.requestsShed.inc({ why: 'gone' });
      shed.gone += 1;
    },
  });
  const server = createServer(
    {
      connectionsCheckingInterval: LOOK_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: trustProxy > 0 ? IDLE_BEHIND_PROXY_MS : IDLE_MS,
    },
    turnstile.handle,
  );
  server.maxConnections = options.maxConnections;
  server.on('connection', turnstile.accepted);
  server.on('drop', () => metrics.connectionsRefused.inc({ why: 'full' }));
  if (trustProxy === 0)
    boundLines(server, options.strangersPerNetwork, () => metrics.connectionsRefused.inc({ why: 'lines' }));
  metrics.requestsWaiting(() => turnstile.waiting);
  return { server, turnstile };
}
