import type { MongoClient } from 'mongodb';
import type { TestContext } from './context.js';
import { createEntities } from './create-entities.js';
import type { Deployment } from './deployment.js';
import { Entities } from './entities.js';
import { matchEvents } from './expected-events.js';
import { matchLogs } from './expected-logs.js';
import { check, SkipTest } from './failures.js';
import { match, show } from './matcher.js';
import { runOperation } from './run-operation.js';
import type { CollectionData, Operation, Test, TestFile } from './schema.js';

/** Milliseconds that a loop of a test, which by itself has no end, goes on. */
const LOOP_MS = 1000;

/**
 * Runs one test of a file, from its data to its outcome, and leaves the server as it was.
 * @throws AssertionFailure, InvalidTest, SkipTest, or what the set-up failed with
 */
export async function runTest(file: TestFile, test: Test, deployment: Deployment): Promise<void> {
  if (setsTimeout(file.createEntities) || setsTimeout(test.operations))
    throw new SkipTest('driver: timeoutMS has no effect in its version 7');
  if (hasKey(test.operations, '$where')) throw new SkipTest('server: runs no scripts');
  if (test.expectTracingMessages) throw new SkipTest('driver: has no tracing');
  const { client: internal, uri } = deployment;
  const entities = new Entities();
  const context: TestContext = {
    entities,
    uri,
    internal,
    quick: uses(test.operations, 'failPoint'),
    failPoints: new Set(),
    loopMs: LOOP_MS,
    run: (operation, rethrow) => runOperation(operation, context, rethrow),
  };
  let failed = true;
  try {
    for (const data of file.initialData ?? []) await setUp(data, internal);
    await createEntities(file.createEntities ?? [], context);
    for (const operation of test.operations) await context.run(operation);
    for (const client of entities.clients()) client.stopObserving();
    for (const expected of test.expectEvents ?? []) matchEvents(expected, entities);
    for (const expected of test.expectLogMessages ?? []) matchLogs(expected, entities);
    for (const expected of test.outcome ?? []) await verifyOutcome(expected, internal, entities);
    failed = false;
  } finally {
    const transactions = uses(test.operations, 'startTransaction') || uses(test.operations, 'withTransaction');
    await deployment.reset(context.failPoints, failed || transactions);
    await entities.close();
  }
}

function uses(operations: readonly Operation[], name: string): boolean {
  return operations.some((operation) => operation.name === name || uses(operation.arguments?.operations ?? [], name));
}

/** Whether a key is anywhere in a part of a test. */
function hasKey(part: unknown, key: string): boolean {
  if (typeof part !== 'object' || part === null) return false;
  return key in part || Object.values(part).some((inner) => hasKey(inner, key));
}

/** Whether a part of a test sets the time-out of whole operations; that of the runner's own waiting is another. */
function setsTimeout(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if ('name' in part && part.name === 'waitForPrimaryChange') return false;
  return 'timeoutMS' in part || Object.values(part).some(setsTimeout);
}

const MAJORITY = { writeConcern: { w: 'majority' } } as const;

async function setUp(
  { databaseName, collectionName, createOptions, documents }: CollectionData,
  internal: MongoClient,
) {
  const db = internal.db(databaseName);
  await db.dropCollection(collectionName, MAJORITY);
  if (createOptions || documents.length === 0)
    await db.createCollection(collectionName, { ...createOptions, ...MAJORITY });
  // The driver would write an `_id` into the test file's own documents.
  if (documents.length > 0)
    await db.collection(collectionName).insertMany(
      documents.map((document) => ({ ...document })),
      MAJORITY,
    );
}

async function verifyOutcome(expected: CollectionData, internal: MongoClient, entities: Entities): Promise<void> {
  const { databaseName, collectionName, documents } = expected;
  const where = `outcome of ${databaseName}.${collectionName}`;
  const collection = internal.db(databaseName).collection(collectionName, {
    readConcern: { level: 'local' },
    readPreference: 'primary',
  });
  // Otherwise the driver gives a symbol as a string.
  const found = await collection.find({}, { sort: { _id: 1 }, promoteValues: false }).toArray();
  check(found.length === documents.length, () => `${where}: expected ${show(documents)}, found ${show(found)}`);
  documents.forEach((document, i) => {
    match(document, found[i], entities, false, `${where}[${i}]`);
  });
}
