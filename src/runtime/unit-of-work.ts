import type { Doc, Filter, FindOptions, Kind, NewDoc, Reads, Writes } from '../kernel/documents.js';
import { fail } from '../kernel/errors.js';
import type { AnyEvent } from '../kernel/event.js';
import { countsFor, type Plan } from '../kernel/plan.js';
import type { Memory } from './memory.js';
import { type DatabaseReads, missing } from './reader.js';
import type { RevocationDoc } from './revocations.js';

/** One document's change: `before` undefined for a new one, `after` undefined for a removed one. */
export interface Change {
  kind: Kind<Doc>;
  id: string;
  before: Doc | undefined;
  after: Doc | undefined;
}

export interface Published {
  event: AnyEvent;
  data: unknown;
  /** 0 for what the handler published, one more for each reaction in between. */
  depth: number;
}

/** Tells the copies of a document apart within a unit. Neither JSON nor BSON sees it. */
const mark = Symbol('written');
let marks = 0;
const marked = () => ({ [mark]: ++marks });

/** What a unit reads through: the lane's memory, and the database once the lane's earlier commits have settled. */
export interface UnitSource {
  memory: Memory;
  database: Reads & Pick<DatabaseReads, 'count'>;
  settled(): Promise<void>;
  /** Memory answered what would have been a read of the database. */
  saved(): void;
}

/**
 * The writes and events of one command, collected until the handler and all reactions are done. Reads see the unit's
 * own writes first, then the lane's memory, then the database. A unit that fails has written nothing.
 *
 * It refuses what no handler may do, whichever it is: writing another restaurant's document, and writing over what this
 * very unit has written since the handler read it. Each write carries a mark of its own, which a changed copy
 * (`{ ...doc, status }`) takes along, so an old copy shows. The version does not: it counts commits, as clients see them.
 */
export class UnitOfWork implements Reads, Writes {
  readonly changes = new Map<string, Change>();
  readonly published: Published[] = [];
  readonly revocations: RevocationDoc[] = [];

  constructor(
    readonly restaurantId: string,
    private readonly now: Date,
    private readonly source: UnitSource,
  ) {}

  async get<T extends Doc>(kind: Kind<T>, id: string): Promise<T> {
    return (await this.lookup(kind, id)) ?? missing(kind);
  }

