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

export interface HealthOptions {
  metrics: Metrics;
  report: () => Promise<HealthReport>;
}

/** `/livez`: the process runs. `/readyz`: it can serve (503 otherwise). `/health`: both in words. `/metrics`: Prometheus. */
export function healthRouter({ metrics, report }: HealthOptions): Router {
  const router = Router();
  const routed =
    (route: string, handler: RequestHandler): RequestHandler =>
    (req, res, next) => {
      res.locals.route = route;
      res.setHeader('Cache-Control', 'no-store');
      return handler(req, res, next);
    };
  router.get(
    '/livez',
    routed('/livez', (_req, res) => void res.json({ status: 'ok' })),
  );
  router.get(
    '/readyz',
    routed('/readyz', async (_req, res) => {
      const { status, ready, database, redis } = await report();
      res.status(ready ? 200 : 503).json({ status, database, redis });
    }),
  );
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
