import { json, type Request, type RequestHandler, type Response, Router } from 'express';
import { type Actor, anonymous } from '../../kernel/context.js';
import { BrigadeError, fail, invalid } from '../../kernel/errors.js';
import type { Operation } from '../../kernel/operation.js';
import { type Metrics, timed } from '../../platform/metrics.js';
import type { Execute, Outcome } from '../../runtime/execute.js';
import type { LimitState, LimitStates, Limits } from '../../runtime/limits.js';
import type { Registry } from '../../runtime/registry.js';
import type { Sessions } from '../../runtime/sessions.js';
import { isCostlyJson, TOO_COSTLY } from '../json-cost.js';
import { asOurs, COSTLY_BODY, notesOf } from './requests.js';

export interface RoutesOptions {
  registry: Registry;
  execute: Execute;
  sessions: Sessions;
  limits: Limits;
  metrics: Metrics;
  bodyLimitBytes: number;
}

/** Every declared operation as an Express route below `/api/v1`. */
export function operationsRouter(options: RoutesOptions): Router {
  const router = Router({ caseSensitive: true });
  router.use(requireJson);
  const paths = new Map<string, string[]>();
  for (const operation of bySpecificity([...options.registry.operations.values()])) {
    const { method, path } = operation.rest;
    router[method](path, serve(operation, options));
    paths.set(path, [...(paths.get(path) ?? []), method.toUpperCase()]);
  }
  for (const [path, methods] of paths) router.all(path, refuseMethod(methods));
  return router;
}

/** `/tickets/all-day` before `/tickets/:ticketId`: a literal segment wins whatever the order of declaration. */
function bySpecificity(operations: Operation[]): Operation[] {
  const rank = ({ rest }: Operation) => rest.path.replace(/:[^/]+/g, '~');
  return operations.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function refuseMethod(methods: readonly string[]): RequestHandler {
  return (req, res) => {
    res.setHeader('Allow', methods.join(', '));
    throw fail('method_not_allowed', `${req.path} takes ${methods.join(', ')}`);
  };
}

const requireJson: RequestHandler = (req, _res, next) => {
  const length = req.get('content-length');
  const hasBody = req.get('transfer-encoding') !== undefined || (length !== undefined && length !== '0');
  if (hasBody && !req.is('application/json')) throw fail('unsupported_media_type', 'The body must be application/json');
  next();
};

function serve(operation: Operation, options: RoutesOptions): RequestHandler {
  const { execute, metrics } = options;
  const readBody = bodyReader(operation, options.bodyLimitBytes);
  return async (req, res) => {
    const notes = notesOf(res);
    const limits: LimitStates = [];
    Object.assign(notes, { route: `/api/v1${operation.rest.path}`, operation: operation.name });
    const done = timed(metrics, operation.name, 'http');
    try {
      const actor = await actorOf(req, operation, options, limits);
      Object.assign(notes, { userId: actor.userId || undefined, restaurantId: actor.restaurantId || undefined });
      const outcome = await execute({
        operation,
        // What somebody sends to what they may not do is never parsed.
        async readInput() {
          await readBody(req, res);
          return inputOf(req, operation);
        },
        actor,
        requestId: notes.requestId,
        ip: req.ip ?? '',
        key: keyOf(req, operation),
        expectedVersion: versionOf(req),
        hasLeft: () => res.closed || req.socket.destroyed,
        limits,
      });
      done(outcome.replayed ? 'replayed' : 'ok');
      showLimits(res, limits);
      answer(res, outcome);
    } catch (error) {
      showLimits(res, limits);
      done(error instanceof BrigadeError ? error.code : 'internal');
      throw error;
    }
  };
}

/** Largest body of an operation that anybody may call, bytes: a sign-up has not a hundredth of it. */
const PUBLIC_BODY_BYTES = 65_536;

function bodyReader(
  { permission, maxBytes }: Operation,
  usual: number,
): (req: Request, res: Response) => Promise<void> {
  const limit = maxBytes ?? (permission === 'public' ? Math.min(PUBLIC_BODY_BYTES, usual) : usual);
  const parse = json({ limit, strict: true, verify: refuseCostly });
  return (req, res) =>
    new Promise((resolve, reject) => {
      parse(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(asOurs(error))));
    });
}

function refuseCostly(_req: unknown, _res: unknown, body: Buffer): void {
  // Its own error type: the parser writes a status into what is thrown here, and ours is fixed by its code.
  if (isCostlyJson(body.toString('latin1'))) throw Object.assign(new Error(TOO_COSTLY), { type: COSTLY_BODY });
}

async function actorOf(
  req: Request,
  operation: Operation,
  options: RoutesOptions,
  states: LimitStates,
): Promise<Actor> {
  if (operation.permission === 'public') return anonymous;
  const { sessions, limits } = options;
  const [, token = ''] = /^Bearer (\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  try {
    if (token === '') throw fail('unauthenticated', 'Send an access token: Authorization: Bearer …');
    return (await sessions.authenticate(token)).actor;
  } catch (error) {
    return limits.refused(error, req.ip ?? '', token, states);
  }
}

/** Path, query and body in one object. A body may not name what the path names. */
function inputOf(req: Request, { rest }: Operation): unknown {
  const given: unknown = rest.method === 'get' || rest.method === 'delete' ? req.query : (req.body ?? {});
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw fail('malformed', 'The body must be a JSON object');
  for (const name of Object.keys(req.params)) if (name in given) throw invalid(name, 'stands in the path already');
  return { ...given, ...req.params };
}

/** The first not `~`: with that begin the keys that commands without one are given. */
const KEY = /^(?!~)[\x21-\x7e]{1,128}$/;

function keyOf(req: Request, operation: Operation): string | undefined {
  const key = req.get('idempotency-key');
  if (operation.kind !== 'command' || key === undefined) return undefined;
  if (!KEY.test(key)) throw invalid('Idempotency-Key', 'must be 1 to 128 visible ASCII characters, the first not ~');
  return key;
}

function versionOf(req: Request): number | undefined {
  const given = req.get('if-match');
  if (given === undefined || given === '*') return undefined;
  const [, version] = /^(?:W\/)?"?(\d{1,9})"?$/.exec(given) ?? [];
  if (version === undefined) throw invalid('If-Match', 'must be the version, as in the ETag');
  return Number(version);
}

/** The IETF's draft lists every limit; the older headers have room for one, the nearest to its end. */
function showLimits(res: Response, states: LimitStates): void {
  const [first, ...others] = states;
  if (first === undefined) return;
  const list = (item: (state: LimitState) => string) => states.map(item).join(', ');
  res.setHeader(
    'RateLimit-Policy',
    list(({ name, rate }) => `"${name}";q=${rate.points};w=${rate.seconds}`),
  );
  res.setHeader(
    'RateLimit',
    list(({ name, remaining, reset }) => `"${name}";r=${remaining};t=${reset}`),
  );
  const share = ({ remaining, rate }: LimitState) => remaining / rate.points;
  const nearest = others.reduce((least, state) => (share(state) < share(least) ? state : least), first);
  res.setHeader('X-RateLimit-Limit', nearest.rate.points);
  res.setHeader('X-RateLimit-Remaining', nearest.remaining);
  res.setHeader('X-RateLimit-Reset', nearest.reset);
}

function answer(res: Response, { status, data, replayed, meta }: Outcome): void {
  if (replayed) res.setHeader('Idempotency-Replayed', 'true');
  const { version } = (data ?? {}) as { version?: unknown };
  if (typeof version === 'number') res.setHeader('ETag', `"${version}"`);
  res.status(status).json(meta === undefined ? { data } : { data, meta });
}
