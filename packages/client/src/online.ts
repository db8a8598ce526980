import { BrigadeProblem } from './problem.js';
import type { Problem } from './wire.js';

/** Those who wait for the connection. */
export class Online {
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly isOnline: () => boolean,
    private readonly endedBy: () => Problem | undefined,
  ) {}

  /** The connection is there, or the client has ended. */
  tell(): void {
    for (const done of [...this.#waiting]) done();
  }

  /** Resolves when connected, or at the deadline. @throws BrigadeProblem when the client has ended */
  wait(deadline: number): Promise<void> {
    const ended = this.endedBy();
    if (ended !== undefined) return Promise.reject(new BrigadeProblem(ended));
    if (this.isOnline()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        const problem = this.endedBy();
        if (problem === undefined) resolve();
        else reject(new BrigadeProblem(problem));
      };
      const timer = setTimeout(done, Math.max(0, deadline - performance.now()));
      this.#waiting.add(done);
    });
  }
}
