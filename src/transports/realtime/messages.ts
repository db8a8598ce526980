import { randomUUID } from 'node:crypto';
import Joi from 'joi';
import type { Socket } from 'socket.io';
import type { Actor } from '../../kernel/context.js';
import { BrigadeError, fail, type Problem, toProblem } from '../../kernel/errors.js';
import type { Operation } from '../../kernel/operation.js';
import { guardedPermissions } from '../../kernel/permissions.js';
import type { Unsent } from '../../kernel/presence.js';
import type { Clock } from '../../kernel/time.js';
import type { Logger } from '../../platform/logger.js';
import { type Metrics, timed } from '../../platform/metrics.js';
import type { LocalPresence } from '../../platform/presence.js';
import type { Execute, Outcome } from '../../runtime/execute.js';
import type { Registry } from '../../runtime/registry.js';
import type { Authenticated, Sessions } from '../../runtime/sessions.js';
import { validated } from '../../runtime/validation.js';
import { Unread } from './text-only.js';
import { tellUnsent } from './unsent.js';

export interface MessagesOptions {
  registry: Registry;
  execute: Execute;
  sessions: Sessions;
  logger: Logger;
  metrics: Metrics;
  clock: Clock;
  presence: LocalPresence;
  /** Takes one of the socket's messages. @throws rate_limited */
  takeMessage: (socketId: string) => Promise<void>;
}

/** What hangs on every socket. */
export interface SocketData extends Authenticated {
  ip: string;
  /** What the device held when it connected. */
  unsent?: Unsent;
  /** Why the server ended it. */
  endedBy?: string;
}

export type Acked =
  | { ok: true; data: unknown; meta?: Outcome['meta']; replayed?: true }
  | { ok: false; error: Problem };
type Ack = (answer: Acked) => void;

interface Meta {
  key?: string;
  expectedVersion?: number;
  requestId?: string;
}

const metaSchema = Joi.object<Meta>({
  key: Joi.string().pattern(/^(?!~)[\x21-\x7e]{1,128}$/),
  expectedVersion: Joi.number().integer().min(0),
  requestId: Joi.string().pattern(/^[\w.:-]{8,64}$/),
}).label('meta');

/** What the connection itself is told, declared by no feature. */
const protocol: ReadonlySet<string> = new Set(['session:renew', 'session:unsent']);

/** Serves one socket's messages: every declared operation by its name, and the connection's own. */
export function serveMessages(socket: Socket, options: MessagesOptions): void {
  // One middleware instead of a listener per operation: sixty closures on each of thousands of sockets are memory.
  socket.use((packet) => {
    void serve(socket, packet, options);
  });
}

async function serve(socket: Socket, [name, ...args]: unknown[], options: MessagesOptions): Promise<void> {
  const data = socket.data as SocketData;
  const ack = typeof args.at(-1) === 'function' ? (args.pop() as Ack) : undefined;
  const operation = options.registry.operations.get(String(name));
  // Unknown names share one label: what clients make up must not become a time series each.
  const label = operation?.name ?? (protocol.has(String(name)) ? String(name) : 'unknown');
  const done = timed(options.metrics, label, 'socket');
  let requestId: string = randomUUID();
  let status = 200;
  let outcome = 'ok';
  let detail: string | undefined;
  let answer: Acked;
  try {
    await options.takeMessage(socket.id);
    const { input, meta } = argumentsOf(args);
    requestId = meta.requestId ?? requestId;
    if (ack === undefined) throw fail('malformed', 'Send an acknowledgement callback with every message');
    if (name === 'session:renew') answer = { ok: true, data: await renew(socket, input, options.sessions) };
    else if (name === 'session:unsent') answer = { ok: true, data: tellUnsent(socket, input, options) };
    else if (operation === undefined) throw fail('not_found', `There is no operation ${String(name).slice(0, 60)}`);
    else {
      const { key, expectedVersion } = meta;
      const result = await options.execute({
        operation,
        input,
        actor: await actorFor(operation, data.actor, options.sessions),
        requestId,
        ip: data.ip,
        key,
        expectedVersion,
        hasLeft: () => socket.disconnected,
      });
      const { data: shown, meta: about, replayed } = result;
      answer = { ok: true, data: shown, ...(about && { meta: about }), ...(replayed ? { replayed } : {}) };
      status = result.status;
      if (result.replayed) outcome = 'replayed';
    }
  } catch (error) {
    if (!(error instanceof BrigadeError) || error.cause !== undefined)
      options.logger.error('A message failed unexpectedly', { requestId, operation: label, error });
    const problem = toProblem(error, requestId);
    ({ status, code: outcome, detail } = problem);
    answer = { ok: false, error: problem };
  }
  if (ack !== undefined) ack(answer);
  else if (!answer.ok) socket.emit('problem', { message: String(name).slice(0, 60), error: answer.error });
  const { userId, restaurantId } = data.actor;
  options.logger.request({
    kind: 'socket',
    operation: label,
    status,
    ...(status >= 400 && { code: outcome, detail }),
    durationMs: done(outcome),
    requestId,
    userId,
    restaurantId,
    ip: data.ip,
  });
}

/** Who logged in with a PIN may have typed their password since the connection began: asked where it matters. */
async function actorFor({ permission, kind }: Operation, actor: Actor, sessions: Sessions): Promise<Actor> {
  if (actor.how !== 'pin') return actor;
  const matters = permission === 'authenticated' || kind === 'batch' || guardedPermissions.has(permission);
  return matters ? sessions.current(actor) : actor;
}

/** `(input, meta?)`; more is a mistake that must not pass in silence. */
function argumentsOf(args: unknown[]): { input: unknown; meta: Meta } {
  const [input, meta, ...extra] = args;
  if (input instanceof Unread) throw input.why;
  if (extra.length > 0) throw fail('malformed', 'A message takes (input, meta?, ack)');
  if (input !== undefined && input !== null && (typeof input !== 'object' || Array.isArray(input))) {
    throw fail('malformed', 'The input must be an object');
  }
  return { input, meta: validated(metaSchema, meta) };
}

const renewal = Joi.object<{ accessToken: string }>({ accessToken: Joi.string().max(4096).required() });

/** A newer access token of the same session; the connection goes on. */
async function renew(socket: Socket, input: unknown, sessions: Sessions): Promise<{ expiresAt: string }> {
  const { accessToken } = validated(renewal, input);
  const data = socket.data as SocketData;
  const { actor, expiresAt } = await sessions.authenticate(accessToken);
  if (actor.sessionId !== data.actor.sessionId) throw fail('token_invalid', 'This token belongs to another session');
  Object.assign(data, { actor, expiresAt });
  return { expiresAt: expiresAt.toISOString() };
}
