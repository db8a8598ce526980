import Joi from 'joi';
import mongoose from 'mongoose';
import type { Actor, QueryContext } from '../kernel/context.js';
import { type Envelope, holders, type Room } from '../kernel/event.js';
import { type AnyReplica, type Feature, feature } from '../kernel/feature.js';
import { query } from '../kernel/operation.js';
import { heardPermissions } from '../kernel/permissions.js';
import { type Nothing, nothing, time } from '../kernel/schema.js';
import { Batcher } from './batcher.js';
import { envelopeOf, freshHead, type Head, readHead, readHeads } from './journal.js';
import { submit } from './submit.js';
import { Tails } from './tails.js';

/** The rooms of a person's screen, from the session alone. A screen bound to stations is in those instead of the permissions' rooms. */
export function roomsOfActor(actor: Actor): Room[] {
  const own: Room[] = ['all', `user:${actor.userId}`];
  if (actor.stationIds.length > 0) return [...own, ...actor.stationIds.map((id) => `station:${id}` as const)];
  return [...own, ...heardPermissions.filter((name) => actor.permissions.has(name)).map(holders)];
}

/** What `execute` lends to `sync:snapshot`. */
export interface SyncReads {
  /** Makes what is kept in memory at least as new as this head. */
  reach(head: Head | undefined): Promise<void>;
  /** The things of a replica, from memory where they are kept. */
  load(replica: AnyReplica, context: QueryContext<Nothing>): Promise<unknown[]>;
}

interface SinceInput {
  epoch: string;
  seq: number;
  limit: number;
}

type Since =
  | { reset: true; epoch: string; rooms: string[] }
  | { reset: false; epoch: string; rooms: string[]; events: Envelope[]; position: number; more: boolean; live: Live };

/** By replica: which of its things are live, so that a client made before a status was still knows what to keep. */
type Live = Record<string, { field: string; values: readonly string[] }>;

interface Snapshot {
  epoch: string;
  seq: number;
  at: string;
  rooms: string[];
  replicas: Record<string, unknown[]>;
  live: Live;
}

const rooms = Joi.array().items(Joi.string()).required().description('The rooms this session is in');
const liveRules = Joi.object<Live>()
  .pattern(
    Joi.string(),
    Joi.object({ field: Joi.string().required(), values: Joi.array().items(Joi.string()).required() }),
  )
  .required()
  .description(
    'By replica: a thing whose field has none of these values has left it. Go by this and not by a list of your own: a ' +
      'newer server may know more values. A replica that is not named loses things by `removes` only',
  );
const epoch = Joi.string().max(40).required().description('Changes when history does (a restored backup)');

const envelope = Joi.object<Envelope>({
  id: Joi.string().required(),
  epoch: Joi.string().required(),
  seq: Joi.number()
    .integer()
    .min(1)
    .required()
    .description("The event's number in the restaurant's journal, without gaps"),
  name: Joi.string().required(),
  restaurantId: Joi.string().required(),
  at: time('When it was committed').required(),
  actor: Joi.object({ id: Joi.string().allow('').required(), name: Joi.string().allow('').required() }).required(),
  data: Joi.object().unknown().required().description("The event's payload"),
  prev: Joi.object()
    .pattern(Joi.string(), Joi.number())
    .required()
    .description(
      "The last event before this one in each of its rooms, and in rooms spoken to since: a seq beyond one's position is a gap",
    ),
}).meta({ typeName: 'Envelope' });

/** Catch-up for screens: `sync:snapshot` and `sync:since`. Built over the replicas that the features declare. */
export function syncFeature(features: readonly Feature[]): Feature {
  const replicas = features.flatMap((one) => one.replicas);
  return feature({
    name: 'sync',
    summary: 'Live copies for screens: snapshot and catch-up',
    operations: [snapshotOf(replicas), sinceOf(replicas), submit],
  });
}

const tails = new Tails();
/** Who asks alone waits for nothing; when a street of restaurants comes back, its screens ask within so many ms. */
const GATHER_MS = 20;
/** The heads of all restaurants whose screens ask at the same time are one read. */
const heads = new Batcher<string, Head | undefined>(async (restaurantIds) => {
  const found = new Map((await readHeads([...new Set(restaurantIds)])).map((head) => [head._id, head]));
  return restaurantIds.map((id) => found.get(id));
}, GATHER_MS);

