import { chmodSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { Engine } from './engine/context.js';
import { Cursors } from './engine/cursors.js';
import { FailPoints } from './engine/fail-points.js';
import { Sessions } from './engine/sessions.js';
import { deleteExpired } from './engine/ttl.js';
import { Catalog } from './storage/catalog.js';
import { DocumentWriter } from './storage/documents.js';
import { Store } from './storage/store.js';
import { Connection } from './wire/connection.js';

export interface ServerOptions {
  /** The folder of the data file. */
  readonly path: string;
  readonly sync: boolean;
  readonly listen: { readonly socketPath: string } | { readonly port: number };
  readonly transactionLifetimeSeconds: number;
  /** How often expired documents, transactions and sessions are looked for. */
  readonly sweepMs: number;
  readonly onFailure: (error: Error) => void;
}

/** The whole database server, in whichever thread it is called. */
export async function startServer(options: ServerOptions): Promise<{ address: string; close(): Promise<void> }> {
  const store = new Store(options.path, { sync: options.sync, onFailure: options.onFailure });
  const catalog = new Catalog(store);
  const connections = new Set<Connection>();
  const server = createServer({ noDelay: true });
  const address = await listen(server, options.listen);
  const engine: Engine = {
    store,
    catalog,
    documents: new DocumentWriter(catalog),
    sessions: new Sessions(store, options.transactionLifetimeSeconds * 1000),
    cursors: new Cursors(),
    failPoints: new FailPoints(),
    startedAt: Date.now(),
    address,
    connections: () => connections.size,
  };
  let nextConnection = 1;
  server.on('connection', (socket: Socket) => {
    const connection = new Connection(engine, socket, nextConnection++);
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  const sweeper = sweep(engine, options.sweepMs, options.onFailure);
  return {
    address,
    async close() {
      await sweeper.stop();
      server.close();
      engine.sessions.killAll();
      await Promise.all([...connections].map((connection) => connection.close()));
      await store.close();
    },
  };
}

async function listen(server: Server, where: ServerOptions['listen']): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if ('socketPath' in where) {
      rmSync(where.socketPath, { force: true });
      server.listen(where.socketPath, resolve);
    } else {
      server.listen(where.port, '127.0.0.1', resolve);
    }
  });
  if (!('socketPath' in where)) return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  chmodSync(where.socketPath, 0o600);
  return where.socketPath;
}

function sweep(engine: Engine, everyMs: number, onFailure: (error: Error) => void): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    engine.sessions.sweep();
    engine.cursors.sweep();
    running = deleteExpired(engine.store, engine.catalog, engine.documents, engine.sessions.claims)
      .catch((error: unknown) => onFailure(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
