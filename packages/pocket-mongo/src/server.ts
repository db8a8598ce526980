import { createServer, type Server, type Socket } from 'node:net';
import { type BackupOptions, writeBackup } from './backup.js';
import type { Engine } from './engine/context.js';
import { Home, type HomeOptions } from './engine/home.js';
import { deleteExpired } from './engine/ttl.js';
import { type ListenOptions, listen } from './listen.js';
import type { ChangeLogOptions } from './storage/change-log-options.js';
import { isRecoverable } from './storage/write-failure.js';
import { Connection } from './wire/connection.js';

export interface ServerOptions {
  /** The folder of the data file. */
  readonly path: string;
  readonly sync: boolean;
  readonly listen: ListenOptions;
  readonly transactionLifetimeSeconds: number;
  /** How often expired documents, transactions and sessions are looked for. */
  readonly sweepMs: number;
  /** How much of what changed is kept for change streams. */
  readonly changeLog: ChangeLogOptions;
  readonly onFailure: (error: Error) => void;
}

export interface RunningServer {
  readonly address: string;
  /** Writes all that is acknowledged as one moment to a file. @returns its size in bytes. */
  backup(file: string, options: BackupOptions): Promise<number>;
  close(): Promise<void>;
}

/** The whole database server, in whichever thread it is called. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const connections = new Set<Connection>();
  const server = createServer({ noDelay: true });
  const address = await listen(server, options.listen);
  const home = openHome(server, {
    path: options.path,
    store: { sync: options.sync },
    engine: {
      address,
      connections: () => connections.size,
      transactionLifetimeMs: options.transactionLifetimeSeconds * 1000,
      changeLog: options.changeLog,
    },
    onFailure: options.onFailure,
  });
  let nextConnection = 1;
  server.on('connection', (socket: Socket) => {
    const connection = new Connection(home, socket, nextConnection++);
    connections.add(connection);
    socket.on('close', () => {
      connections.delete(connection);
      home.engine.changes.disconnected(connection.id);
    });
  });
  const sweeper = sweep(home, options.sweepMs, options.onFailure);
  return {
    address,
    backup(file, backupOptions) {
      return writeBackup(file, backupOptions, (folder) => home.engine.store.copy(folder));
    },
    async close() {
      await sweeper.stop();
      server.close();
      await home.engine.catalog.garbage.close();
      home.engine.sessions.killAll();
      home.engine.changes.close();
      await Promise.all([...connections].map((connection) => connection.close()));
      await home.engine.store.close();
    },
  };
}

function openHome(server: Server, options: HomeOptions): Home {
  try {
    return new Home(options);
  } catch (error) {
    server.close();
    throw error;
  }
}

function sweep(home: Home, everyMs: number, onFailure: (error: Error) => void): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = sweepOnce(home.engine)
      .catch((error: unknown) => {
        const failure = error instanceof Error ? error : new Error(String(error));
        // Without room on the disk nothing can be deleted either; the next round may find some.
        if (!isRecoverable(failure)) onFailure(failure);
      })
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

async function sweepOnce(engine: Engine): Promise<void> {
  engine.cursors.sweep(engine.sessions.sweep());
  engine.snapshots.sweep();
  await deleteExpired(engine.store, engine.catalog, engine.documents, engine.sessions.claims);
  await engine.changes.sweep();
}
