import type { ClientSession } from 'mongodb';
import { isLost, isTransient } from './lost.js';
import type { Worker } from './workload.js';

/** Ids of transactions by what became of them. */
export class Outcomes {
  readonly acknowledged = new Set<string>();
  readonly unknown = new Set<string>();
  /** Never sent to be committed, or refused. */
  readonly notDone = new Set<string>();

  /** Says what is wrong with the ids that are stored, and takes unknown ones as they turned out. */
  settle(stored: readonly string[], complain: (what: string) => void): void {
    const found = new Set(stored);
    if (found.size !== stored.length) complain('a transaction was done twice');
    for (const id of this.acknowledged) if (!found.has(id)) complain(`the acknowledged transaction ${id} is missing`);
    for (const id of found) {
      if (this.notDone.has(id)) complain(`the transaction ${id} is there, but was not committed`);
      else if (!this.acknowledged.has(id) && !this.unknown.has(id)) complain(`the transaction ${id} came from nowhere`);
    }
    for (const id of this.unknown) (found.has(id) ? this.acknowledged : this.notDone).add(id);
    this.unknown.clear();
  }
}

/**
 * One transaction. A worker that retries lets the driver try until it is told the outcome. Another does it once: before
 * the commit is sent nothing can have been done, after that a lost connection leaves it unknown.
 */
export async function transact(
  worker: Worker,
  id: string,
  outcomes: Outcomes,
  body: (session: ClientSession) => Promise<void>,
): Promise<void> {
  const session = worker.client.startSession();
  try {
    if (worker.retries) {
      outcomes.unknown.add(id);
      await session.withTransaction(() => body(session));
    } else if (!(await once(session, id, outcomes, body))) return;
    outcomes.unknown.delete(id);
    outcomes.acknowledged.add(id);
  } finally {
    await session.endSession();
  }
}

/** @returns false when it was not done, because another transaction was in the way or the server has forgotten it */
async function once(
  session: ClientSession,
  id: string,
  outcomes: Outcomes,
  body: (session: ClientSession) => Promise<void>,
): Promise<boolean> {
  outcomes.notDone.add(id);
  session.startTransaction();
  try {
    await body(session);
  } catch (error) {
    await session.abortTransaction().catch(() => undefined);
    if (isTransient(error) && !isLost(error)) return false;
    throw error;
  }
  outcomes.notDone.delete(id);
  outcomes.unknown.add(id);
  try {
    // The driver sends a commit twice when it must, also across a restart.
    await session.commitTransaction();
    return true;
  } catch (error) {
    if (!isTransient(error) || isLost(error)) throw error;
    outcomes.unknown.delete(id);
    outcomes.notDone.add(id);
    return false;
  }
}
