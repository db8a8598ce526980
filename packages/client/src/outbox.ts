/** A command that is not yet settled. Times in ms of this device's clock. */
export interface Command {
  readonly key: string;
  readonly name: string;
  readonly input: unknown;
  readonly expectedVersion?: number;
  readonly at: number;
  readonly expiresAt: number;
}

/** `storing`: being written to the storage. `waiting`: for its turn, the connection or a pause. `sent`: for its answer. */
type CommandState = 'storing' | 'waiting' | 'sent';

export interface Entry {
  readonly command: Command;
  state: CommandState;
  /** Times it was sent; a restored one may have been, so it starts at 1. */
  attempts: number;
  /** Not sent again before. */
  notBefore: number;
  /** Was queued while offline, or has to be sent again: what comes later waits for its answer. */
  holdsOthers: boolean;
  /** Not written to the storage: its input holds a secret. */
  readonly volatile: boolean;
}

/**
 * Which command may be sent when; no I/O, no timers. While all goes well commands are in flight side by side. One that
 * had to wait for the connection, or has to be sent again, is sent alone and in its turn, and later ones wait until it
 * is answered: after an outage the server sees them in the order in which they were given.
 */
export class Outbox {
  #entries: Entry[] = [];

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get(key: string): Entry | undefined {
    return this.#entries.find((entry) => entry.command.key === key);
  }

  add(command: Command, { online, volatile }: { online: boolean; volatile: boolean }): Entry {
    const entry: Entry = { command, state: 'storing', attempts: 0, notBefore: 0, holdsOthers: !online, volatile };
    this.#entries.push(entry);
    return entry;
  }

  /** Commands an earlier client left in the storage; they come before all others. */
  restore(commands: readonly Command[]): void {
    const restored = commands.map(
      (command): Entry => ({
        command,
        state: 'waiting',
        attempts: 1,
        notBefore: 0,
        holdsOthers: true,
        volatile: false,
      }),
    );
    this.#entries.unshift(...restored);
  }

  /** What is to be sent now, marked as sent. */
  next(now: number): Entry[] {
    const sending: Entry[] = [];
    for (const [index, entry] of this.#entries.entries()) {
      const due = entry.state === 'waiting' && entry.notBefore <= now;
      // One still being stored has not been sent either: whoever comes later does not overtake it.
      if (entry.state === 'storing') break;
      if (entry.holdsOthers) {
        if (index === 0 && due) sending.push(entry);
        break;
      }
      if (due) sending.push(entry);
    }
    for (const entry of sending) {
      entry.state = 'sent';
      entry.attempts += 1;
    }
    return sending;
  }

  /** Not answered, or answered "not now". */
  again(entry: Entry, notBefore: number): void {
    entry.state = 'waiting';
    entry.notBefore = notBefore;
    entry.holdsOthers = true;
  }

  /** The connection is gone: nobody will answer what is in flight. */
  disconnected(): void {
    for (const entry of this.#entries) {
      if (entry.state === 'sent') this.again(entry, 0);
      else entry.holdsOthers = true;
    }
  }

  remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  /** Given up: too old, and not in flight. */
  expired(now: number): Entry[] {
    return this.#entries.filter((entry) => entry.state !== 'sent' && entry.command.expiresAt <= now);
  }

  /** When to look again, if nothing else happens before. */
  wakeAt(now: number): number | undefined {
    let earliest: number | undefined;
    for (const entry of this.#entries) {
      if (entry.state === 'sent') continue;
      const at = entry.notBefore > now ? Math.min(entry.notBefore, entry.command.expiresAt) : entry.command.expiresAt;
      if (earliest === undefined || at < earliest) earliest = at;
    }
    return earliest;
  }

  toText(): string {
    const commands = this.#entries.filter((entry) => !entry.volatile).map((entry) => entry.command);
    return JSON.stringify({ v: 1, commands });
  }
}

/** @throws Error when the text is not what `toText` wrote */
export function commandsFromText(text: string): Command[] {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !('commands' in parsed) || !Array.isArray(parsed.commands)) {
    throw new Error('The stored queue is not readable');
  }
  return parsed.commands.filter(isCommand);
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null) return false;
  const { key, name, at, expiresAt } = value as Partial<Command>;
  return typeof key === 'string' && typeof name === 'string' && typeof at === 'number' && typeof expiresAt === 'number';
}
