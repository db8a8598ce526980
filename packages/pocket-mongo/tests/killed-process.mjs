// A process that writes until it is killed: durability.test.ts runs it and counts what it acknowledged.
import { MongoClient } from 'mongodb';
import { createServer } from 'pocket-mongo';

const server = await createServer({ dir: process.argv[2] });
const client = new MongoClient(server.uri, { maxPoolSize: 20 });
const db = client.db('test');
await db.collection('journal').createIndex({ n: 1 }, { unique: true });
let n = await db.collection('journal').countDocuments();
process.send({ ready: server.uri });

/** The driver does not try a transaction again when `bulkWrite` met the conflict: the label is on the cause only. */
async function untilDone(transaction) {
  for (;;) {
    try {
      return await transaction();
    } catch (error) {
      if (!error.cause?.hasErrorLabel?.('TransientTransactionError')) throw error;
    }
  }
}

async function write() {
  for (;;) {
    const number = ++n;
    await untilDone(() =>
      client.withSession((session) =>
        session.withTransaction(() =>
          client.bulkWrite(
            [
              { name: 'insertOne', namespace: 'test.orders', document: { _id: number } },
              {
                name: 'updateOne',
                namespace: 'test.tables',
                filter: { _id: number % 50 },
                update: { $inc: { orders: 1 } },
                upsert: true,
              },
              { name: 'insertOne', namespace: 'test.journal', document: { n: number } },
            ],
            { session },
          ),
        ),
      ),
    );
    process.send({ acknowledged: number });
  }
}
await Promise.all(Array.from({ length: 10 }, write));
