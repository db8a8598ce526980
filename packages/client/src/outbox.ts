import { ageAtRestore, type StoredAge } from './age.js';
import { isAboutSessions } from './problem.js';

/** A command that is not yet settled. Its times are for people to read: only the span between them decides anything. */
export interface Command {
  readonly key: string;
  readonly name: string;
  readonly input: unknown;
  readonly expectedVersion?: number;
  /** When it was given, ms since 1970 by this device's clock. */
  readonly at: number;
  /** `at`, and the age at which it is given up. */
  readonly expiresAt: number;
  /** Must not happen late: it was given a limit of its own. */
  readonly strict?: true;
}

/** A command from the storage. */
export interface StoredCommand {
  command: Command;
  age: StoredAge;
  /** It never left this device. */
  unsent: boolean;
}

/** `storing`: being written to the storage. `waiting`: for its turn, the connection or a pause. `sent`: for its answer. */
type CommandState = 'storing' | 'waiting' | 'sent';

export interface Entry {
  readonly command: Command;
  state: CommandState;
  /** Times it was sent; a restored one that may have been starts at 1. */
  attempts: number;
  /** When it was given, by `performance.now()`: its age is counted by a clock that does not jump. */
  bornAt: number;
  /** It may leave this device, or has; written down before it does. */
  leaves: boolean;
  /** Of a restored one: what the storage said, and when it was read. */
  readonly restored?: { age: StoredAge; at: number };
  /** Not sent again before. */
  notBefore: number;
  /** Was queued while offline, or has to be sent again: what comes later waits for its answer. */
  holdsOthers: boolean;
  /** Not written to the storage: its input holds a secret. */
  readonly volatile: boolean;
  /** Its size as it travels, about. */
  readonly bytes: number;
}

/** What one batch may hold. */
export interface BatchSize {
  commands: number;
  bytes: number;
}

/**
 * Which command may be sent when; no I/O, no timers. While all goes well commands are in flight side by side. One that
 * had to wait for the connection, or has to be sent again, goes in its turn, together with those right behind it, and
 * later ones wait until it is answered: after an outage the server sees them in the order in which they were given.
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
    const bytes = sizeOf(command);
    const entry: Entry = {
      command,
      state: 'storing',
      attempts: 0,
      bornAt: performance.now(),
      leaves: online,
      notBefore: 0,
      holdsOthers: !online,
      volatile,
      bytes,
    };
    this.#entries.push(entry);
    return entry;
  }

  /** Commands an earlier client left in the storage; they come before all others. */
  restore(stored: readonly StoredCommand[], serverNow: number | undefined): void {
    const known = new Set(this.#entries.map(({ command }) => command.key));
    const at = performance.now();
    const restored = stored
      .filter(({ command: { key } }) => !known.has(key))
      .map(
        ({ command, age, unsent }): Entry => ({
          command,
          state: 'waiting',
          attempts: unsent ? 0 : 1,
          bornAt: at - ageAtRestore(age, command.strict === true, serverNow),
          leaves: !unsent,
          restored: { age, at },
          notBefore: 0,
          holdsOthers: true,
          volatile: false,
          bytes: sizeOf(command),
        }),
      );
    this.#entries.unshift(...restored);
  }

  /** The server's time is known (better): so are the ages of what was stored. */
  settleAges(serverNow: number): void {
    for (const entry of this.#entries) {
      const { restored, command } = entry;
      if (restored === undefined) continue;
      const then = serverNow - (performance.now() - restored.at);
      entry.bornAt = restored.at - ageAtRestore(restored.age, command.strict === true, then);
    }
  }

  /** The first that wait and were never to leave so far, marked: to be written down before they are sent. */
  leaving(most: number): Entry[] {
    const first = this.#entries.slice(0, most).filter(isNews);
    for (const entry of first) {
      entry.leaves = true;
      entry.state = 'storing';
    }
    return first;
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

  /** The first command and those right behind it, when it has waited: to be handed over together. Fewer than two: none. */
  nextBatch(now: number, size: BatchSize): Entry[] {
    if (this.#entries[0]?.holdsOthers !== true) return [];
    const batch: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries) {
      bytes += entry.bytes;
      if (entry.state !== 'waiting' || entry.notBefore > now || isAboutSessions(entry.command.name)) break;
      if (batch.length === size.commands || bytes > size.bytes) break;
      batch.push(entry);
    }
    if (batch.length < 2) return [];
    for (const entry of batch) {
      entry.state = 'sent';
      entry.attempts += 1;
    }
    return batch;
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
    return this.#entries.filter((entry) => entry.state !== 'sent' && givenUpAt(entry) <= now);
  }

  /** When to look again, if nothing else happens before. */
  wakeAt(now: number): number | undefined {
    let earliest: number | undefined;
    for (const entry of this.#entries) {
      if (entry.state === 'sent') continue;
      const end = givenUpAt(entry);
      const at = entry.notBefore > now ? Math.min(entry.notBefore, end) : end;
      if (earliest === undefined || at < earliest) earliest = at;
    }
    return earliest;
  }
}

/** The storage knows it, and does not know yet that it leaves. */
const isNews = ({ leaves, state, volatile }: Entry): boolean => !leaves && !volatile && state === 'waiting';

/** By `performance.now()`. */
export const givenUpAt = ({ command, bornAt }: Entry): number => bornAt + command.expiresAt - command.at;

export function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null) return false;
  const { key, name, at, expiresAt } = value as Partial<Command>;
  return typeof key === 'string' && typeof name === 'string' && typeof at === 'number' && typeof expiresAt === 'number';
}

export const sizeOf = ({ input }: Command): number => (JSON.stringify(input)?.length ?? 0) + 200;
