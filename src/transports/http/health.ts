import { type RequestHandler, Router } from 'express';
import type { Metrics } from '../../platform/metrics.js';

export interface HealthReport {
  /** `overloaded`: some requests are told to come back. It stays ready, for sending them to others would overload those. */
  status: 'ok' | 'overloaded' | 'degraded' | 'stopping';
  /** Whether a balancer should send anything here. Without Redis at all every process goes on; a deaf one steps back. */
  ready: boolean;
  version: string;
  uptimeSeconds: number;
  database: { kind: string; ok: boolean; pingMs?: number; problem?: string };
  /** Of the data folder, bytes; absent where it cannot be told. */
  disk?: { freeBytes: number; sizeBytes: number } | undefined;
  redis?: { state: 'ok' | 'deaf' | 'lost' };
  memory: object;
  eventLoop: object;
}

type Report = () => Promise<HealthReport>;

/** Names the route for metrics and log; what is true now is no page to keep. */
const routed =
  (route: string, handler: RequestHandler): RequestHandler =>
  (req, res, next) => {
    res.locals.route = route;
    res.setHeader('Cache-Control', 'no-store');
    return handler(req, res, next);
  };

/**
 * What anybody may know. `/livez`: the process runs. `/readyz`: it can serve (503 otherwise). `/health`: how it is, in a
 * word; with `detailsAt`, as in development, also what it is busy with, and where the figures are.
 */
export function healthRouter(report: Report, detailsAt?: () => string | undefined): Router {
  const router = Router();
  router.get(
    '/livez',
    routed('/livez', (_req, res) => void res.json({ status: 'ok' })),
  );
  router.get(
    '/readyz',
    routed('/readyz', async (_req, res) => {
      const { status, ready, database, redis } = await report();
      const { kind: _, ...rest } = database;
      res.status(ready ? 200 : 503).json({ status, database: rest, redis });
    }),
  );
  router.get(
    '/health',
    routed('/health', async (_req, res) => {
      const { version: _, database, ...shown } = await report();
      if (detailsAt === undefined) return void res.json({ status: shown.status });
      const { kind: __, ...rest } = database;
      res.json({ ...shown, database: rest, metrics: detailsAt() });
    }),
  );
  return router;
}

/** What the operator may know, on a listener of its own: everything about its health, and `/metrics` for Prometheus. */
export function figuresRouter(report: Report, metrics: Metrics): Router {
  const router = Router();
  router.get(
    '/health',
    routed('/health', async (_req, res) => void res.json(await report())),
  );
  router.get(
    '/metrics',
    routed('/metrics', async (_req, res) => {
      res.type(metrics.contentType).send(await metrics.text());
    }),
  );
  return router;
}
