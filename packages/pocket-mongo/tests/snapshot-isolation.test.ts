import type { ClientSession, Collection, MongoClient } from 'mongodb';
import { CLIENTS, openStage, type Roll, type Stage, timed } from './histories/play.js';
import { anomalies, type ListTransaction } from './histories/snapshot-isolation.js';

interface List {
  _id: number;
  values: string[];
}

const LISTS = 25;
const ROUNDS = 150;

let stage: Stage;
const committed: ListTransaction[] = [];
let givenUp = 0;
let operations = 0;
let final: string[][];

beforeAll(async () => {
  stage = await openStage();
  const lists = stage.database.db.collection<List>('lists');
  await lists.insertMany(Array.from({ length: LISTS }, (_, _id) => ({ _id, values: [] })));
  await lists.createIndex({ values: 1 });
  let n = 0;
  await stage.play(ROUNDS, async (client, _, roll) => {
    const name = `t${n++}`;
    if (roll(4) === 0) committed.push(await alone(client, name, roll));
    else await client.withSession((session) => together(client, session, name, roll));
  });
  final = (await lists.find().sort({ _id: 1 }).toArray()).map(({ values }) => values);
});
afterAll(() => stage.close());

const listsOf = (client: MongoClient): Collection<List> => client.db('test').collection('lists');

/** One operation outside of transactions: it is a transaction of its own. */
async function alone(client: MongoClient, name: string, roll: Roll): Promise<ListTransaction> {
  const _id = roll(LISTS);
  const change = { $push: { values: name } };
  const append = roll(2) === 0;
  operations++;
  const { began, ended, result } = await timed(() =>
    append ? listsOf(client).findOneAndUpdate({ _id }, change) : listsOf(client).findOne({ _id }),
  );
  const read = new Map([[_id, result?.values ?? []]]);
  return { name, began, ended, read, appended: new Map(append ? [[_id, [name]]] : []) };
}

/** One to five reads and appends of any lists; one in eight is given up at its end. */
async function together(client: MongoClient, session: ClientSession, name: string, roll: Roll): Promise<void> {
  const steps = Array.from({ length: 1 + roll(5) }, () => ({ list: roll(LISTS), append: roll(2) === 0 }));
  const giveUp = roll(8) === 0;
  const changedMind = new Error('changed my mind');
  let began = 0;
  let read = new Map<number, string[]>();
  let appended = new Map<number, string[]>();
  const done = session.withTransaction(async () => {
    began = performance.now();
    read = new Map();
    appended = new Map();
    for (const [i, { list, append }] of steps.entries()) {
      operations++;
      const mine = appended.get(list) ?? [];
      const value = `${name}.${i}`;
      const found = await (append
        ? listsOf(client).findOneAndUpdate({ _id: list }, { $push: { values: value } }, { session })
        : listsOf(client).findOne({ _id: list }, { session }));
      const seen = found?.values ?? [];
      const others = seen.slice(0, seen.length - mine.length);
      // It sees its own appends, and whatever it looks at again is as it was.
      expect(seen.slice(others.length)).toEqual(mine);
      expect(others).toEqual(read.get(list) ?? others);
      read.set(list, others);
      if (append) appended.set(list, [...mine, value]);
    }
    if (giveUp) throw changedMind;
  });
  if (giveUp) {
    await expect(done).rejects.toBe(changedMind);
    givenUp++;
  } else {
    await done;
    committed.push({ name, began, ended: performance.now(), read, appended });
  }
}

test('transactions of reads and appends by 8 clients, thousands of operations, are snapshot isolated', () => {
  expect(operations).toBeGreaterThan(2000);
  expect(givenUp).toBeGreaterThan(20);
  expect(committed.length + givenUp).toBe(CLIENTS * ROUNDS);
  expect(final.flat()).toHaveLength(committed.flatMap(({ appended }) => [...appended.values()].flat()).length);
  expect(anomalies(committed, final)).toEqual([]);
});

test('the same history with one snapshot taken too early is not', () => {
  const [reader] = committed
    .filter(({ read }) => [...read.values()].some((values) => values.length > 1))
    .sort((a, b) => b.began - a.began);
  const read = new Map([...(reader?.read ?? [])].map(([list]) => [list, [] as string[]]));
  const changed = committed.map((one) => (one === reader ? { ...one, read } : one));
  expect(anomalies(changed, final)).not.toEqual([]);
});
