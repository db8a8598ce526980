import { parentPort, workerData } from 'node:worker_threads';
import { type RunningServer, type ServerOptions, startServer } from './server.js';

/** What the main thread and the engine's thread say to each other. */
export type WorkerData = Omit<ServerOptions, 'onFailure'>;
export type ToWorker =
  | { readonly type: 'close' }
  | { readonly type: 'backup'; readonly id: number; readonly file: string; readonly force: boolean };
export type FromWorker =
  | { readonly type: 'ready'; readonly address: string }
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'backup'; readonly id: number; readonly result: number | Error };

const port = parentPort;

function say(message: FromWorker): void {
  port?.postMessage(message);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function failed(error: unknown): void {
  say({ type: 'failed', error: asError(error) });
}

async function obey(server: RunningServer, message: ToWorker): Promise<void> {
  if (message.type === 'backup') {
    const { id, file, force } = message;
    const result = await server.backup(file, { force }).catch(asError);
    say({ type: 'backup', id, result });
    return;
  }
  await server.close();
  port?.close();
}

if (port) {
  try {
    const server = await startServer({ ...(workerData as WorkerData), onFailure: failed });
    port.on('message', (message: ToWorker) => void obey(server, message).catch(failed));
    say({ type: 'ready', address: server.address });
  } catch (error) {
    failed(error);
    port.close();
  }
}
