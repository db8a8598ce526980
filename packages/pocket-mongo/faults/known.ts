/**
 * What is known of one thing that one worker at a time changes: its value, and after a write whose outcome nobody told,
 * the value that it has as well may be.
 */
export class Known<T> {
  private pending: { readonly value: T } | undefined;

  constructor(private value: T) {}

  get now(): T {
    return this.value;
  }

  /** Runs a write that changes the value; when the write throws, either value may be stored. */
  async change(value: T, write: () => Promise<unknown>): Promise<void> {
    this.pending = { value };
    await write();
    this.value = value;
    this.pending = undefined;
  }

  /** Takes what is stored for the truth. @returns what it should have been, when it is neither of the possible values */
  settle(stored: T): string | undefined {
    const possible = this.pending ? [this.value, this.pending.value] : [this.value];
    this.value = stored;
    this.pending = undefined;
    return possible.includes(stored) ? undefined : `is ${stored}, but must be ${possible.join(' or ')}`;
  }
}