  async lookup<T extends Doc>(kind: Kind<T>, id: string): Promise<T | undefined> {
    const change = this.changes.get(`${kind.collection}/${id}`);
    if (change !== undefined) return change.after as T | undefined;
    const { memory } = this.source;
    const held = memory.get(kind, id);
    if (held !== undefined || memory.knowsAll(kind)) {
      this.source.saved();
      return held;
    }
    if (kind.hold === 'all') return (await this.#load(kind)).find((doc) => doc._id === id);
    await this.source.settled();
    const doc = await this.source.database.lookup(kind, id);
    if (doc !== undefined) memory.put(kind, doc);
    return doc;
  }

  async all<T extends Doc>(kind: Kind<T>): Promise<readonly T[]> {
    const held = this.source.memory.all(kind);
    if (held !== undefined) this.source.saved();
    return this.#withChanges(kind, held ?? (await this.#load(kind)));
  }

  async find<T extends Doc>(kind: Kind<T>, filter: Filter, options?: FindOptions): Promise<T[]> {
    await this.source.settled();
    return this.source.database.find(kind, filter, options);
  }

  insert<T extends Doc>(kind: Kind<T>, doc: NewDoc<T>): T {
    const stamp = { restaurantId: this.restaurantId, version: 1, createdAt: this.now, updatedAt: this.now };
    const whole = { ...doc, ...stamp, ...marked() } as unknown as T;
    const key = `${kind.collection}/${whole._id}`;
    if (this.changes.has(key)) throw new Error(`${key} is inserted over another change of its unit`);
    this.changes.set(key, { kind, id: whole._id, before: undefined, after: whole });
    return whole;
  }

  save<T extends Doc>(kind: Kind<T>, doc: T): T {
    const before = this.#before(kind, doc);
    const after: T = { ...doc, version: (before?.version ?? 0) + 1, updatedAt: this.now, ...marked() };
    this.changes.set(`${kind.collection}/${doc._id}`, { kind, id: doc._id, before, after });
    return after;
  }

  remove<T extends Doc>(kind: Kind<T>, doc: T): void {
    const before = this.#before(kind, doc);
    const key = `${kind.collection}/${doc._id}`;
    if (before === undefined) this.changes.delete(key);
    else this.changes.set(key, { kind, id: doc._id, before, after: undefined });
  }

  publish(event: AnyEvent, data: unknown, depth = 0): void {
    this.published.push({ event, data, depth });
  }

  /** @throws conflict when there would be more of a kind than the restaurant's plan has room for */
  async checkQuotas(plan: Plan): Promise<void> {
    for (const [kind, more] of this.#growth()) {
      if (more <= 0 || kind.quota === undefined) continue;
      const { what, most } = kind.quota;
      if ((await this.#count(kind)) + more > most[plan])
        throw fail('conflict', `A restaurant on the plan ${plan} has at most ${most[plan]} ${what}`);
    }
  }

  get isEmpty(): boolean {
    return this.changes.size === 0 && this.published.length === 0 && this.revocations.length === 0;
  }

  /** Makes the lane's memory show what this unit has written. */
  applyTo(memory: Memory): void {
    for (const [kind, more] of this.#growth()) memory.grow(kind, more);
    for (const { kind, id, after } of this.changes.values()) {
      if (after === undefined) memory.drop(kind, id);
      else memory.put(kind, after);
    }
  }

  /** How many more documents count for their kind's quota after this unit; below zero: fewer. */
  #growth(): Map<Kind<Doc>, number> {
    const growth = new Map<Kind<Doc>, number>();
    for (const { kind, id, before, after } of this.changes.values()) {
      if (kind.quota === undefined) continue;
      // `before` is what was saved over, under the version it had; memory still has it as it was read.
      const was = before && (this.source.memory.get(kind, id) ?? before);
      const more = Number(countsFor(kind.quota, after)) - Number(countsFor(kind.quota, was));
      growth.set(kind, (growth.get(kind) ?? 0) + more);
    }
    return growth;
  }

  /** As it was before this unit: from memory, but for the first time. */
  async #count(kind: Kind<Doc>): Promise<number> {
    const { memory, database } = this.source;
    const known = memory.count(kind);
    if (known !== undefined) return known;
    await this.source.settled();
    const count = await database.count(kind);
    memory.putCount(kind, count);
    return count;
  }

  /** The document as it was before this unit; undefined when the unit made it. Throws when `doc` is not its latest copy. */
  #before(kind: Kind<Doc>, doc: Doc): Doc | undefined {
    const key = `${kind.collection}/${doc._id}`;
    if (doc.restaurantId !== this.restaurantId) throw new Error(`${key} belongs to another restaurant than its unit`);
    const change = this.changes.get(key);
    if (change === undefined) return { ...doc };
    if (change.after === undefined) throw new Error(`${key} is written after its unit has removed it`);
    if (Reflect.get(change.after, mark) !== Reflect.get(doc, mark))
      throw new Error(`${key} is written over a change of its own unit: read it again before changing it`);
    return change.before;
  }

  async #load<T extends Doc>(kind: Kind<T>): Promise<readonly T[]> {
    await this.source.settled();
    const docs = await this.source.database.all(kind);
    this.source.memory.putAll(kind, docs);
    return docs;
  }

  #withChanges<T extends Doc>(kind: Kind<T>, docs: readonly T[]): readonly T[] {
    const own = [...this.changes.values()].filter((change) => change.kind.collection === kind.collection);
    if (own.length === 0) return docs;
    const byId = new Map(docs.map((doc) => [doc._id, doc]));
    for (const { id, after } of own) {
      if (after === undefined) byId.delete(id);
      else byId.set(id, after as T);
    }
    return [...byId.values()];
  }
}
