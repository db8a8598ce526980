import type Joi from 'joi';
import { type Actor, anonymous, type BaseContext, type Doors } from '../kernel/context.js';
import { BrigadeError, fail } from '../kernel/errors.js';
import type { AnyEvent, Room } from '../kernel/event.js';
import type { AnyCommand, AnyQuery, Operation, Scope } from '../kernel/operation.js';
import type { Clock } from '../kernel/time.js';
import { isOutage } from '../platform/mongo.js';
import { type Job, type JobResult, OWN_KEY } from './entry.js';
import type { Lanes } from './lanes.js';
import type { LimitState, Limits } from './limits.js';
import { DatabaseReads } from './reader.js';
import type { Registry } from './registry.js';
import type { UnitOfWork } from './unit-of-work.js';

/** One request, whichever transport brought it. */
export interface Call {
  operation: Operation;
  input: unknown;
  actor: Actor;
  requestId: string;
  ip: string;
  /** Idempotency key, from the header or the message's meta. */
  key?: string | undefined;
  expectedVersion?: number | undefined;
}

export interface Outcome {
  status: number;
  data: unknown;
  replayed: boolean;
  limit?: LimitState;
}

export interface ExecuteOptions {
  registry: Registry;
  lanes: Lanes;
  limits: Limits;
  doors: Doors;
  clock: Clock;
  /** How long a command may wait and run, ms; shorter than any client's ack timeout. */
  deadlineMs: number;
  /** Checks every output and payload against its schema (everywhere but in production). */
  checkOutputs: boolean;
}

export type Execute = (call: Call) => Promise<Outcome>;

/** Rounds of reactions to reactions before it must be a circle. */
const MAX_EVENTS = 200;

/** The life of one operation, after authentication: limit, permission, validation, then lane and handler. */
export function createExecute(options: ExecuteOptions): Execute {
  return (given) =>
    carryOut(options, given).catch((error: unknown) => {
      if (!isOutage(error)) throw error;
      throw new BrigadeError('unavailable', { retryAfter: 2 }, { cause: error });
    });
}

async function carryOut(options: ExecuteOptions, given: Call): Promise<Outcome> {
  // Nobody acts as themselves in what anybody may do: a sign-up from a logged-in tablet belongs to no restaurant yet.
  const call = given.operation.permission === 'public' ? { ...given, actor: anonymous } : given;
  const taken = await takeLimit(options.limits, call);
  checkPermission(call);
  const input = validated(call.operation.input, call.input);
  await taken.countBy(call.operation.limitBy?.(input as never));
  const { doors, clock } = options;
  const { actor, requestId, ip } = call;
  const base: BaseContext = { actor, restaurantId: actor.restaurantId, now: clock.now(), doors, requestId, ip };
  const result =
    call.operation.kind === 'query'
      ? {
          status: call.operation.rest.status ?? 200,
          data: await runQuery(call.operation, base, input),
          replayed: false,
        }
      : await runCommand(options, call, call.operation, base, input);
  if (options.checkOutputs) assertShape(call.operation.output, result.data, `output of ${call.operation.name}`);
  taken.succeeded();
  return { ...result, limit: taken.limit };
}

/**
 * People are counted as themselves, callers without a session by their address. Where the operation says by what its
 * attempts belong together (an account, a device), they are counted by that too, and only failures stay counted: thirty
 * people behind one address start their shift at once.
 */
async function takeLimit(limits: Limits, { operation, actor, ip }: Call) {
  const known = actor.kind !== 'anonymous';
  const name = known || operation.limit === 'auth' ? operation.limit : 'public';
  const who = known ? actor.userId : ip;
  const limit = await limits.take(name, who);
  let subject: string | undefined;
  return {
    limit,
    async countBy(value: string | undefined): Promise<void> {
      if (value === undefined) return;
      subject = `${ip} ${value}`;
      await limits.take('account', subject);
    },
    succeeded(): void {
      if (subject === undefined) return;
      limits.giveBack('account', subject);
      limits.giveBack(name, who);
    },
  };
}

function checkPermission({ operation, actor }: Call): void {
  if (operation.permission === 'public') return;
  if (actor.kind === 'anonymous') throw fail('unauthenticated');
  if (operation.permission === 'authenticated' || actor.permissions.has(operation.permission)) return;
  throw fail('forbidden', `This needs the permission ${operation.permission}`);
}

