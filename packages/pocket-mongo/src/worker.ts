import { parentPort, workerData } from 'node:worker_threads';
import { type ServerOptions, startServer } from './server.js';

/** What the main thread and the engine's thread say to each other. */
export type WorkerData = Omit<ServerOptions, 'onFailure'>;
export type FromWorker = { type: 'ready'; address: string } | { type: 'closed' } | { type: 'failed'; error: Error };

const port = parentPort;
if (port) {
  const say = (message: FromWorker) => port.postMessage(message);
  const failed = (error: Error) => say({ type: 'failed', error });
  try {
    const server = await startServer({ ...(workerData as WorkerData), onFailure: failed });
    port.once('message', () => {
      server.close().then(
        () => {
          say({ type: 'closed' });
          port.close();
        },
        (error: unknown) => failed(error instanceof Error ? error : new Error(String(error))),
      );
    });
    say({ type: 'ready', address: server.address });
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)));
    port.close();
  }
}
