import type { Db } from 'mongodb';
import { type Complain, padding, WORKERS, type Worker, type Workload } from '../workload.js';

interface Entry {
  worker: number;
  n: number;
  pad: string;
}

/** Entries in a known order, alone and several at once; of several a beginning may be stored. */
export class Journal implements Workload {
  readonly name = 'journal';
  readonly weight = 20;
  /** Per worker: the number of the next entry, and below which all are acknowledged. */
  private readonly begun = new Array<number>(WORKERS).fill(0);
  private readonly acked = new Array<number>(WORKERS).fill(0);

  async setUp(db: Db): Promise<void> {
    await db.collection<Entry>('journal').createIndex({ worker: 1, n: 1 }, { unique: true });
  }

  async step({ number, db, roll }: Worker): Promise<void> {
    const from = this.acked[number] ?? 0;
    const entries = Array.from({ length: roll(3) === 0 ? 1 + roll(12) : 1 }, (_, i) => {
      return { worker: number, n: from + i, pad: padding(from + i) };
    });
    this.begun[number] = from + entries.length;
    const [first] = entries;
    if (entries.length === 1 && first) await db.collection<Entry>('journal').insertOne(first);
    else await db.collection<Entry>('journal').insertMany(entries);
    this.acked[number] = from + entries.length;
  }

  acknowledged(): number {
    return this.acked.reduce((sum, n) => sum + n, 0);
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    for (const [worker, begun] of this.begun.entries()) {
      const stored = await this.beginning(db, worker, complain);
      const acked = this.acked[worker] ?? 0;
      if (stored < acked) complain(`worker ${worker}: ${acked} entries were acknowledged, ${stored} are stored`);
      if (stored > begun) complain(`worker ${worker}: ${begun} entries were begun, ${stored} are stored`);
      this.acked[worker] = stored;
    }
  }

  async verifyCopy(db: Db, acknowledgedBefore: number, complain: Complain): Promise<void> {
    let stored = 0;
    for (const worker of this.begun.keys()) stored += await this.beginning(db, worker, complain);
    if (stored < acknowledgedBefore)
      complain(`${acknowledgedBefore} entries were acknowledged before, ${stored} are stored`);
  }

  /** How many entries of a worker there are; without a gap. */
  private async beginning(db: Db, worker: number, complain: Complain): Promise<number> {
    let next = 0;
    for await (const { n, pad } of db.collection<Entry>('journal').find({ worker }).sort({ n: 1 })) {
      if (n !== next) complain(`worker ${worker}: entry ${next} is missing before ${n}`);
      if (pad !== padding(n)) complain(`worker ${worker}: entry ${n} is not what was written`);
      next = n + 1;
    }
    return next;
  }
}
