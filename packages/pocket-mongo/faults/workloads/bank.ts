import type { ClientSession, Db } from 'mongodb';
import { Outcomes, transact } from '../transact.js';
import type { Complain, Worker, Workload } from '../workload.js';

interface Account {
  _id: number;
  balance: number;
}
interface Transfer {
  _id: string;
  from: number;
  to: number;
  amount: number;
}

/** By their full names, for writes of several collections in one message. */
type Collections = { 'faults.accounts': Account; 'faults.transfers': Transfer };

const ACCOUNTS = 150;
const OPENING = 1000;

/** Transfers between accounts, booked in the same transaction: money is neither made nor lost. */
export class Bank implements Workload {
  readonly name = 'bank';
  readonly weight = 20;
  private readonly outcomes = new Outcomes();
  private next = 0;

  async setUp(db: Db): Promise<void> {
    const accounts = Array.from({ length: ACCOUNTS }, (_, _id) => ({ _id, balance: OPENING }));
    await db.collection<Account>('accounts').insertMany(accounts);
    await db.collection<Account>('accounts').createIndex({ balance: 1 });
    await db.collection<Transfer>('transfers').createIndex({ from: 1, to: 1 });
  }

  async step(worker: Worker): Promise<void> {
    const { roll, db } = worker;
    const from = roll(ACCOUNTS);
    const transfer = {
      _id: `t${this.next++}`,
      from,
      to: (from + 1 + roll(ACCOUNTS - 1)) % ACCOUNTS,
      amount: 1 + roll(9),
    };
    const inOneMessage = roll(3) === 0;
    await transact(worker, transfer._id, this.outcomes, (session) =>
      inOneMessage ? bookAtOnce(worker, session, transfer) : book(db, session, transfer),
    );
  }

  acknowledged(): number {
    return this.outcomes.acknowledged.size;
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    const booked = await this.balanced(db, complain);
    this.outcomes.settle(
      booked.map(({ _id }) => _id),
      complain,
    );
  }

  async verifyCopy(db: Db, acknowledgedBefore: number, complain: Complain): Promise<void> {
    const booked = await this.balanced(db, complain);
    if (booked.length < acknowledgedBefore)
      complain(`${acknowledgedBefore} transfers were acknowledged before, ${booked.length} are stored`);
  }

  private async balanced(db: Db, complain: Complain): Promise<Transfer[]> {
    const booked = await db.collection<Transfer>('transfers').find().toArray();
    const expected = new Array<number>(ACCOUNTS).fill(OPENING);
    for (const { from, to, amount } of booked) {
      expected[from] = (expected[from] ?? 0) - amount;
      expected[to] = (expected[to] ?? 0) + amount;
    }
    const stored = await db.collection<Account>('accounts').find().sort({ _id: 1 }).toArray();
    const total = stored.reduce((sum, { balance }) => sum + balance, 0);
    if (total !== ACCOUNTS * OPENING)
      complain(`there is money for ${ACCOUNTS * OPENING}, but the balances make ${total}`);
    for (const { _id, balance } of stored)
      if (balance !== expected[_id]) complain(`account ${_id} has ${balance}, its transfers make ${expected[_id]}`);
    return booked;
  }
}

async function book(db: Db, session: ClientSession, transfer: Transfer): Promise<void> {
  const { from, to, amount } = transfer;
  const accounts = db.collection<Account>('accounts');
  await accounts.updateOne({ _id: from }, { $inc: { balance: -amount } }, { session });
  await db.collection<Transfer>('transfers').insertOne(transfer, { session });
  await accounts.updateOne({ _id: to }, { $inc: { balance: amount } }, { session });
}

async function bookAtOnce({ client }: Worker, session: ClientSession, transfer: Transfer): Promise<void> {
  const { from, to, amount } = transfer;
  const namespace = 'faults.accounts';
  const writes = client.bulkWrite<Collections>(
    [
      { name: 'updateOne', namespace, filter: { _id: from }, update: { $inc: { balance: -amount } } },
      { name: 'insertOne', namespace: 'faults.transfers', document: transfer },
      { name: 'updateOne', namespace, filter: { _id: to }, update: { $inc: { balance: amount } } },
    ],
    { session },
  );
  // The driver tries the transaction again when it sees the label, which only the cause has.
  await writes.catch((error: Error) => {
    throw error.cause ?? error;
  });
}
