import { type Collection, type Document, MongoClient, ObjectId } from 'mongodb';
import { answerParent } from './children.js';
import { INDEXES, idOf, type Order, order, STATUSES } from './documents.js';
import { percentile } from './figures.js';

/** One operation on a collection that holds `documents` loaded orders. */
type Workload = (orders: Collection<Order>, documents: number, client: MongoClient) => Promise<unknown>;

const any = (documents: number) => idOf(Math.floor(Math.random() * documents));
let inserted = 0;
const newOrder = () => order(inserted++, new ObjectId());

function change(): Document {
  const status = STATUSES[Math.floor(Math.random() * STATUSES.length)];
  return { $set: { status, updatedAt: new Date() }, $inc: { version: 1 } };
}

const workloads: Record<string, Workload> = {
  ping: (orders) => orders.db.command({ ping: 1 }),
  find: (orders, documents) => orders.findOne({ _id: any(documents) }),
  insert: (orders) => orders.insertOne(newOrder()),
  findAndModify: (orders, documents) => orders.findOneAndUpdate({ _id: any(documents) }, change()),
  transaction: (orders, documents, client) =>
    client.withSession((session) =>
      session.withTransaction(async () => {
        await orders.insertOne(newOrder(), { session });
        await orders.updateOne({ _id: any(documents) }, change(), { session });
      }),
    ),
};

/** Statements over the whole collection, each read or run to its end. */
const statements: Record<string, (orders: Collection<Order>) => Promise<unknown>> = {
  scan: (orders) => drain(orders.find({}, { raw: true })),
  sort: (orders) => drain(orders.find({}, { raw: true, sort: { total: 1 } })),
  count: (orders) => orders.db.command({ count: orders.collectionName, query: { total: { $gte: 500_000 } } }),
  distinct: (orders) => orders.distinct('customer.table'),
  group: (orders) => orders.aggregate([{ $group: { _id: '$customer.table', sum: { $sum: '$total' } } }]).toArray(),
  updateMany: (orders) => orders.updateMany({}, { $inc: { version: 1 } }),
  createIndex: (orders) => orders.createIndex({ 'customer.name': 1 }),
  drop: (orders) => orders.drop(),
};

async function drain(cursor: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of cursor);
}

let client: MongoClient;
let orders: Collection<Order>;
let watching: { delays: number[]; ended: Promise<void>; stop: boolean } | undefined;

async function watch(delays: number[], state: { stop: boolean }): Promise<void> {
  while (!state.stop) {
    const start = performance.now();
    await orders.db.command({ ping: 1 });
    delays.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

answerParent(
  {
    async connect({ uri, connections }: { uri: string; connections: number }) {
      // A server that is held up for long must show as a delay, not as one that the driver gave up.
      const connectTimeoutMS = 600_000;
      client = new MongoClient(uri, { maxPoolSize: connections, minPoolSize: connections, connectTimeoutMS });
      await client.connect();
      orders = client.db('bench').collection('orders');
    },
    async load(documents: number) {
      await orders.createIndexes([...INDEXES]);
      const size = 1000;
      let next = 0;
      const lane = async () => {
        while (next < documents) {
          const start = next;
          next += size;
          const length = Math.min(size, documents - start);
          await orders.insertMany(Array.from({ length }, (_, i) => order(start + i, idOf(start + i))));
        }
      };
      await Promise.all([lane(), lane()]);
    },
    /** Runs one kind of operation, so many at a time, for so many seconds. */
    async run(options: { workload: string; documents: number; seconds: number; atATime: number }) {
      const operation = workloads[options.workload] as Workload;
      const latencies: number[] = [];
      const cpu = process.cpuUsage();
      const start = performance.now();
      const end = start + options.seconds * 1000;
      const lane = async () => {
        for (let at = start; at < end; ) {
          await operation(orders, options.documents, client);
          const now = performance.now();
          latencies.push(now - at);
          at = now;
        }
      };
      await Promise.all(Array.from({ length: options.atATime }, lane));
      const elapsed = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      return {
        count: latencies.length,
        rate: latencies.length / elapsed,
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
        clientMicros: (user + system) / latencies.length,
      };
    },
    /** Takes the collection back to what was loaded. */
    restore: (documents: number) => orders.deleteMany({ _id: { $gte: idOf(documents) } }),
    statement: (name: string) => statements[name]?.(orders),
    watch() {
      const delays: number[] = [];
      const state = { delays, stop: false, ended: Promise.resolve() };
      state.ended = watch(delays, state);
      watching = state;
    },
    /** The delays of pings since `watch`, in ms. */
    async watched() {
      if (!watching) return [];
      watching.stop = true;
      await watching.ended;
      return watching.delays;
    },
  },
  async () => client?.close(),
);
