import { isDeepStrictEqual } from 'node:util';
import { type ClientSession, type Db, type Document, Long, type MongoClient } from 'mongodb';
import { type Complain, WORKERS, type Worker, type Workload } from '../workload.js';

interface Counter {
  _id: string;
  count: number;
}

/** A write with a number of its own, what its reply must have, and the reply that came, if one came. */
interface Numbered {
  readonly command: Document;
  readonly expected: Document;
  reply: Document | undefined;
}

/** One session, and what its writes come to when each was done once. */
interface Sender {
  readonly client: MongoClient;
  readonly session: ClientSession;
  txnNumber: number;
  updates: number;
  found: number;
  inserted: number;
  last: Numbered | undefined;
}

const PARTS = ['a', 'b', 'c'];

/** Retryable writes sent by hand: sent again after a restart, each is done once and answered as the first time. */
export class Retries implements Workload {
  readonly name = 'retries';
  readonly weight = 15;
  private readonly senders: (Sender | undefined)[] = [];

  async setUp(db: Db): Promise<void> {
    const counters = Array.from({ length: WORKERS }, (_, w) =>
      [...PARTS, 'f'].map((p) => ({ _id: `${w}${p}`, count: 0 })),
    );
    await db.collection<Counter>('counters').insertMany(counters.flat());
    await db.collection('counted').createIndex({ worker: 1 });
  }

  async step({ number, client, db, roll }: Worker): Promise<void> {
    const sender = this.senders[number] ?? newSender(client);
    this.senders[number] = sender;
    sender.last = nextOf(sender, roll(4), number);
    sender.last.reply = await send(db.databaseName, sender, sender.last);
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    for (const [number, sender] of this.senders.entries()) {
      if (!sender?.last) continue;
      const { command, expected, reply } = sender.last;
      const again = await send(db.databaseName, sender, sender.last).catch((error: unknown) => ({
        failed: String(error),
      }));
      const must = reply ?? expected;
      const got = reply ? again : Object.fromEntries(Object.entries(again).filter(([name]) => name in expected));
      if (!isDeepStrictEqual(got, must))
        complain(
          `worker ${number} sent ${JSON.stringify(command)} again and got ${JSON.stringify(again)} for ${JSON.stringify(must)}`,
        );
      sender.last.reply = again;
      await verifyCounts(db, number, sender, complain);
    }
  }
}

/** The driver may have used the session before, and numbered some writes. */
const FIRST_NUMBER = 1_000_000;

function newSender(client: MongoClient): Sender {
  const session = client.startSession();
  return { client, session, txnNumber: FIRST_NUMBER, updates: 0, found: 0, inserted: 0, last: undefined };
}

/** The next write of a session, entered into what its writes come to. */
function nextOf(sender: Sender, kind: number, number: number): Numbered {
  const txnNumber = ++sender.txnNumber;
  const worker = number;
  const numbered = (command: Document, expected: Document) => ({
    command: { ...command, txnNumber: Long.fromNumber(txnNumber) },
    expected: { ...expected, ok: 1 },
    reply: undefined,
  });
  const update = { $inc: { count: 1 } };
  if (kind === 0) {
    sender.updates++;
    const updates = PARTS.map((part) => ({ q: { _id: `${worker}${part}` }, u: update }));
    return numbered({ update: 'counters', updates }, { n: 3, nModified: 3 });
  }
  if (kind === 1) {
    const value = { _id: `${worker}f`, count: ++sender.found };
    return numbered({ findAndModify: 'counters', query: { _id: value._id }, update, new: true }, { value });
  }
  if (kind === 2 || sender.inserted === 0) {
    sender.inserted++;
    return numbered({ insert: 'counted', documents: [{ _id: `${worker}-${txnNumber}`, worker }] }, { n: 1 });
  }
  sender.inserted--;
  return numbered({ delete: 'counted', deletes: [{ q: { worker }, limit: 1 }] }, { n: 1 });
}

/** Sends the command as it is; the driver does not know that it could try again. @returns the reply without its times */
async function send(db: string, { client, session }: Sender, { command }: Numbered): Promise<Document> {
  const { $clusterTime: _, operationTime: __, ...reply } = await client.db(db).command(command, { session });
  return reply;
}

async function verifyCounts(db: Db, number: number, sender: Sender, complain: Complain): Promise<void> {
  for (const part of [...PARTS, 'f']) {
    const stored = await db.collection<Counter>('counters').findOne({ _id: `${number}${part}` });
    const must = part === 'f' ? sender.found : sender.updates;
    if (stored?.count !== must) complain(`counter ${number}${part} is ${stored?.count}, but must be ${must}`);
  }
  const inserted = await db.collection('counted').countDocuments({ worker: number });
  if (inserted !== sender.inserted)
    complain(`worker ${number} has ${inserted} documents, but must have ${sender.inserted}`);
}
