import type Joi from 'joi';
import type { Actor, BaseContext, BatchContext, CommandContext, Doors, QueryContext, UnitContext } from './context.js';
import type { Doc, Kind } from './documents.js';
import { BrigadeError, type ErrorCode } from './errors.js';
import type { AnyEvent } from './event.js';
import { type PageRule, pageFields } from './page.js';
import type { Permission } from './permissions.js';

/** The classes of operations by rate limit. `auth`: only failures count. */
export const limitClasses = ['read', 'search', 'write', 'payment', 'upload', 'expensive', 'webhook', 'auth'] as const;
/** The class whose rate limit an operation counts against. */
export type LimitClass = (typeof limitClasses)[number];

/**
 * What is done seldom. `pins`: PINs that a restaurant's people set. `own-pin`: those that a person sets for themselves.
 * `emails`: answers to a restaurant that an e-mail address is taken, which tell of other restaurants' people; these alone
 * count.
 */
export type SeldomLimit = 'pins' | 'own-pin' | 'emails';

export interface RestRoute {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`; parameters as `:orderId`, which are then fields of the input. */
  path: `/${string}`;
  /** Of a success; 200 when not given. */
  status?: 200 | 201 | 202;
}

/** Who asks without a session, as far as the input says or proves it. */
export interface Subject {
  /** What is tried to get into (an e-mail address): its failures count together, by address and over all of them. */
  readonly account?: string;
  /** A device or session that the input proves (a right digest): it does not pay for what others at its address do. */
  readonly known?: string | undefined;
}

interface OperationSpec<I, O> {
  /** `thing:verb`; also the name of the socket message. */
  name: `${string}:${string}`;
  summary: string;
  description?: string;
  rest: RestRoute;
  /** Required: `public` must be written out. */
  permission: Permission | 'public' | 'authenticated';
  limit: LimitClass;
  /** Errors it answers beyond those that every operation of its kind may, for the contract. */
  mayFail?: readonly ErrorCode[];
  /** For log-ins and the like, of which only failures count: by address, and by what this answers. */
  limitBy?: (input: I, doors: Doors) => Subject | undefined | Promise<Subject | undefined>;
  /** Beside its class. */
  limitAlso?: (input: I, actor: Actor) => readonly SeldomLimit[];
  /** Largest REST body, bytes, where it is not the usual one: 64 KiB for what is public, BODY_LIMIT_BYTES for the rest. */
  maxBytes?: number;
  /** Path, query and body parameters in one object; unknown fields are refused. */
  input: Joi.ObjectSchema<I>;
  output: Joi.Schema<O>;
  /** Validated against the schemas by a test and shown in the documents. */
  example: { input: NoInfer<I>; output: NoInfer<O> };
}

/** Where a command is queued. */
export interface Scope {
  restaurantId: string;
  /** Set for what must not wait for a restaurant (log-in, refresh): the account's own lane, which keeps no journal. */
  account?: string;
}

export interface CommandSpec<I, O, P> extends OperationSpec<I, O> {
  /** For what moves money: without an idempotency key it is refused (400). */
  idempotencyKey?: 'required';
  /** All the handler may publish; what reactions to it publish is declared with them. */
  emits: readonly AnyEvent[];
  /** Slow or unscoped work done before any lane is entered (password hashing, finding the account). Writes nothing. */
  prepare?: (context: BaseContext & { input: I }) => Promise<P>;
  /** Where none is given a command runs in the lane of its actor's restaurant. Public commands need one. */
  scope?: (context: { input: I; prepared: P }) => Scope;
  handle: (context: CommandContext<I, P>) => Promise<O> | O;
  /**
   * What is answered, made of what `handle` answered once all reactions are done: for a thing that they change too. A
   * view that an event carries already is stored once, so answer that very object where nothing changed it.
   */
  answer?: (context: UnitContext, handled: O) => Promise<O> | O;
}

/**
 * That answers are kept, for all of the restaurant with the same permissions and stations who ask with the same input. The
 * handler must depend on nothing else: not on the person, not on the time.
 */
export interface CacheRule {
  /** Longest an answer is kept, seconds. */
  readonly ttl: number;
  /** The kinds of documents the handler reads. A change of what it has read drops the answer. */
  readonly tags: readonly Kind<Doc>[];
}

export interface QuerySpec<I, O> extends OperationSpec<I, O> {
  cache?: CacheRule;
  /**
   * A list, in pages: the handler answers it whole, in any order; `limit` and `cursor` are added to its input, and the
   * answer's `meta` tells where the next page begins. `own`: the handler reads pages itself and answers `Paged`.
   */
  page?: O extends readonly (infer V)[] ? PageRule<V, I> : 'own';
  handle: (context: QueryContext<I>) => Promise<O> | O;
}

export interface BatchSpec<I, O> extends OperationSpec<I, O> {
  handle: (context: BatchContext<I>) => Promise<O>;
}

export interface CommandDeclaration<I, O, P> extends Readonly<CommandSpec<I, O, P>> {
  readonly kind: 'command';
}
export interface QueryDeclaration<I, O> extends Readonly<QuerySpec<I, O>> {
  readonly kind: 'query';
}

/**
 * Declarations as they stand in one list, their input types erased. `never` keeps the erased form honest: it can be
 * described, and run only through `execute`, which validates first.
 */
interface Erased {
  readonly input: Joi.ObjectSchema;
  readonly output: Joi.Schema;
  readonly example: { input: unknown; output: unknown };
  readonly limitBy?: (input: never, doors: Doors) => Subject | undefined | Promise<Subject | undefined>;
  readonly limitAlso?: (input: never, actor: Actor) => readonly SeldomLimit[];
  readonly handle: (context: never) => unknown;
}
type Common = Readonly<Omit<OperationSpec<unknown, unknown>, 'input' | 'output' | 'example' | 'limitBy' | 'limitAlso'>>;
export interface AnyQuery extends Common, Erased {
  readonly kind: 'query';
  readonly cache?: CacheRule;
  readonly page?: PageRule<never> | 'own';
}
export interface AnyCommand extends Common, Erased {
  readonly kind: 'command';
  readonly idempotencyKey?: 'required';
  readonly emits: readonly AnyEvent[];
  readonly prepare?: (context: never) => Promise<unknown>;
  readonly scope?: (context: never) => Scope;
  readonly answer?: (context: never, handled: never) => unknown;
}
export interface AnyBatch extends Common, Erased {
  readonly kind: 'batch';
}
export type Operation = AnyCommand | AnyQuery | AnyBatch;

/** Changes state: atomically, with events and idempotency. */
export function command<I, O, P = undefined>(spec: CommandSpec<I, O, P>): CommandDeclaration<I, O, P> {
  return { kind: 'command', ...spec };
}

/** Reads. */
export function query<I, O>(spec: QuerySpec<I, O>): QueryDeclaration<I, O> {
  const { page } = spec;
  if (page === undefined || page === 'own') return { kind: 'query', ...spec };
  return { kind: 'query', ...spec, input: spec.input.keys(pageFields()) as Joi.ObjectSchema<I> };
}

/** Carries out commands of others, one after the other; writes nothing itself. */
export function batch<I, O>(spec: BatchSpec<I, O>): Readonly<BatchSpec<I, O>> & { readonly kind: 'batch' } {
  return { kind: 'batch', ...spec };
}

/** Optional optimistic concurrency. @throws version_conflict with the current state */
export function checkVersion(expected: number | undefined, doc: Doc, view: unknown): void {
  if (expected === undefined || expected === doc.version) return;
  throw new BrigadeError('version_conflict', {
    detail: `Expected version ${expected}, it is now ${doc.version}`,
    current: view,
  });
}
