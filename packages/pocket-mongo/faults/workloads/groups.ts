import type { Db } from 'mongodb';
import { type Complain, WORKERS, type Worker, type Workload } from '../workload.js';

interface Member {
  _id: string;
  group: number;
  n: number;
  twice: number;
}

const SIZE = 60;

/** Updates of many documents: each of them is changed whole or not at all, and all of them after the acknowledgement. */
export class Groups implements Workload {
  readonly name = 'groups';
  readonly weight = 5;
  private readonly acked = new Array<number>(WORKERS).fill(0);
  private readonly begun = new Array<number>(WORKERS).fill(0);

  async setUp(db: Db): Promise<void> {
    const members = Array.from({ length: WORKERS * SIZE }, (_, i) => {
      return { _id: `m${i}`, group: i % WORKERS, n: 0, twice: 0 };
    });
    await db.collection<Member>('groups').insertMany(members);
    await db.collection<Member>('groups').createIndexes([{ key: { group: 1 } }, { key: { twice: -1, group: 1 } }]);
  }

  async step({ number, db }: Worker): Promise<void> {
    const n = (this.begun[number] ?? 0) + 1;
    this.begun[number] = n;
    await db.collection<Member>('groups').updateMany({ group: number }, { $set: { n, twice: 2 * n } });
    this.acked[number] = n;
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    const seen = new Array<number>(WORKERS).fill(0);
    for await (const { _id, group, n, twice } of db.collection<Member>('groups').find()) {
      const [least = 0, most = 0] = [this.acked[group], this.begun[group]];
      if (twice !== 2 * n) complain(`${_id} is half of one update and half of another`);
      if (n < least || n > most) complain(`${_id} has ${n}, but ${least} was acknowledged and ${most} begun`);
      seen[group] = (seen[group] ?? 0) + 1;
    }
    for (const [group, count] of seen.entries())
      if (count !== SIZE) complain(`group ${group} has ${count} members instead of ${SIZE}`);
  }
}
