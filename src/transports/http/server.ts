import compression from 'compression';
import cors from 'cors';
import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from '../../platform/logger.js';
import type { Metrics } from '../../platform/metrics.js';
import { operationsRouter, type RoutesOptions } from './operations-router.js';
import { answerErrors, notFound, observeRequests } from './requests.js';

export interface HttpOptions extends RoutesOptions {
  logger: Logger;
  metrics: Metrics;
  corsOrigins: readonly string[];
  trustProxy: number;
  /** `/livez`, `/readyz`, `/health`, `/metrics`. */
  health: Router;
  /** The pages of the contract, or none. */
  docs: Router | undefined;
}

const EXPOSED = [
  ...['X-Request-Id', 'ETag', 'Retry-After', 'Idempotency-Replayed', 'RateLimit', 'RateLimit-Policy'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
];

/** Nothing served here is a page: no script, no style, no frame. The pages under /docs have policies of their own. */
const JSON_ONLY = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** The REST side: middleware, health, documents, and every operation as a route. */
export function createHttp(options: HttpOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', options.trustProxy);
  app.use(observeRequests(options.logger, options.metrics));
  if (options.docs !== undefined) app.use('/docs', options.docs);
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: JSON_ONLY } }));
  app.use(options.health);
  app.use(
    cors({
      origin: [...options.corsOrigins],
      exposedHeaders: EXPOSED,
      maxAge: 600,
    }),
  );
  app.use(compression({ threshold: 2048 }));
  app.use('/api/v1', operationsRouter(options));
  app.use(notFound);
  app.use(answerErrors(options.logger));
  return app;
}
