import { createServer } from 'pocket-mongo';

/** One in-memory database for the whole run; each test file uses a database name of its own in it. */
export default async function setup() {
  if (process.env.TEST_MONGODB_URI !== undefined) return;
  const server = await createServer({ dir: 'unused', memory: true });
  process.env.TEST_MONGODB_URI = server.uri;
  globalThis.__pocketMongo = server;
}
