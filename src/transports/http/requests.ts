import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { BrigadeError, fail, type Problem, toProblem } from '../../kernel/errors.js';
import type { Logger } from '../../platform/logger.js';
import type { Metrics } from '../../platform/metrics.js';

/** What the middleware hangs on a response for the access log and the metrics. */
export interface RequestNotes {
  requestId: string;
  started: number;
  /** The route's pattern, never the path itself: label values must stay few. */
  route?: string;
  operation?: string;
  userId?: string;
  restaurantId?: string;
}

export const notesOf = (res: Response): RequestNotes => res.locals as RequestNotes;

const REQUEST_ID = /^[\w.:-]{8,64}$/;

/** Gives each request its id (the caller's own when it is sane), and writes one log line and the metrics at its end. */
export function observeRequests(logger: Logger, metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
    Object.assign(notesOf(res), { requestId, started: performance.now() });
    res.setHeader('X-Request-Id', requestId);
    const finished = metrics.httpStarted();
    res.once('close', () => {
      const { started, route = 'unmatched', operation, userId, restaurantId } = notesOf(res);
      const durationMs = performance.now() - started;
      finished({ method: req.method, route, status: res.statusCode, durationMs });
      logger.request({
        kind: 'http',
        operation,
        method: req.method,
        path: req.originalUrl,
        status: res.statusCode,
        durationMs,
        requestId,
        userId,
        restaurantId,
        ip: req.ip,
        bytes: Number(res.getHeader('content-length') ?? 0),
      });
    });
    next();
  };
}

export function sendProblem(res: Response, problem: Problem): void {
  if (problem.retryAfter !== undefined) res.setHeader('Retry-After', String(problem.retryAfter));
  if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

export const notFound: RequestHandler = (req) => {
  throw fail('not_found', `Nothing is at ${req.path}`);
};

/** The last handler: every error becomes problem+json; what is not ours shows nothing but the id to search for. */
export function answerErrors(logger: Logger) {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, req: Request, res: Response, _next: NextFunction): void => {
    const { requestId } = notesOf(res);
    const error = asOurs(thrown);
    if (!(error instanceof BrigadeError) || error.cause !== undefined)
      logger.error('A request failed unexpectedly', { requestId, method: req.method, path: req.path, error });
    if (res.headersSent) res.destroy();
    else sendProblem(res, toProblem(error, requestId));
  };
}

/** The body parser's and express's own errors in our terms. */
function asOurs(error: unknown): unknown {
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.parse.failed') return fail('malformed', 'The body is not valid JSON');
  if (type === 'entity.too.large') return fail('payload_too_large');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') return fail('unsupported_media_type');
  if (
    error instanceof URIError ||
    (status !== undefined && status >= 400 && status < 500 && !(error instanceof BrigadeError))
  ) {
    return fail('malformed', 'The request could not be read');
  }
  return error;
}
