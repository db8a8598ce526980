import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, type Server } from 'node:net';

/** A unix socket, or a port of the loopback interface (0: any free one). Nothing else is offered: there are no passwords. */
export type ListenOptions = { readonly socketPath: string } | { readonly port: number };

/** @returns what clients reach the server by: a socket path, or host and port. @throws Error that says what to change. */
export async function listen(server: Server, where: ListenOptions): Promise<string> {
  if ('port' in where) {
    await started(server, () => server.listen(where.port, '127.0.0.1'));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const { socketPath } = where;
  try {
    await removeStale(socketPath);
    await started(server, () => server.listen(socketPath));
    chmodSync(socketPath, 0o600);
  } catch (error) {
    throw new Error(
      `a unix socket is not possible at ${socketPath} (${error instanceof Error ? error.message : error}): ` +
        'give another path for it, or listen on a loopback port ({ port: 0 } or --port 0).',
      { cause: error },
    );
  }
  return socketPath;
}

function started(server: Server, listenNow: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.removeListener('error', reject);
      resolve();
    });
    listenNow();
  });
}

/** Removes the socket that a killed process left; never another file, and never a socket that somebody answers. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error('another file has this name');
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
  if (answers) throw new Error('another server listens there');
  rmSync(path, { force: true });
}
