import type { ClientSession, Collection, MongoClient } from 'mongodb';
import { CLIENTS, openStage, type Roll, type Stage } from './histories/play.js';

/** What clients did and saw is recorded and checked as a whole: thousands of operations by 8 clients at once. */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe('bank transfers', () => {
  interface Account {
    _id: number;
    balance: number;
  }
  interface Transfer {
    from: number;
    to: number;
    amount: number;
  }
  const ACCOUNTS = 12;
  const TOTAL = ACCOUNTS * 100;

  test('keep the total in every snapshot, lose no update and book each transfer once', async () => {
    const setUp = stage.database.db.collection<Account>('accounts');
    await stage.database.db.createCollection('transfers');
    await setUp.insertMany(Array.from({ length: ACCOUNTS }, (_, i) => ({ _id: i, balance: 100 })));
    const totals: number[] = [];
    let acknowledged = 0;
    await stage.play(45, async (client, _, roll) => {
      const accounts = client.db('test').collection<Account>('accounts');
      const transfers = client.db('test').collection<Transfer>('transfers');
      const from = roll(ACCOUNTS);
      const to = (from + 1 + roll(ACCOUNTS - 1)) % ACCOUNTS;
      const amount = 1 + roll(60);
      const booked = await client.withSession((session) =>
        session.withTransaction(async () => {
          const balances = new Map<number, number>();
          for await (const { _id, balance } of accounts.find({}, { session, batchSize: 5 })) balances.set(_id, balance);
          totals.push([...balances.values()].reduce((sum, balance) => sum + balance, 0));
          const [giver, taker] = [balances.get(from) ?? Number.NaN, balances.get(to) ?? Number.NaN];
          if (giver < amount) return false;
          // Written as values, not as increments: an update based on an old reading would be lost money.
          await accounts.updateOne({ _id: from }, { $set: { balance: giver - amount } }, { session });
          await accounts.updateOne({ _id: to }, { $set: { balance: taker + amount } }, { session });
          await transfers.insertOne({ from, to, amount }, { session });
          return true;
        }),
      );
      if (booked) acknowledged++;
    });
    expect(totals.length).toBeGreaterThanOrEqual(CLIENTS * 45);
    expect(totals.filter((total) => total !== TOTAL)).toEqual([]);
    const expected = new Map(Array.from({ length: ACCOUNTS }, (_, i) => [i, 100]));
    const booked = await stage.database.db.collection<Transfer>('transfers').find().toArray();
    for (const { from, to, amount } of booked) {
      expected.set(from, Number(expected.get(from)) - amount);
      expected.set(to, Number(expected.get(to)) + amount);
    }
    expect(booked).toHaveLength(acknowledged);
    expect(acknowledged).toBeGreaterThan(100);
    const found = await setUp.find().sort({ _id: 1 }).toArray();
    expect(found.map(({ _id, balance }) => [_id, balance])).toEqual([...expected]);
    expect(found.filter(({ balance }) => balance < 0)).toEqual([]);
  });
});

