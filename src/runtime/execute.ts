import {
  type Actor,
  anonymous,
  type BaseContext,
  type BatchContext,
  checkConfirmed,
  type Doors,
  type Entrant,
  type Revocation,
  system,
  type UnitContext,
} from '../kernel/context.js';
import { BrigadeError, fail, invalid } from '../kernel/errors.js';
import type { AnyEvent, Room } from '../kernel/event.js';
import { newId } from '../kernel/ids.js';
import type { AnyBatch, AnyCommand, AnyQuery, Operation, Scope } from '../kernel/operation.js';
import { cutPage, type Page, type Paged } from '../kernel/page.js';
import { guardedPermissions } from '../kernel/permissions.js';
import type { Clock } from '../kernel/time.js';
import { fromDatabase } from '../platform/mongo.js';
import type { AccountQueue } from './account-queue.js';
import { admit, free } from './admission.js';
import { type Job, type JobResult, OWN_KEY } from './entry.js';
import { textOf } from './fingerprint.js';
import type { Lanes } from './lanes.js';
import type { LimitStates, Limits } from './limits.js';
import type { QueryCache } from './query-cache.js';
import { DatabaseReads } from './reader.js';
import type { Registry } from './registry.js';
import { revocation } from './revocations.js';
import { withheld } from './shared-reads.js';
import { resting } from './slices.js';
import type { SyncReads } from './sync.js';
import type { UnitOfWork } from './unit-of-work.js';
import { assertShape, validatedInput } from './validation.js';

/** One request, whichever transport brought it. */
export interface Call {
  operation: Operation;
  input?: unknown;
  /** Reads the input where that costs something: not before limits and permission are passed. */
  readInput?: () => Promise<unknown>;
  actor: Actor;
  requestId: string;
  ip: string;
  /** Idempotency key, from the header or the message's meta. */
  key?: string | undefined;
  expectedVersion?: number | undefined;
  /** Of the server itself, which is in nobody's way: counts against no limit. */
  uncounted?: boolean;
  /** Whether whoever sent it can still hear the answer. */
  hasLeft?: () => boolean;
  /** Filled with the limits it counts against, also when it is refused or fails. */
  limits?: LimitStates;
}

export interface Outcome {
  status: number;
  data: unknown;
  replayed: boolean;
  /** About the answer rather than the thing: where the next page of a list begins. */
  meta?: { nextCursor: string };
}

/** A log-in, right or wrong. */
export interface Entrance extends Entrant {
  operation: string;
  /** `ok` or the code of the refusal. */
  outcome: string;
  ip: string;
  requestId: string;
}

export interface ExecuteOptions {
  registry: Registry;
  lanes: Lanes;
  limits: Limits;
  accounts: AccountQueue;
  cache: QueryCache;
  doors: Doors;
  clock: Clock;
  /** How long a command may wait and run, ms; shorter than any client's ack timeout. */
  deadlineMs: number;
  /** Checks every output and payload against its schema (everywhere but in production). */
  checkOutputs: boolean;
  /** Told of each log-in, right or wrong: who, as far as it is known, and from where. */
  onEntrance?: (entrance: Entrance) => void;
  /** Told what failed unexpectedly where no transport sees it: one command of a batch. */
  onUnexpected: (error: unknown, requestId: string) => void;
}

export type Execute = (call: Call) => Promise<Outcome>;

/** Has the system do something in a restaurant's lane: atomic and journaled like any command, in nobody's name. */
export type Perform = (
  what: { name: string; emits?: readonly AnyEvent[] },
  restaurantId: string,
  work: (context: UnitContext) => Promise<void> | void,
) => Promise<void>;

export function createPerform(options: ExecuteOptions): Perform {
  return async ({ name, emits = [] }, restaurantId, work) => {
    const { doors, clock, deadlineMs } = options;
    const actor = system(restaurantId);
    const requestId = newId();
    const base: BaseContext = { actor, restaurantId, now: clock.now(), doors, requestId, ip: '', rest: resting() };
    await options.lanes.of(restaurantId).submit({
      ...{ operation: name, status: 200, author: 'system', actor: { id: '', name: actor.name } },
      ...{ key: `${OWN_KEY}${requestId}`, fingerprint: '', now: base.now },
      deadline: performance.now() + deadlineMs,
      work: async (unit) => {
        const context = contextOf(unit, base, announcements(options, unit, { name, emits, depth: 0 }));
        await work(context as never);
        await react(options, unit, context);
      },
    });
  };
}

/** Reactions to reactions before it must be a circle: the longest chain of the features has a handful. */
const MAX_DEPTH = 20;
/** What one entry of the journal can hold; a circle whose reactions publish two events each would not end otherwise. */
const MAX_EVENTS = 10_000;

