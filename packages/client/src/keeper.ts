import { ageAtRestore, type ServerTime, type StoredAge } from './age.js';
import type { ErrorHandler } from './listeners.js';
import { type Command, isCommand, type Outbox, type StoredCommand } from './outbox.js';
import { isProblem } from './problem.js';
import type { Storage } from './storage.js';
import type { Problem } from './wire.js';

/** A command that had waited and was not carried out; kept until the app dismisses it. */
export interface Refused {
  readonly command: Command;
  readonly problem: Problem;
  /** When it was refused, ms since 1970 by this device's clock. */
  readonly at: number;
}

interface Owned<T> {
  readonly author: string | undefined;
  readonly item: T;
}

interface Kept {
  commands: Owned<StoredCommand>[];
  refused: Owned<Refused>[];
}

/**
 * Writes the queue down and reads it again. Every command has its author: who logs in on the same tablet later finds
 * their own and leaves the others where they are, for commands are carried out in the name of who hands them over.
 */
export class Keeper {
  /** What was refused to this person. */
  refused: readonly Refused[] = [];
  /** Resolves once it is known who uses this client: nothing can be stored before. */
  readonly #owned: Promise<void>;
  readonly #loaded: Promise<void>;
  #isOwned: () => void = () => undefined;
  #owner: string | undefined;
  #kept: Kept | undefined;
  #others: Kept = { commands: [], refused: [] };
  #saving: Promise<void> = Promise.resolve();
  #loadedAt = 0;

  constructor(
    private readonly storage: Storage | undefined,
    private readonly outbox: Outbox,
    private readonly serverTime: ServerTime,
    private readonly handlers: { claimed: () => void; error: ErrorHandler },
  ) {
    this.#owned = new Promise((resolve) => {
      this.#isOwned = resolve;
    });
    this.#loaded = this.#load();
  }

  get isStored(): boolean {
    return this.storage !== undefined;
  }

  /** What was stored before is in the queue. */
  get ready(): Promise<void> {
    return this.storage === undefined ? Promise.resolve() : this.#owned;
  }

  get owner(): string | undefined {
    return this.#owner;
  }

  /** Of the commands in the storage that belong to somebody else: how old each is, ms. */
  get agesOfOthers(): readonly number[] {
    return this.#others.commands.map(({ item }) => this.#ageOf(item));
  }

  /** Who uses this client. @returns false when it is somebody else than before */
  identified(userId: string): boolean {
    if (this.#owner !== undefined) return this.#owner === userId;
    this.#owner = userId;
    void this.#loaded.then(() => {
      this.#claim();
      this.#isOwned();
    });
    return true;
  }

  refuse(refused: Refused): void {
    this.refused = [...this.refused, refused];
  }

  /** @returns whether there was one of this key */
  dismiss(key: string): boolean {
    const before = this.refused.length;
    this.refused = this.refused.filter(({ command }) => command.key !== key);
    return this.refused.length < before;
  }

  /** One after the other, each with the queue as it is when its turn comes. */
  save(): Promise<void> {
    const { storage } = this;
    if (storage === undefined) return Promise.resolve();
    this.#saving = this.#saving.then(async () => {
      await this.#owned;
      try {
        await storage.save(this.#toText());
      } catch (error) {
        this.handlers.error(error, 'storage');
      }
    });
    return this.#saving;
  }

  /** Resolves when all that was to be written is. */
  flushed(): Promise<void> {
    return this.#owner === undefined ? Promise.resolve() : this.#saving;
  }

  async #load(): Promise<void> {
    try {
      const text = (await this.storage?.load()) ?? null;
      this.#loadedAt = performance.now();
      if (text !== null) this.#kept = keptFromText(text);
    } catch (error) {
      this.handlers.error(error, 'storage');
    }
  }

  #claim(): void {
    const { commands, refused } = this.#kept ?? { commands: [], refused: [] };
    // One without an author is from a storage that only one person used.
    const isMine = ({ author }: Owned<unknown>) => author === undefined || author === this.#owner;
    this.outbox.restore(
      commands.filter(isMine).map(({ item }) => item),
      this.serverTime.now(),
    );
    this.refused = [...refused.filter(isMine).map(({ item }) => item), ...this.refused];
    const isTheirs = (one: Owned<unknown>) => !isMine(one);
    this.#others = { commands: commands.filter(isTheirs), refused: refused.filter(isTheirs) };
    this.handlers.claimed();
  }

  #ageOf({ command, age }: StoredCommand): number {
    const since = performance.now() - this.#loadedAt;
    const now = this.serverTime.now();
    return ageAtRestore(age, command.strict === true, now === undefined ? undefined : now - since) + since;
  }

  #toText(): string {
    const mine = <T>(item: T): Owned<T> => ({ author: this.#owner, item });
    const now = performance.now();
    const own = this.outbox.entries
      .filter(({ volatile }) => !volatile)
      .map(({ command, bornAt, leaves }) => mine({ ...command, ageMs: now - bornAt, unsent: !leaves }));
    const others = this.#others.commands.map(({ author, item }) => {
      const { command, unsent } = item;
      return { author, item: { ...command, ageMs: this.#ageOf(item), unsent } };
    });
    const when = { server: this.serverTime.now(), wall: Date.now() };
    const commands = [...others, ...own].map(withAuthor).map((one) => ({ ...one, ...when }));
    const refused = [...this.#others.refused, ...this.refused.filter(isWritable).map(mine)].map(withAuthor);
    return JSON.stringify({ v: 2, commands, refused });
  }
}

const volatileKeys = new WeakSet<Command>();

/** This one must not be written down, whatever becomes of it. */
export function keepOut(command: Command): void {
  volatileKeys.add(command);
}

const isWritable = ({ command }: Refused): boolean => !volatileKeys.has(command);

const withAuthor = <T>({ author, item }: Owned<T>): T & { author: string | undefined } => ({ ...item, author });

/** @throws Error when the text is not a stored queue */
function keptFromText(text: string): Kept {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !('commands' in parsed) || !Array.isArray(parsed.commands)) {
    throw new Error('The stored queue is not readable');
  }
  const refused: unknown[] = 'refused' in parsed && Array.isArray(parsed.refused) ? parsed.refused : [];
  return {
    commands: parsed.commands.filter(isCommand).map(ownedCommand),
    refused: refused.filter(isRefused).map(owned),
  };
}

function owned<T extends object>(stored: T): Owned<T> {
  const { author, ...item } = stored as T & { author?: unknown };
  return { author: typeof author === 'string' ? author : undefined, item: item as unknown as T };
}

/** One of an older client has neither age nor mark: it may have left. */
function ownedCommand(stored: Command): Owned<StoredCommand> {
  const { author, item } = owned(stored);
  const { ageMs, server, wall, unsent, ...command } = item as Command & Partial<StoredAge> & { unsent?: boolean };
  return {
    author,
    item: { command, age: { ageMs: ageMs ?? 0, server, wall: wall ?? command.at }, unsent: unsent === true },
  };
}

function isRefused(value: unknown): value is Refused {
  if (typeof value !== 'object' || value === null) return false;
  const { command, problem, at } = value as Partial<Refused>;
  return isCommand(command) && isProblem(problem) && typeof at === 'number';
}