describe('append-only lists', () => {
  interface List {
    _id: number;
    values: string[];
  }
  /** One look at one list, with when it began and ended. */
  interface Look {
    list: number;
    began: number;
    ended: number;
    seen: readonly string[];
    /** What this very operation appended. */
    appended?: string;
  }
  const LISTS = 4;

  const looks: Look[] = [];
  /** All lists as one transaction saw them, without its own appends. */
  const snapshots: (readonly string[])[][] = [];
  const committed: string[] = [];
  const givenUp: string[] = [];
  let final: string[][];

  const listsOf = (client: MongoClient) => client.db('test').collection<List>('lists');

  async function look(list: number, run: () => Promise<List | null>, appended?: string): Promise<void> {
    const began = performance.now();
    const found = await run();
    const entry = { list, began, ended: performance.now(), seen: found?.values ?? [] };
    looks.push(appended === undefined ? entry : { ...entry, appended });
    if (appended !== undefined) committed.push(appended);
  }

  async function inTransaction(
    lists: Collection<List>,
    session: ClientSession,
    value: string,
    roll: Roll,
  ): Promise<void> {
    const targets = [roll(LISTS), roll(LISTS)];
    const giveUp = roll(6) === 0;
    let snapshot: (readonly string[])[] = [];
    const changedMind = new Error('changed my mind');
    const done = session.withTransaction(async () => {
      const seen = await lists.find({}, { session }).sort({ _id: 1 }).toArray();
      snapshot = seen.map(({ values }) => values);
      const mine: string[][] = Array.from({ length: LISTS }, () => []);
      for (const [i, list] of targets.entries()) {
        mine[list]?.push(`${value}.${i}`);
        await lists.updateOne({ _id: list }, { $push: { values: `${value}.${i}` } }, { session });
      }
      const after = await lists.find({}, { session }).sort({ _id: 1 }).toArray();
      expect(after.map(({ values }) => values)).toEqual(snapshot.map((values, i) => [...values, ...(mine[i] ?? [])]));
      if (giveUp) throw changedMind;
    });
    if (giveUp) await expect(done).rejects.toBe(changedMind);
    else await done;
    snapshots.push(snapshot);
    (giveUp ? givenUp : committed).push(`${value}.0`, `${value}.1`);
  }

  beforeAll(async () => {
    const lists = stage.database.db.collection<List>('lists');
    await lists.insertMany(Array.from({ length: LISTS }, (_, i) => ({ _id: i, values: [] })));
    // An index on the lists, so that it must follow as well.
    await lists.createIndex({ values: 1 });
    let n = 0;
    await stage.play(80, async (client, name, roll) => {
      const value = `${name}-${n++}`;
      const list = roll(LISTS);
      const kind = roll(4);
      if (kind === 0) await client.withSession((session) => inTransaction(listsOf(client), session, value, roll));
      else if (kind === 1) await look(list, () => listsOf(client).findOne({ _id: list }));
      else
        await look(
          list,
          () =>
            listsOf(client).findOneAndUpdate({ _id: list }, { $push: { values: value } }, { returnDocument: 'after' }),
          value,
        );
    });
    const found = await lists.find().sort({ _id: 1 }).toArray();
    final = found.map(({ values }) => values);
  });

  test('hold each acknowledged value once and nothing that was given up', () => {
    expect(final.flat().sort()).toEqual([...committed].sort());
    expect(givenUp.length).toBeGreaterThan(0);
    expect(final.flat().filter((value) => givenUp.includes(value))).toEqual([]);
  });

  test('were seen as beginnings of what they became', () => {
    for (const { list, seen, appended } of looks) {
      expect(seen).toEqual(final[list]?.slice(0, seen.length));
      if (appended !== undefined) expect(seen.at(-1)).toBe(appended);
    }
    for (const snapshot of snapshots)
      expect(snapshot).toEqual(final.map((values, i) => values.slice(0, snapshot[i]?.length)));
  });

  test('are linearizable one by one: who looks later sees no less', () => {
    for (const later of looks) {
      const before = looks.filter(({ list, ended }) => list === later.list && ended < later.began);
      const most = before.reduce((max, { seen }) => Math.max(max, seen.length), 0);
      expect(later.seen.length).toBeGreaterThanOrEqual(most + (later.appended === undefined ? 0 : 1));
    }
  });

  test('are seen by all transactions in one order', () => {
    const lengths = snapshots.map((snapshot) => snapshot.map((values) => values.length));
    const size = (vector: readonly number[]) => vector.reduce((sum, length) => sum + length, 0);
    const ordered = [...lengths].sort((a, b) => size(a) - size(b));
    for (const [i, vector] of ordered.entries()) {
      const next = ordered[i + 1] ?? vector;
      expect(vector.every((length, list) => length <= (next[list] ?? 0))).toBe(true);
    }
  });

  test('are found by the index as they are', async () => {
    for (const [list, values] of final.entries()) {
      const some = values.filter((_, i) => i % 10 === 0);
      for (const value of some)
        expect(await listsOf(stage.clients[0] as MongoClient).distinct('_id', { values: value })).toEqual([list]);
    }
    for (const value of givenUp)
      expect(await stage.database.db.collection('lists').countDocuments({ values: value })).toBe(0);
  });
});
