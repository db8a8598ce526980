import { MongoError, MongoNetworkError, MongoServerSelectionError } from 'mongodb';

/** What the driver throws as it comes from the system, when it writes to a connection that has just gone. */
const BROKEN: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET']);

/** What becomes of such an error in `withTransaction` of driver 7.8, which takes every error of a commit for its own. */
const TRIPPED = 'hasErrorLabel is not a function';

/** The error and those it is made of: a bulk write's is wrapped around its cause. */
function* chain(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  yield* chain(error.cause);
  yield* chain((error as { errorResponse?: unknown }).errorResponse);
}

/** True for an error that says nothing about what became of the write: the connection was lost, or there was none. */
export function isLost(error: unknown): boolean {
  return [...chain(error)].some(
    (part) =>
      part instanceof MongoNetworkError ||
      part instanceof MongoServerSelectionError ||
      part.message.includes(TRIPPED) ||
      BROKEN.has((part as NodeJS.ErrnoException).code),
  );
}

/** True for an error after which the whole transaction may be tried again; it was not done. */
export function isTransient(error: unknown): boolean {
  return [...chain(error)].some(
    (part) => part instanceof MongoError && part.hasErrorLabel('TransientTransactionError'),
  );
}

/** The code of the server's error; undefined where it is none. */
export function codeOf(error: unknown): unknown {
  return error instanceof MongoError ? error.code : undefined;
}