/** The life of one operation, after authentication: limit, permission, validation, then lane and handler. */
export function createExecute(options: ExecuteOptions): Execute {
  return (given) => fromDatabase(carryOut(options, given));
}

async function carryOut(options: ExecuteOptions, given: Call): Promise<Outcome> {
  // Nobody acts as themselves in what anybody may do: a sign-up from a logged-in tablet belongs to no restaurant yet.
  const call = given.operation.permission === 'public' ? { ...given, actor: anonymous } : given;
  const { operation, actor, ip, limits = [] } = call;
  const entrant: Entrant = {};
  const tell = (error?: unknown) => {
    if (operation.permission !== 'public' || operation.limitBy === undefined || operation.limit !== 'auth') return;
    // Whoever only looks at a pad does not log in.
    if (error === undefined && entrant.userId === undefined) return;
    const outcome = error === undefined ? 'ok' : error instanceof BrigadeError ? error.code : 'internal';
    options.onEntrance?.({ operation: operation.name, outcome, ...entrant, ip, requestId: call.requestId });
  };
  const admission = call.uncounted === true ? free : await admit(options, { operation, actor, ip, limits });
  try {
    checkPermission(call, options.clock.now());
    checkKey(call);
    const input = await validatedInput(operation.input, call.readInput ? await call.readInput() : call.input);
    const subject = await operation.limitBy?.(input as never, options.doors);
    await admission.countBy(subject, operation.limitAlso?.(input as never, actor) ?? []);
    const result = await serve(options, call, input, entrant);
    await admission.settle();
    tell();
    return result;
  } catch (error) {
    tell(error);
    await admission.settle(error);
    throw error;
  }
}

async function serve(options: ExecuteOptions, call: Call, input: unknown, entrant: Entrant): Promise<Outcome> {
  const { doors, clock } = options;
  const { operation, actor, requestId, ip } = call;
  const about = (more: Entrant) => Object.assign(entrant, more);
  const base: BaseContext = {
    actor,
    restaurantId: actor.restaurantId,
    now: clock.now(),
    doors,
    requestId,
    ip,
    about,
    rest: resting(),
  };
  const result = await run(options, call, base, input);
  if (options.checkOutputs) await assertShape(operation.output, result.data, `output of ${operation.name}`);
  return result;
}

function checkPermission({ operation: { kind, permission }, actor }: Call, now: Date): void {
  if (permission === 'public') return;
  if (actor.kind === 'anonymous') throw fail('unauthenticated');
  if (permission === 'authenticated') return;
  if (!actor.permissions.has(permission)) throw fail('forbidden', `This needs the permission ${permission}`);
  if (kind === 'command' && guardedPermissions.has(permission)) checkConfirmed(actor, now);
}

function checkKey({ operation, key }: Call): void {
  if (operation.kind !== 'command' || operation.idempotencyKey !== 'required' || key !== undefined) return;
  throw invalid('Idempotency-Key', 'is required (over the socket: meta.key), so that a retry moves no money twice');
}

async function run(options: ExecuteOptions, call: Call, base: BaseContext, input: unknown): Promise<Outcome> {
  const { operation } = call;
  if (operation.kind === 'command') return runCommand(options, call, operation, base, input);
  const done = { status: operation.rest.status ?? 200, replayed: false };
  if (operation.kind === 'query') return { ...done, ...(await runPaged(options.cache, operation, base, input)) };
  return { ...done, data: await runBatch(options, operation, call, { ...base, input }) };
}

/** A query's answer, or the page that was asked for of it: all pages are cut from one answer, which may be a kept one. */
async function runPaged(
  cache: QueryCache,
  declared: AnyQuery,
  base: BaseContext,
  input: unknown,
): Promise<Pick<Outcome, 'data' | 'meta'>> {
  const { page } = declared;
  if (page === undefined) return { data: await runQuery(cache, declared, base, input) };
  if (page === 'own') {
    const data = (await runQuery(cache, declared, base, input)) as Paged<unknown>;
    return { data, ...metaOf(data) };
  }
  const { limit: _, cursor: __, ...asked } = input as Page;
  const whole = (await runQuery(cache, declared, base, asked)) as never[];
  const cut = cutPage(whole, page, input as never);
  return { data: cut.items, ...metaOf(cut) };
}

const metaOf = ({ nextCursor }: Paged<unknown>) => (nextCursor === undefined ? {} : { meta: { nextCursor } });

/** Each of its commands goes the whole way of one that came alone. */
async function runBatch(
  options: ExecuteOptions,
  declaration: AnyBatch,
  { actor, ip }: Call,
  context: BaseContext & { input: unknown },
): Promise<unknown> {
  const execute = createExecute(options);
  const carryOut: BatchContext<unknown>['carryOut'] = async ({ name, ...command }) => {
    const operation = options.registry.operations.get(name);
    if (operation?.kind !== 'command') throw fail('not_found', `There is no command ${name.slice(0, 60)}`);
    return execute({ operation, actor, ip, ...command }).catch((error: unknown) => {
      if (!(error instanceof BrigadeError) || error.cause !== undefined) options.onUnexpected(error, command.requestId);
      throw error;
    });
  };
  return declaration.handle({ ...context, carryOut } as never);
}

