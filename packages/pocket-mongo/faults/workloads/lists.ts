import type { Db } from 'mongodb';
import { Outcomes, transact } from '../transact.js';
import type { Complain, Worker, Workload } from '../workload.js';

interface List {
  _id: number;
  values: string[];
}

const LISTS = 30;

/** A transaction appends its name to two lists, and reads them in between: both have it or none. */
export class Lists implements Workload {
  readonly name = 'lists';
  readonly weight = 10;
  private readonly outcomes = new Outcomes();
  private next = 0;

  async setUp(db: Db): Promise<void> {
    await db.collection<List>('lists').insertMany(Array.from({ length: LISTS }, (_, _id) => ({ _id, values: [] })));
    await db.collection<List>('lists').createIndex({ values: 1 });
  }

  async step(worker: Worker): Promise<void> {
    const { roll, db } = worker;
    const value = `v${this.next++}`;
    const one = roll(LISTS);
    const other = (one + 1 + roll(LISTS - 1)) % LISTS;
    const lists = db.collection<List>('lists');
    await transact(worker, value, this.outcomes, async (session) => {
      await lists.updateOne({ _id: one }, { $push: { values: value } }, { session });
      const seen = await lists.findOne({ values: value }, { session });
      if (seen?._id !== one) throw new Error(`the transaction ${value} does not see its own write`);
      await lists.updateOne({ _id: other }, { $push: { values: value } }, { session });
    });
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    const times = new Map<string, number>();
    for await (const { values } of db.collection<List>('lists').find())
      for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
    for (const [value, count] of times) if (count !== 2) complain(`${value} stands in ${count} lists, but must in 2`);
    this.outcomes.settle([...times.keys()], complain);
  }
}
