import { AbstractCursor, ChangeStream, ClientSession, Collection, Db, type Document, GridFSBucket } from 'mongodb';
import type { Handler, Handlers, TestContext } from '../context.js';
import { driverOptions } from '../driver-options.js';
import { InvalidTest, SkipTest } from '../failures.js';
import { ObservedClient } from '../observed-client.js';
import type { Operation } from '../schema.js';
import { bucketOperations } from './bucket.js';
import { clientOperations } from './client.js';
import { collectionOperations } from './collection.js';
import { cursorOperations } from './cursor.js';
import { databaseOperations } from './database.js';
import { checkRequired } from './required.js';
import { sessionOperations } from './session.js';
import { testRunnerOperations } from './test-runner.js';

/** Operations whose result is a list of root-level documents, in which fields that are not expected may be. */
const LISTING = new Set([
  'aggregate',
  'find',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'listSearchIndexes',
  'runCursorCommand',
]);

export function listsDocuments(operation: Operation): boolean {
  return LISTING.has(operation.name);
}

/** Executes an operation and gives its result. @throws InvalidTest when it is not known for its object */
export async function perform(operation: Operation, context: TestContext): Promise<unknown> {
  const args = operation.arguments ?? {};
  if (operation.object === 'testRunner') {
    const special = own(testRunnerOperations, operation.name);
    if (!special) throw new InvalidTest(`unknown operation ${operation.name} of the test runner`);
    return await special(args, context);
  }
  const target = context.entities.get(operation.object);
  const execute = bound(target, operation.name);
  if (!execute) throw new InvalidTest(`unknown operation ${operation.name} of ${operation.object}`);
  checkRequired(operation.name, args);
  return await execute(resolved(args, context), context);
}

type Bound = (args: Document, context: TestContext) => Promise<unknown>;

function bound(target: unknown, name: string): Bound | undefined {
  if (target instanceof ObservedClient) return bind(clientOperations, name, target);
  if (target instanceof Db) return bind(databaseOperations, name, target);
  if (target instanceof Collection) return bind(collectionOperations, name, target);
  if (target instanceof ClientSession) return bind(sessionOperations, name, target);
  if (target instanceof GridFSBucket) return bind(bucketOperations, name, target);
  if (target instanceof AbstractCursor || target instanceof ChangeStream) return bind(cursorOperations, name, target);
  return undefined;
}

function bind<T>(handlers: Handlers<T>, name: string, target: T): Bound | undefined {
  const handler: Handler<T> | undefined = own(handlers, name);
  // Called within an async function, so that what a handler throws at once is like what it rejects with.
  return handler && (async (args, context) => await handler(target, args, context));
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function resolved(args: Document, { entities }: TestContext): Document {
  if (args.autoEncryptOpts) throw new SkipTest('encryption: automatic encryption');
  return driverOptions(args, entities);
}
