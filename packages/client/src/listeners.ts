export type Unsubscribe = () => void;
export type ErrorHandler = (error: unknown, where: string) => void;

/** The listeners of one thing. One that throws is reported; the others, and whoever tells them, go on. */
export class Listeners<A extends unknown[]> {
  readonly #all = new Set<{ call: (...args: A) => void }>();
  constructor(
    private readonly where: string,
    private readonly onError: ErrorHandler,
  ) {}

  get size(): number {
    return this.#all.size;
  }

  add(call: (...args: A) => void): Unsubscribe {
    const entry = { call };
    this.#all.add(entry);
    return () => {
      this.#all.delete(entry);
    };
  }

  tell(...args: A): void {
    for (const entry of [...this.#all]) {
      try {
        // A listener may be async against its type; its rejection must not end a Node process.
        const result: unknown = entry.call(...args);
        if (result instanceof Promise) result.catch((error: unknown) => this.onError(error, this.where));
      } catch (error) {
        this.onError(error, this.where);
      }
    }
  }
}