/** The input as the schema makes it (trimmed, defaults filled in). @throws validation_failed naming every field */
export function validated<T>(schema: Joi.ObjectSchema<T>, input: unknown): T {
  const { value, error } = schema.validate(input ?? {}, {
    abortEarly: false,
    convert: true,
    errors: { wrap: { label: false } },
  });
  if (error === undefined) return value as T;
  const errors = error.details.slice(0, 20).map(({ path, message }) => ({ field: path.join('.'), message }));
  throw new BrigadeError('validation_failed', { detail: errors.map(({ message }) => message).join('; '), errors });
}

function assertShape(schema: Joi.Schema, value: unknown, what: string): void {
  const { error } = schema.validate(value, { convert: false });
  if (error !== undefined) throw new Error(`The ${what} breaks its schema: ${error.message}`);
}

// The list of declarations erases each one's input type; validation has just established it, so `as never` puts it back.
async function runQuery(declaration: AnyQuery, base: BaseContext, input: unknown): Promise<unknown> {
  return declaration.handle(contextOf(new DatabaseReads(base.restaurantId), base, { input }) as never);
}

async function runCommand(
  options: ExecuteOptions,
  call: Call,
  spec: AnyCommand,
  base: BaseContext,
  input: unknown,
): Promise<JobResult> {
  const prepared = await spec.prepare?.({ ...base, input } as never);
  const scope: Scope = spec.scope?.({ input, prepared } as never) ?? { restaurantId: base.restaurantId };
  const context: BaseContext = { ...base, restaurantId: scope.restaurantId };
  const { actor } = call;
  const job: Job = {
    operation: spec.name,
    status: spec.rest.status ?? 200,
    author: actor.kind === 'anonymous' ? 'public' : actor.userId,
    actor: { id: actor.userId, name: actor.name },
    ...(actor.deviceId === undefined ? {} : { device: actor.deviceId }),
    // Without a key of the client's the command still has one: it makes a commit of unknown outcome safe to repeat.
    key: call.key ?? `${OWN_KEY}${call.requestId}`,
    // Keyed, for the input may hold a PIN, and plain digests of PINs are soon tried through.
    fingerprint: options.doors.digest('fingerprint', `${spec.name}\n${JSON.stringify(input)}`),
    now: base.now,
    deadline: performance.now() + options.deadlineMs,
    work: async (unit) => {
      const more = {
        input,
        prepared,
        ...(call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion }),
      };
      const unitContext = contextOf(unit, context, { ...more, ...announcements(unit) });
      const data = await spec.handle(unitContext as never);
      await react(options, unit, unitContext as never);
      return data;
    },
  };
  return options.lanes.of(scope.restaurantId, scope.account).submit(job);
}

function announcements(unit: UnitOfWork): object {
  return {
    insert: unit.insert.bind(unit),
    save: unit.save.bind(unit),
    remove: unit.remove.bind(unit),
    publish: (event: AnyEvent, data: unknown) => unit.published.push({ event, data }),
    revoke: (target: UnitOfWork['revocations'][number]) => unit.revocations.push(target),
  };
}

function contextOf<M extends object>(reads: DatabaseReads | UnitOfWork, base: BaseContext, more: M) {
  const { get, lookup, all, find } = reads;
  return {
    ...base,
    ...more,
    get: get.bind(reads) as typeof get,
    lookup: lookup.bind(reads) as typeof lookup,
    all: all.bind(reads) as typeof all,
    find: find.bind(reads) as typeof find,
  };
}

/** Runs the reactions to each event in the order of publication; what they publish is answered in turn. */
async function react({ registry, checkOutputs }: ExecuteOptions, unit: UnitOfWork, context: object): Promise<void> {
  for (let i = 0; i < unit.published.length; i += 1) {
    const { event, data } = unit.published[i] as UnitOfWork['published'][number];
    if (checkOutputs) assertShape(event.payload, data, `payload of ${event.name}`);
    if (i > MAX_EVENTS) throw new Error(`Reactions to ${event.name} go round in a circle`);
    for (const reaction of registry.reactions.get(event.name) ?? [])
      await reaction.handle({ ...context, data } as never);
  }
}

/** The rooms of an event, from its declared audience. */
export function roomsOf({ event, data }: UnitOfWork['published'][number]): Room[] {
  return [...new Set(event.audience(data as never))];
}