const sinceOf = (replicas: readonly AnyReplica[]) =>
  query<SinceInput, Since>({
    name: 'sync:since',
    summary: 'The events after a position that this session may see',
    description:
      'In order and paged: go on from `position` while `more`. `reset: true` when the position lies in another epoch, or ' +
      'events after it are not there any more (older than the retention, or written under a wrong clock): take ' +
      '`sync:snapshot` again. What is answered without it is whole.',
    rest: { method: 'get', path: '/sync/since' },
    permission: 'sync:read',
    limit: 'read',
    input: Joi.object<SinceInput, true>({
      epoch,
      seq: Joi.number().integer().min(0).required().description('The last seq applied'),
      limit: Joi.number().integer().min(1).max(1000).default(500).description('Events a page, about'),
    }),
    output: Joi.alternatives<Since>().try(
      Joi.object({ reset: Joi.boolean().valid(true).required(), epoch, rooms }),
      Joi.object({
        reset: Joi.boolean().valid(false).required(),
        epoch,
        rooms,
        events: Joi.array().items(envelope).required(),
        position: Joi.number().integer().required().description('Complete up to this seq'),
        more: Joi.boolean().required(),
        live: liveRules,
      }),
    ),
    example: {
      input: { epoch: '5f1c09a2b3d4', seq: 41, limit: 500 },
      output: {
        reset: false,
        epoch: '5f1c09a2b3d4',
        rooms: ['all', 'can:order:read'],
        events: [],
        position: 41,
        more: false,
        live: liveOf(replicas),
      },
    },
    async handle({ input, actor, restaurantId }) {
      const mine = roomsOfActor(actor);
      const head = (await heads.ask(restaurantId)) ?? { ...freshHead(restaurantId), epoch: NO_HISTORY };
      const reset = { reset: true as const, epoch: head.epoch, rooms: mine };
      const live = liveOf(replicas);
      if (input.epoch !== head.epoch || input.seq > head.seq) return reset;
      if (input.seq === head.seq) return { ...reset, reset: false, events: [], position: head.seq, more: false, live };
      const entries = await tails.page(head, input.seq, input.limit);
      if (entries === undefined) return reset;
      const events: Envelope[] = [];
      for (const entry of entries) {
        for (const event of entry.events) {
          if (event.seq > input.seq && event.rooms.some((room) => mine.includes(room)))
            events.push(envelopeOf(entry, event));
        }
      }
      const position = entries.at(-1)?.last ?? input.seq;
      return { ...reset, reset: false, events, position, more: position < head.seq, live };
    },
  });

/** The epoch of a restaurant in which nothing has happened yet. */
const NO_HISTORY = 'none';

function snapshotOf(replicas: readonly AnyReplica[]) {
  const shapes = replicas.map((one) => [one.name, Joi.array().items(one.view).required().description(one.summary)]);
  return query<Nothing, Snapshot>({
    name: 'sync:snapshot',
    summary: 'The state of everything this session may see, and its position in the stream',
    description:
      'State and seq come from one consistent read. Screens are in their rooms before they can ask: join first, read after.',
    rest: { method: 'get', path: '/sync/snapshot' },
    permission: 'sync:read',
    limit: 'read',
    input: nothing,
    output: Joi.object<Snapshot, true>({
      epoch,
      seq: Joi.number().integer().required(),
      at: time('When it was read').required(),
      rooms,
      replicas: Joi.object(Object.fromEntries(shapes)).required(),
      live: liveRules,
    }),
    example: {
      input: {},
      output: {
        epoch: '5f1c09a2b3d4',
        seq: 41,
        at: '2026-11-21T19:30:00.000Z',
        rooms: ['all', 'can:order:read'],
        replicas: Object.fromEntries(replicas.map((one) => [one.name, []])),
        live: liveOf(replicas),
      },
    },
    // `execute` gives it beside what every query is given.
    handle: (context) => readSnapshot(replicas, context as QueryContext<Nothing> & SyncReads),
  });
}

/**
 * One consistent read. The head is read before and after: had a commit come between, its entry would have moved the
 * head, and everything is read again; after three such tries a snapshot transaction settles it.
 */
async function readSnapshot(
  replicas: readonly AnyReplica[],
  context: QueryContext<Nothing> & SyncReads,
): Promise<Snapshot> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const before = await readHead(context.restaurantId);
    await context.reach(before);
    const loaded = await loadAll(replicas, context);
    const after = await readHead(context.restaurantId);
    if (before?.n === after?.n && before?.epoch === after?.epoch) return snapshot(replicas, context, loaded, after);
  }
  return mongoose.connection.transaction(
    async () => {
      const head = await readHead(context.restaurantId);
      const loaded: Record<string, unknown[]> = {};
      // One after the other: a transaction takes one command at a time.
      for (const one of visible(replicas, context)) loaded[one.name] = await one.load(context);
      return snapshot(replicas, context, { ...empty(replicas), ...loaded }, head);
    },
    { readConcern: { level: 'snapshot' } },
  );
}

function snapshot(
  replicas: readonly AnyReplica[],
  context: QueryContext<Nothing>,
  loaded: Record<string, unknown[]>,
  head: Head | undefined,
): Snapshot {
  const { actor, now } = context;
  return {
    epoch: head?.epoch ?? NO_HISTORY,
    seq: head?.seq ?? 0,
    at: now.toISOString(),
    rooms: roomsOfActor(actor),
    replicas: loaded,
    live: liveOf(replicas),
  };
}

const liveOf = (replicas: readonly AnyReplica[]): Live =>
  Object.fromEntries(replicas.flatMap(({ name, live }) => (live === undefined ? [] : [[name, live]])));

const empty = (replicas: readonly AnyReplica[]) =>
  Object.fromEntries(replicas.map((one): [string, unknown[]] => [one.name, []]));

const visible = (replicas: readonly AnyReplica[], { actor }: QueryContext<Nothing>) =>
  replicas.filter((one) => actor.permissions.has(one.permission));

async function loadAll(
  replicas: readonly AnyReplica[],
  context: QueryContext<Nothing> & SyncReads,
): Promise<Record<string, unknown[]>> {
  const lists = visible(replicas, context).map(
    async (one): Promise<[string, unknown[]]> => [one.name, await context.load(one, context)],
  );
  return { ...empty(replicas), ...Object.fromEntries(await Promise.all(lists)) };
}
