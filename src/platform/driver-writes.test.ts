import type { Socket } from 'node:net';
import mongoose from 'mongoose';
import { createServer } from 'pocket-mongo';
import { endWritesWithTheirSocket } from './driver-writes.js';

interface Pools {
  topology: { s: { servers: Map<string, { pool: { connections: { first(): { socket: Socket } | null } } }> } };
}

it('an operation that meets a connection in the moment of its end is tried on another, and not waited for for ever', async () => {
  endWritesWithTheirSocket();
  const server = await createServer({ dir: 'unused', memory: true });
  const client = new mongoose.mongo.MongoClient(server.uri, { maxPoolSize: 1 });
  const things = client.db('test').collection<{ _id: number }>('things');
  await things.insertOne({ _id: 1 });
  const [pooled] = [...(client as unknown as Pools).topology.s.servers.values()];
  // Nothing is awaited in between: the driver has not heard of it when it writes.
  pooled?.pool.connections.first()?.socket.destroy();
  expect(await things.findOne({ _id: 1 })).toEqual({ _id: 1 });
  await client.close();
  await server.close();
});
