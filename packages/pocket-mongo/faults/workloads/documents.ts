import type { Collection, Db } from 'mongodb';
import { Known } from '../known.js';
import { type Complain, padding, WORKERS, type Worker, type Workload } from '../workload.js';

interface Stored {
  _id: string;
  owner: number;
  n: number;
  pad: string;
}

const EACH = 12;
const ABSENT = -1;

/** Every write there is to single documents, each of which belongs to one worker. */
export class Documents implements Workload {
  readonly name = 'documents';
  readonly weight = 30;
  private readonly known = new Map<string, Known<number>>();
  private n = 0;

  constructor() {
    for (let owner = 0; owner < WORKERS; owner++)
      for (let i = 0; i < EACH; i++) this.known.set(`${owner}-${i}`, new Known(ABSENT));
  }

  async setUp(db: Db): Promise<void> {
    await db
      .collection<Stored>('documents')
      .createIndexes([
        { key: { owner: 1, n: -1 } },
        { key: { n: 1 }, unique: true },
        { key: { pad: 1 }, partialFilterExpression: { n: { $gt: 100 } } },
      ]);
  }

  async step({ number, db, roll }: Worker): Promise<void> {
    const documents = db.collection<Stored>('documents');
    const _id = `${number}-${roll(EACH)}`;
    const known = this.known.get(_id) as Known<number>;
    if (known.now === ABSENT) {
      const n = ++this.n;
      await known.change(n, () => make(documents, roll(3), { _id, owner: number, n, pad: padding(n) }));
    } else if (roll(5) === 0) {
      await known.change(ABSENT, () =>
        roll(2) === 0 ? documents.deleteOne({ _id }) : documents.findOneAndDelete({ owner: number, n: known.now }),
      );
    } else {
      const n = ++this.n;
      await known.change(n, () => update(documents, roll(4), { _id, owner: number, n, pad: padding(n) }));
    }
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    const stored = new Map<string, number>();
    for await (const { _id, owner, n, pad } of db.collection<Stored>('documents').find()) {
      stored.set(_id, n);
      if (pad !== padding(n) || owner !== Number(_id.split('-')[0]))
        complain(`${_id} is half of one and half of another`);
      if (!this.known.has(_id)) complain(`${_id} came from nowhere`);
    }
    for (const [_id, known] of this.known) {
      const wrong = known.settle(stored.get(_id) ?? ABSENT);
      if (wrong) complain(`${_id} ${wrong}`);
    }
  }
}

function make(documents: Collection<Stored>, way: number, document: Stored): Promise<unknown> {
  const { _id, ...rest } = document;
  if (way === 0) return documents.insertOne(document);
  if (way === 1) return documents.updateOne({ _id }, { $set: rest }, { upsert: true });
  return documents.findOneAndReplace({ _id }, rest, { upsert: true });
}

function update(documents: Collection<Stored>, way: number, { _id, owner, n, pad }: Stored): Promise<unknown> {
  if (way === 0) return documents.updateOne({ _id }, { $set: { n, pad } });
  if (way === 1) return documents.replaceOne({ _id }, { owner, n, pad });
  if (way === 2) return documents.findOneAndUpdate({ _id, owner }, [{ $set: { n, pad } }]);
  return documents.bulkWrite([
    { updateOne: { filter: { _id }, update: { $set: { n } } } },
    { updateOne: { filter: { _id }, update: { $set: { pad } } } },
  ]);
}
