import { withDeadline } from './deadline.js';
import { AssertionFailure } from './failures.js';

const FINISH_MS = 10_000;

/** A "thread" of a test: runs its operations one after another, beside the test's own. */
export class Thread {
  private last: Promise<unknown> = Promise.resolve();
  private failure: unknown;

  run(operation: () => Promise<unknown>): void {
    this.last = this.last.then(async () => {
      if (this.failure !== undefined) return;
      try {
        await operation();
      } catch (error) {
        this.failure = error;
      }
    });
  }

  /** Waits for the last operation. @throws the first failure, or AssertionFailure after 10 s */
  async finish(): Promise<void> {
    await withDeadline(this.last, FINISH_MS, () => new AssertionFailure('the thread did not end within 10 s'));
    if (this.failure !== undefined) throw this.failure;
  }
}
