import { setTimeout as sleep } from 'node:timers/promises';
import { ClientSession, type Document } from 'mongodb';
import type { TestContext } from '../context.js';
import { createEntities } from '../create-entities.js';
import { matchesEvent } from '../expected-events.js';
import { check, InvalidTest } from '../failures.js';
import { canonical, show } from '../matcher.js';
import { RecordedTopology } from '../recorded-topology.js';
import type { ExpectedEvent } from '../schema.js';
import { Thread } from '../thread.js';
import { loop } from './loop.js';

type Special = (args: Document, context: TestContext) => Promise<void>;

/** What the driver calls the states of a transaction. */
const STATES: Readonly<Record<string, readonly string[]>> = {
  none: ['NO_TRANSACTION'],
  starting: ['STARTING_TRANSACTION'],
  in_progress: ['TRANSACTION_IN_PROGRESS'],
  committed: ['TRANSACTION_COMMITTED', 'TRANSACTION_COMMITTED_EMPTY'],
  aborted: ['TRANSACTION_ABORTED'],
};

/** What the driver keeps to itself of a session. */
interface SessionInternals {
  readonly serverSession: { readonly isDirty: boolean };
  readonly transaction: { readonly state: string };
  readonly isPinned: boolean;
}

function sessionOf({ session }: Document, { entities }: TestContext): SessionInternals {
  return entities.of(session, ClientSession) as unknown as SessionInternals;
}

function assertSession(holds: (session: SessionInternals) => boolean, what: string): Special {
  return async (args, context) =>
    check(holds(sessionOf(args, context)), () => `session ${args.session} is not ${what}`);
}

function lastTwoLsids({ client }: Document, { entities }: TestContext): string[] {
  const started = entities.client(client).events.filter(({ type }) => type === 'commandStartedEvent');
  check(started.length >= 2, () => `only ${started.length} commands were observed`);
  return started.slice(-2).map(({ event }) => {
    check(event.command.lsid !== undefined, () => `${event.commandName} has no lsid`);
    return canonical(event.command.lsid);
  });
}

async function collectionNames({ databaseName }: Document, { internal }: TestContext): Promise<string[]> {
  return (await internal.db(databaseName).listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
}

async function indexNames({ databaseName, collectionName }: Document, { internal }: TestContext): Promise<string[]> {
  const collection = internal.db(databaseName).collection(collectionName);
  try {
    return (await collection.listIndexes().toArray()).map(({ name }) => name);
  } catch (error) {
    if ((error as { code?: number }).code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}
const NAMESPACE_NOT_FOUND = 26;

function countOf({ client, event }: Document, { entities }: TestContext): number {
  return entities.client(client).events.filter((observed) => matchesEvent(event as ExpectedEvent, observed, entities))
    .length;
}

async function waitForPrimaryChange(args: Document, { entities }: TestContext): Promise<void> {
  const prior = entities.of(args.priorTopologyDescription, RecordedTopology).primary;
  const client = entities.client(args.client);
  const changed = () => {
    const now = client.topology && new RecordedTopology(client.topology).primary;
    return now !== undefined && now !== prior;
  };
  await client.waitFor(changed, 'a change of the primary', args.timeoutMS);
}

/** Operations of the runner itself, by the names of the format. */
export const testRunnerOperations: Readonly<Record<string, Special>> = {
  createEntities: ({ entities }, context) => createEntities(entities, context),
  loop,
  wait: async ({ ms }) => void (await sleep(ms)),
  failPoint: async ({ client, failPoint }, { entities, failPoints }) => {
    failPoints.add(failPoint.configureFailPoint);
    await entities.client(client).client.db('admin').command(failPoint, { readPreference: 'primary' });
  },
  targetedFailPoint: async ({ session }, context) => {
    check(sessionOf({ session }, context).isPinned, () => `session ${session} is not pinned`);
    throw new InvalidTest('a session is never pinned without mongos');
  },
  runOnThread: async ({ thread, operation }, { entities, run }) =>
    entities.of(thread, Thread).run(() => run(operation)),
  waitForThread: ({ thread }, { entities }) => entities.of(thread, Thread).finish(),
  waitForEvent: ({ client, event, count }, context) =>
    context.entities
      .client(client)
      .waitFor(() => countOf({ client, event }, context) >= count, `${count} times ${show(event)}`),
  assertEventCount: async (args, context) => {
    const count = countOf(args, context);
    check(count === args.count, () => `expected ${args.count} times ${show(args.event)}, observed ${count}`);
  },
  recordTopologyDescription: async ({ client, id }, { entities }) => {
    const { topology } = entities.client(client);
    check(topology !== undefined, () => `client ${client} knows no topology`);
    entities.add(id, new RecordedTopology(topology));
  },
  assertTopologyType: async ({ topologyDescription, topologyType }, { entities }) => {
    const { type } = entities.of(topologyDescription, RecordedTopology);
    check(type === topologyType, () => `the topology is ${type}, not ${topologyType}`);
  },
  waitForPrimaryChange,
  assertSessionTransactionState: async (args, context) => {
    const expected = STATES[args.state];
    if (!expected) throw new InvalidTest(`unknown state ${args.state}`);
    const { state } = sessionOf(args, context).transaction;
    check(expected.includes(state), () => `the transaction is ${state}, not ${args.state}`);
  },
  assertSessionPinned: assertSession(({ isPinned }) => isPinned, 'pinned'),
  assertSessionUnpinned: assertSession(({ isPinned }) => !isPinned, 'unpinned'),
  assertSessionDirty: assertSession(({ serverSession }) => serverSession.isDirty, 'dirty'),
  assertSessionNotDirty: assertSession(({ serverSession }) => !serverSession.isDirty, 'clean'),
  assertSameLsidOnLastTwoCommands: async (args, context) => {
    const [one, other] = lastTwoLsids(args, context);
    check(one === other, () => 'the last two commands have different lsids');
  },
  assertDifferentLsidOnLastTwoCommands: async (args, context) => {
    const [one, other] = lastTwoLsids(args, context);
    check(one !== other, () => 'the last two commands have the same lsid');
  },
  assertCollectionExists: async (args, context) => {
    const names = await collectionNames(args, context);
    check(names.includes(args.collectionName), () => `no collection ${args.collectionName}`);
  },
  assertCollectionNotExists: async (args, context) => {
    const names = await collectionNames(args, context);
    check(!names.includes(args.collectionName), () => `there is a collection ${args.collectionName}`);
  },
  assertIndexExists: async (args, context) => {
    const names = await indexNames(args, context);
    check(names.includes(args.indexName), () => `no index ${args.indexName}`);
  },
  assertIndexNotExists: async (args, context) => {
    const names = await indexNames(args, context);
    check(!names.includes(args.indexName), () => `there is an index ${args.indexName}`);
  },
  assertNumberConnectionsCheckedOut: async ({ client, connections }, { entities }) => {
    const { checkedOut } = entities.client(client);
    check(checkedOut === connections, () => `${checkedOut} connections are checked out, not ${connections}`);
  },
};
