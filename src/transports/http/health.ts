import { type RequestHandler, Router } from 'express';
import type { Metrics } from '../../platform/metrics.js';

export interface HealthReport {
  status: 'ok' | 'degraded' | 'stopping';
  version: string;
  uptimeSeconds: number;
  database: { kind: string; ok: boolean; pingMs?: number };
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
      const { status, database } = await report();
      res.status(status === 'ok' ? 200 : 503).json({ status, database });
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
