import type { AbstractCursor, ChangeStream } from 'mongodb';
import type { Handlers } from '../context.js';
import { InvalidTest } from '../failures.js';

/** The driver keeps this for test runners: the cursor is made on the server, and not moved. */
interface Opening {
  cursorInit(): Promise<void>;
}

export async function openedCursor<T extends AbstractCursor>(cursor: T): Promise<T> {
  await (cursor as unknown as Opening).cursorInit();
  return cursor;
}

export async function openedChangeStream(stream: ChangeStream): Promise<ChangeStream> {
  const { cursor } = stream as unknown as { readonly cursor: Opening };
  await cursor.cursorInit();
  return stream;
}

/** Operations of cursors and change streams. */
export const cursorOperations: Handlers<AbstractCursor | ChangeStream> = {
  iterateOnce: (cursor) => cursor.tryNext(),
  iterateUntilDocumentOrError: async (cursor) => {
    const document: unknown = await cursor.next();
    // A cursor that ended gives neither; the test would be waiting for ever.
    if (document === null) throw new InvalidTest('the cursor ended without a document or an error');
    return document;
  },
  close: (cursor) => cursor.close().catch(() => undefined),
};
