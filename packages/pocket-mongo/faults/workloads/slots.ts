import type { Db } from 'mongodb';
import { codeOf } from '../lost.js';
import type { Complain, Worker, Workload } from '../workload.js';

interface Slot {
  _id: string;
  slot: number;
}

const SLOTS = 15;
const DUPLICATE_KEY = 11000;

/** Workers race for the values of a unique field; who has one gives it free after a while. */
export class Slots implements Workload {
  readonly name = 'slots';
  readonly weight = 10;
  /** By `_id`: acknowledged inserts that nobody tries to remove. */
  private readonly held = new Map<string, { owner: number; slot: number }>();
  /** May be there or not. */
  private readonly open = new Set<string>();
  private next = 0;

  async setUp(db: Db): Promise<void> {
    await db.collection<Slot>('slots').createIndex({ slot: 1 }, { unique: true });
  }

  async step({ number, db, roll }: Worker): Promise<void> {
    const slots = db.collection<Slot>('slots');
    const [mine] = [...this.held].filter(([, { owner }]) => owner === number);
    if (mine && roll(2) === 0) {
      const [_id] = mine;
      this.held.delete(_id);
      this.open.add(_id);
      await slots.deleteOne({ _id });
      this.open.delete(_id);
      return;
    }
    const _id = `s${this.next++}`;
    const slot = roll(SLOTS);
    this.open.add(_id);
    try {
      await slots.insertOne({ _id, slot });
      this.held.set(_id, { owner: number, slot });
    } catch (error) {
      if (codeOf(error) !== DUPLICATE_KEY) throw error;
    }
    this.open.delete(_id);
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    const stored = new Map<string, number>();
    for await (const { _id, slot } of db.collection<Slot>('slots').find()) stored.set(_id, slot);
    if (new Set(stored.values()).size !== stored.size) complain('two documents have one unique key');
    for (const [_id, { slot }] of this.held)
      if (stored.get(_id) !== slot) complain(`${_id} was acknowledged with slot ${slot}, but has ${stored.get(_id)}`);
    for (const [_id, slot] of stored) {
      if (this.held.has(_id)) continue;
      if (!this.open.has(_id)) complain(`${_id} was removed or refused, but is there`);
      // Nobody's any more: it stays, in the way of others.
      this.held.set(_id, { owner: -1, slot });
    }
    this.open.clear();
    const abandoned = [...this.held].filter(([, { owner }]) => owner === -1).map(([_id]) => _id);
    await db.collection<Slot>('slots').deleteMany({ _id: { $in: abandoned } });
    for (const _id of abandoned) this.held.delete(_id);
  }
}
