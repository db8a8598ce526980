import { type Db, MongoClient, type MongoClientOptions, type ObjectId } from 'mongodb';
import { createServer, type PocketMongo, type PocketMongoOptions } from 'pocket-mongo';

/** A document with any fields; the driver takes `_id` for an ObjectId where nothing is said of it. */
export interface Thing {
  _id?: number | string | ObjectId;
  [field: string]: unknown;
}

/** A database of its own for a test file, with a client. */
export async function openDatabase(
  options: PocketMongoOptions = { memory: true },
  clientOptions: MongoClientOptions = {},
): Promise<{ server: PocketMongo; client: MongoClient; db: Db; close(): Promise<void> }> {
  const server = await createServer(options);
  const client = new MongoClient(server.uri, { serverSelectionTimeoutMS: 5000, ...clientOptions });
  await client.connect();
  return {
    server,
    client,
    db: client.db('test'),
    async close() {
      await client.close();
      await server.close();
    },
  };
}

/** Waits for a condition, never for a time. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