// The list of declarations erases each one's input type; validation has just established it, so `as never` puts it back.
async function runQuery(cache: QueryCache, declared: AnyQuery, base: BaseContext, input: unknown): Promise<unknown> {
  const { name, cache: rule } = declared;
  if (rule === undefined) {
    const more = { input, ...syncReads(cache, base) };
    return declared.handle(contextOf(new DatabaseReads(base.restaurantId), base, more) as never);
  }
  const read = (reads: DatabaseReads) =>
    declared.handle(withheld(contextOf(reads, base, { input }), name) as never) as Promise<unknown>;
  return cache.get({ name, rule, base, input, read });
}

/** How `sync:snapshot` reads replicas: shared where they are declared so, and as new as the head it has read. */
function syncReads(cache: QueryCache, base: BaseContext): SyncReads {
  return {
    reach: (head) => cache.reach(base.restaurantId, head),
    load({ name: replica, cache: rule, load }, context) {
      if (rule === undefined) return load(context);
      const name = `replica ${replica}`;
      const read = (reads: DatabaseReads) => load(withheld(contextOf(reads, base, { input: {} }), name));
      return cache.get({ name, rule, base, input: {}, read });
    },
  };
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
  if (actor.kind !== 'anonymous' && scope.restaurantId !== actor.restaurantId)
    throw new Error(`${spec.name} leads out of the restaurant of whoever calls it`);
  const job: Job = {
    operation: spec.name,
    status: spec.rest.status ?? 200,
    author: actor.kind === 'anonymous' ? 'public' : actor.userId,
    actor: { id: actor.userId, name: actor.name },
    ...(actor.deviceId === undefined ? {} : { device: actor.deviceId }),
    // Without a key of the client's the command still has one: it makes a commit of unknown outcome safe to repeat.
    // Not the request's id, which a client may choose and use again.
    key: call.key ?? `${OWN_KEY}${newId()}`,
    // Keyed, for an input may be easy to guess.
    fingerprint: options.doors.digest('fingerprint', `${spec.name}\n${textOf(spec.input, input)}`),
    now: base.now,
    deadline: performance.now() + options.deadlineMs,
    work: async (unit) => {
      const more = {
        input,
        prepared,
        ...(call.expectedVersion === undefined ? {} : { expectedVersion: call.expectedVersion }),
      };
      const unitContext = contextOf(unit, context, { ...more, ...announcements(options, unit, { ...spec, depth: 0 }) });
      const data = await spec.handle(unitContext as never);
      await react(options, unit, unitContext as never);
      await unit.checkQuotas(actor.plan ?? 'standard');
      return spec.answer === undefined ? data : spec.answer(unitContext as never, data as never);
    },
  };
  return options.lanes.of(scope.restaurantId, scope.account).submit(job);
}

/** Who publishes: a command, a duty, or a reaction so many reactions away from it. */
interface Publisher {
  name: string;
  emits: readonly AnyEvent[];
  depth: number;
}

function announcements({ checkOutputs }: ExecuteOptions, unit: UnitOfWork, { name, emits, depth }: Publisher): object {
  return {
    insert: unit.insert.bind(unit),
    save: unit.save.bind(unit),
    remove: unit.remove.bind(unit),
    publish(event: AnyEvent, data: unknown): void {
      if (depth > MAX_DEPTH) throw new Error(`Reactions go round in a circle: ${name} publishes ${event.name} again`);
      if (unit.published.length >= MAX_EVENTS) throw new Error(`More than ${MAX_EVENTS} events in one unit of work`);
      if (checkOutputs && !emits.some((declared) => declared.name === event.name))
        throw new Error(`${name} publishes ${event.name}, which is not among what it \`emits\``);
      unit.publish(event, data, depth);
    },
    revoke: (target: Revocation) => unit.revocations.push(revocation(target)),
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
async function react(options: ExecuteOptions, unit: UnitOfWork, context: object): Promise<void> {
  for (const { event, data, depth } of unit.published) {
    if (options.checkOutputs) await assertShape(event.payload, data, `payload of ${event.name}`);
    for (const { handle, emits = [] } of options.registry.reactions.get(event.name) ?? []) {
      const publisher = { name: `A reaction to ${event.name}`, emits, depth: depth + 1 };
      await handle({ ...context, ...announcements(options, unit, publisher), data } as never);
    }
  }
}

/** The rooms of an event, from its declared audience. */
export function roomsOf({ event, data }: UnitOfWork['published'][number]): Room[] {
  return [...new Set(event.audience(data as never))];
}
