import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import mongoose from 'mongoose';

interface Connection {
  socket: Socket;
}
type Write = (this: Connection, ...args: unknown[]) => Promise<void>;

/**
 * Mends the driver (mongodb 7.8) in one place. It writes a command and then waits for the socket's `drain` or `error`;
 * of a socket that ended a moment before, or is closed without an error meanwhile, comes neither, and the operation never
 * ends. One such commit stopped every restaurant of the process, one such read whoever's session it was for. Here the
 * end of the socket ends the write. Does nothing to a driver that is made otherwise; the test beside this file tells
 * whether it is still needed.
 */
export function endWritesWithTheirSocket(): void {
  const resolve = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const { Connection } = resolve('mongodb/lib/cmap/connection.js') as { Connection?: { prototype: object } };
  const write: unknown = Connection && Reflect.get(Connection.prototype, 'writeCommand');
  if (Connection === undefined || typeof write !== 'function' || mended.has(write)) return;
  const mendedWrite: Write = function (...args) {
    const { socket } = this;
    if (socket.destroyed) return Promise.reject(ended());
    return new Promise<void>((done, fail) => {
      const onClose = () => fail(ended());
      socket.once('close', onClose);
      (write as Write)
        .apply(this, args)
        .finally(() => socket.off('close', onClose))
        .then(done, fail);
    });
  };
  mended.add(mendedWrite);
  Reflect.set(Connection.prototype, 'writeCommand', mendedWrite);
}

const mended = new WeakSet<object>();

const ended = (): Error => new mongoose.mongo.MongoNetworkError('The connection ended while it was written to');
