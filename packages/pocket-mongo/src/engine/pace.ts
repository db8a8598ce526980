import { CommandError } from '../errors.js';

/** A command that takes longer lets other connections' commands run in between. */
const SLICE_MS = 5;

/** How long a command may hold the thread, and how long it may take in all (`maxTimeMS`). It may be ended from outside. */
export class Pace {
  private sliceEnd = Date.now() + SLICE_MS;
  private ended: CommandError | undefined;
  private endWait: (reason: CommandError) => void = () => undefined;

  /** @param deadline when the command's time is over, in ms of the system clock; Infinity for never */
  constructor(private deadline = Number.POSITIVE_INFINITY) {}

  /** What is left of its time; Infinity where there is no limit. */
  get leftMs(): number {
    return this.deadline === Number.POSITIVE_INFINITY ? this.deadline : Math.max(0, this.deadline - Date.now());
  }

  /** Gives it so many ms from now. */
  within(milliseconds: number): void {
    this.deadline = Date.now() + milliseconds;
  }

  /** True when it is time to call `rest`. */
  get due(): boolean {
    return Date.now() >= this.sliceEnd;
  }

  /** Lets the command fail with this error as soon as it rests or waits. */
  end(reason: CommandError): void {
    this.ended = reason;
    this.endWait(reason);
  }

  /** Lets others run. @throws CommandError 50 when the command's own time is over, 11601 when it was killed. */
  async rest(): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.check();
    this.sliceEnd = Date.now() + SLICE_MS;
  }

  check(): void {
    if (this.ended) throw this.ended;
    if (Date.now() > this.deadline) throw timeIsOver();
  }

  /** Waits, but no longer than the command may take. */
  async until<T>(event: Promise<T>): Promise<T> {
    if (this.ended) throw this.ended;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      this.endWait = reject;
      if (this.deadline !== Number.POSITIVE_INFINITY)
        timer = setTimeout(() => reject(timeIsOver()), Math.max(0, this.deadline - Date.now()));
    });
    try {
      return await Promise.race([event, over]);
    } finally {
      this.endWait = () => undefined;
      clearTimeout(timer);
    }
  }

  /** The documents of a source, with a rest wherever it is due; `undefined` in the source is a good moment for one. */
  async *through<T>(source: Iterable<T | undefined>): AsyncGenerator<T> {
    for (const one of source) {
      if (one !== undefined) yield one;
      if (this.due) await this.rest();
    }
  }
}

function timeIsOver(): CommandError {
  return new CommandError(50, 'operation exceeded time limit');
}
