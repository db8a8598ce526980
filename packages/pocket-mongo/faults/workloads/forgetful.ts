import type { Db } from 'mongodb';
import type { Complain, Worker, Workload } from '../workload.js';

interface Numbered {
  _id: number;
}
interface Expiring {
  _id: string;
  at: Date;
}

const MOST = 50;
const HOUR_MS = 3_600_000;

/** Collections that forget: a capped one its oldest documents, one with a TTL index those whose time has come. */
export class Forgetful implements Workload {
  readonly name = 'forgetful';
  readonly weight = 10;
  private next = 0;
  private acked = 0;
  private busy = false;
  /** Acknowledged documents that stay for an hour. */
  private readonly lasting = new Set<string>();
  private expiring = 0;

  async setUp(db: Db): Promise<void> {
    await db.createCollection('capped', { capped: true, size: 1 << 20, max: MOST });
    await db.collection<Expiring>('expiring').createIndex({ at: 1 }, { expireAfterSeconds: 0 });
  }

  async step({ db, roll }: Worker): Promise<void> {
    // One at a time, so that the order is known.
    if (this.busy || roll(2) === 0) return this.insertExpiring(db, roll(2) === 0);
    this.busy = true;
    try {
      await db.collection<Numbered>('capped').insertOne({ _id: this.next++ });
      this.acked = this.next;
    } finally {
      this.busy = false;
    }
  }

  private async insertExpiring(db: Db, lasts: boolean): Promise<void> {
    const _id = `e${this.expiring++}`;
    const at = new Date(Date.now() + (lasts ? HOUR_MS : -HOUR_MS));
    await db.collection<Expiring>('expiring').insertOne({ _id, at });
    if (lasts) this.lasting.add(_id);
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    const stored = (await db.collection<Numbered>('capped').find().toArray()).map(({ _id }) => _id);
    const end = (stored.at(-1) ?? -1) + 1;
    const must = Array.from({ length: Math.min(MOST, end) }, (_, i) => end - Math.min(MOST, end) + i);
    if (end < this.acked || end > this.next || stored.join() !== must.join())
      complain(`of ${this.acked} to ${this.next} capped documents there are ${stored.join()}`);
    this.acked = end;
    this.next = end;
    const found = new Set((await db.collection<Expiring>('expiring').find().toArray()).map(({ _id }) => _id));
    for (const _id of this.lasting) if (!found.has(_id)) complain(`${_id} is gone before its time`);
  }
}
