import compression from 'compression';
import cors from 'cors';
import express, { type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from '../../platform/logger.js';
import type { Metrics } from '../../platform/metrics.js';
import { OWN_HOST_ONLY } from './front-page.js';
import { operationsRouter, type RoutesOptions } from './operations-router.js';
import { answerErrors, notFound, observeRequests } from './requests.js';

export interface HttpOptions extends RoutesOptions {
  logger: Logger;
  metrics: Metrics;
  corsOrigins: readonly string[];
  trustProxy: number;
  /** `/livez`, `/readyz`, `/health`. */
  health: Router;
  /** `/`, and what `/api/v1` itself answers. */
  front: Router;
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

/** Guests' names, takings and tokens stay in no cache. */
const notKept: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** The REST side: middleware, health, documents, and every operation as a route. */
export function createHttp(options: HttpOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', options.trustProxy);
  // An ETag here is the version of a thing, to be sent back as If-Match; Express would put a digest in its place.
  app.set('etag', false);
  app.use(observeRequests(options.logger, options.metrics));
  if (options.docs !== undefined) app.use('/docs', options.docs);
  const contentSecurityPolicy = { useDefaults: false, directives: JSON_ONLY };
  app.use(helmet({ contentSecurityPolicy, strictTransportSecurity: OWN_HOST_ONLY }));
  app.use(options.front);
  app.use(options.health);
  app.use(
    cors({
      origin: [...options.corsOrigins],
      exposedHeaders: EXPOSED,
      maxAge: 600,
    }),
  );
  app.use(compression({ threshold: 2048 }));
  app.use('/api/v1', notKept, operationsRouter(options));
  app.use(notFound);
  app.use(answerErrors(options.logger));
  return app;
}
