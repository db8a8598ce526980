import { setTimeout } from 'node:timers/promises';

interface Waiting<Q, A> {
  question: Q;
  resolve: (answer: A) => void;
  reject: (error: unknown) => void;
}

/**
 * One answering for all who ask while the one before is under way, or within `gatherMs` of its end. Nobody joins what has
 * begun already: it may have read before they asked, and so not show what they have missed.
 */
export class Batcher<Q, A> {
  #waiting: Waiting<Q, A>[] = [];
  #running = false;

  /** `answer` gives one answer for each question, in their order. */
  constructor(
    private readonly answer: (questions: readonly Q[]) => Promise<readonly A[]>,
    private readonly gatherMs = 0,
  ) {}

  get isIdle(): boolean {
    return !this.#running;
  }

  ask(question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const answers = await this.answer(batch.map(({ question }) => question));
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as A);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      if (this.gatherMs > 0) await setTimeout(this.gatherMs, undefined, { ref: false });
    }
    this.#running = false;
  }
}
