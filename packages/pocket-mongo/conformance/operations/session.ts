import type { ClientSession, Document } from 'mongodb';
import type { Handlers } from '../context.js';
import type { Operation } from '../schema.js';

export const sessionOperations: Handlers<ClientSession> = {
  startTransaction: async (session, options) => session.startTransaction(options),
  commitTransaction: (session, options) => session.commitTransaction(options),
  abortTransaction: (session, options) => session.abortTransaction(options),
  endSession: (session, options) => session.endSession(options),
  getSnapshotTime: async (session) => (session as { snapshotTime?: Document }).snapshotTime,
  withTransaction: (session, { callback, ...options }, context) =>
    session.withTransaction(async () => {
      for (const operation of callback as Operation[]) await context.run(operation, true);
    }, options),
};
