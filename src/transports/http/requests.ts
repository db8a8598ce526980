import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { BrigadeError, fail, type Problem, toProblem } from '../../kernel/errors.js';
import type { Logger } from '../../platform/logger.js';
import type { Metrics } from '../../platform/metrics.js';
import { isKnownLine } from '../lines.js';

/** What the middleware hangs on a response for the access log and the metrics. */
export interface RequestNotes {
  requestId: string;
  started: number;
  /** The route's pattern, never the path itself: label values must stay few. */
  route?: string;
  operation?: string;
  /** What the problem was, where it was one. */
  code?: string;
  detail?: string | undefined;
  userId?: string;
  restaurantId?: string;
}

export const notesOf = (res: Response): RequestNotes => res.locals as RequestNotes;

/** As nginx writes it: the caller had gone before the answer. It never goes out. */
const GONE = 499;

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
      const { started, route = 'unmatched', operation, code, detail, userId, restaurantId } = notesOf(res);
      const durationMs = performance.now() - started;
      const status = res.writableFinished ? res.statusCode : GONE;
      if (userId !== undefined) isKnownLine(req.socket);
      finished({ method: req.method, route, status, durationMs });
      logger.request({
        kind: 'http',
        operation,
        method: req.method,
        path: req.originalUrl,
        status,
        ...(status === GONE ? { code: 'aborted' } : { code, detail }),
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

/** What an answer always has, where the way through Express would cost more than it is worth. */
const REFUSED_HEADERS = {
  'Content-Type': 'application/problem+json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id',
  Vary: 'Origin',
};

/**
 * Refuses what has waited too long, as cheaply as can be: when there are a thousand a second, this is all the server does.
 * Those refused together are not to come back together.
 */
export function refuseLate(corsOrigins: readonly string[]): RequestListener {
  return (req, res) => {
    const retryAfter = 1 + Math.floor(Math.random() * 3);
    const requestId = randomUUID();
    const problem = fail('overloaded', 'The server has too much to do right now', { retryAfter });
    const { origin } = req.headers;
    const allowed = origin !== undefined && corsOrigins.includes(origin);
    const body = JSON.stringify(toProblem(problem, requestId));
    res.writeHead(problem.status, {
      ...REFUSED_HEADERS,
      ...(allowed && { 'Access-Control-Allow-Origin': origin }),
      'Retry-After': retryAfter,
      'X-Request-Id': requestId,
      'Content-Length': Buffer.byteLength(body),
      // What is not read of the request would have to be.
      Connection: 'close',
    });
    res.end(body);
  };
}

export const notFound: RequestHandler = (req) => {
  throw fail('not_found', `Nothing is at ${req.path.slice(0, 120)}`);
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
    else {
      const problem = toProblem(error, requestId);
      Object.assign(notesOf(res), { code: problem.code, detail: problem.detail });
      sendProblem(res, problem);
    }
  };
}

/** How the operations' routes mark a body that they do not let the parser read. */
export const COSTLY_BODY = 'entity.costly';

/** The body parser's and express's own errors in our terms. */
export function asOurs(error: unknown): unknown {
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.parse.failed') return fail('malformed', 'The body is not valid JSON');
  if (type === COSTLY_BODY) return fail('malformed', (error as Error).message);
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
