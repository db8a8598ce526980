import type { Document } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Running } from './running.js';

/** Of so many collections the use is counted; nobody can fill the memory with names. */
const MAX_NAMESPACES = 10_000;

/** What `top` calls the kinds of commands. */
const KINDS: Readonly<Record<string, string>> = {
  find: 'queries',
  getMore: 'getmore',
  insert: 'insert',
  update: 'update',
  findAndModify: 'update',
  findandmodify: 'update',
  delete: 'remove',
};

/** What `serverStatus` calls them. */
const COUNTERS: Readonly<Record<string, string>> = {
  insert: 'insert',
  find: 'query',
  update: 'update',
  delete: 'delete',
  getMore: 'getmore',
};

/** A command under way. */
export interface Operation {
  readonly id: number;
  readonly context: Running;
  readonly startedAt: number;
}

interface Use {
  count: number;
  microseconds: number;
}

/** The commands under way, and how often and how long there were some. */
export class Operations {
  readonly counters = { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 };
  private readonly running = new Map<number, Operation>();
  /** By namespace, then by kind. */
  private readonly uses = new Map<string, Map<string, Use>>();
  private nextId = 1;

  /** Runs a command; while it runs it is seen and can be killed. */
  async run<T extends Running>(context: T, handler: (context: T) => Promise<Document> | Document): Promise<Document> {
    const operation = { id: this.nextId++, context, startedAt: performance.now() };
    this.running.set(operation.id, operation);
    try {
      // A fail point may have held it up for longer than it may take.
      context.pace.check();
      return await handler(context);
    } finally {
      this.running.delete(operation.id);
      this.count(operation);
    }
  }

  private count({ context, startedAt }: Operation): void {
    const { name } = context;
    this.counters[(COUNTERS[name] ?? 'command') as keyof Operations['counters']]++;
    const target = name === 'getMore' ? context.command.collection : context.command[name];
    if (typeof target !== 'string' || target === '') return;
    const ns = `${context.db}.${target}`;
    let uses = this.uses.get(ns);
    if (!uses) {
      if (this.uses.size >= MAX_NAMESPACES) return;
      uses = new Map();
      this.uses.set(ns, uses);
    }
    const kind = KINDS[name] ?? 'commands';
    const use = uses.get(kind) ?? { count: 0, microseconds: 0 };
    use.count++;
    use.microseconds += (performance.now() - startedAt) * 1000;
    uses.set(kind, use);
  }

  /** How collections were used since the start: by namespace, then by `top`'s kinds. */
  used(): ReadonlyMap<string, ReadonlyMap<string, Use>> {
    return this.uses;
  }

  all(): Iterable<Operation> {
    return this.running.values();
  }

  kill(id: number): void {
    this.running.get(id)?.context.pace.end(interrupted());
  }

  /** Kills what runs in sessions, but `but`. */
  killOf(isMeant: (session: string) => boolean, but: Running): void {
    for (const { context } of this.running.values())
      if (context !== but && context.session && isMeant(context.session.id)) context.pace.end(interrupted());
  }
}

function interrupted(): CommandError {
  return new CommandError(11601, 'operation was interrupted');
}
