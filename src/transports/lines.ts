import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { networkOf } from '../runtime/limits.js';
import { Strangers } from './strangers.js';

const leaves = new WeakMap<Duplex, () => void>();

/** Lines of one network on which nobody known has spoken; a whole chain's tablets may come back behind one address. */
const FACTOR = 6;

/**
 * Bounds the TCP connections of each network on which nobody has shown a good token yet: one more, and the oldest is cut.
 * Behind a proxy all come from its address; then the proxy has to do it, and only what a request says counts here.
 */
export function boundLines(server: Server, perNetwork: number, onRefused: () => void): void {
  const never = Number.POSITIVE_INFINITY;
  const strangers = new Strangers({
    ...{ perNetwork: perNetwork * FACTOR, inAll: never, patienceMs: never },
    onSentAway: onRefused,
  });
  server.on('connection', (line) => {
    const leave = strangers.arrive(networkOf(line.remoteAddress ?? ''), () => line.destroy());
    leaves.set(line, leave);
    line.once('close', leave);
  });
}

/** Somebody who is known speaks on this line: it counts no more. */
export function isKnownLine(line: Duplex): void {
  leaves.get(line)?.();
}
