import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Strangers } from '../strangers.js';
import { FairLine } from './fair-line.js';

interface Waiting {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface PaceOptions {
  networkOf: (request: IncomingMessage) => string;
  /** How many may wait, of one network and in all. */
  perNetwork: number;
  inAll: number;
  onSentAway: () => void;
}

/** Between two looks at whether there is room for one more, ms. */
const LOOK_MS = 1;
/** Time the loop must have been idle since the last one began, as a share of the time it was busy. */
const IDLE_SHARE = 0.25;
/** However busy it is, one begins after this time, ms. */
const LONGEST_MS = 10;
/** Who has waited so long has given up, ms: Socket.IO's client does after 20 s. */
const PATIENCE_MS = 20_000;
const SWEEP_MS = 500;
const TOO_MANY = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * Begins WebSockets one by one, each when the loop has had a rest from the one before and all that came of it: the
 * handshake, the rooms, the events that were missed. When a thousand tablets come back in the same second, whoever is
 * there already is answered as if nothing were, and the thousandth is served as soon as it would be in any case. A lone
 * tablet waits for nothing, and none waits behind a crowd of strangers ({@link FairLine}). To be called when all that
 * serves upgrades is attached. Answers what ends its timer.
 */
export function paceUpgrades(server: Server, { networkOf, ...caps }: PaceOptions): () => void {
  const serving = server.listeners('upgrade') as Upgrade[];
  server.removeAllListeners('upgrade');
  const line = new FairLine<Waiting>();
  const strangers = new Strangers({ ...caps, patienceMs: PATIENCE_MS });
  const leaves = new WeakMap<Duplex, () => void>();
  let last = { at: 0, utilization: performance.eventLoopUtilization() };
  let looking = false;

  const hasRoom = (): boolean => {
    const { active, idle } = performance.eventLoopUtilization(last.utilization);
    return idle >= active * IDLE_SHARE || performance.now() - last.at >= LONGEST_MS;
  };
  const begin = ({ request, socket, head }: Waiting): void => {
    last = { at: performance.now(), utilization: performance.eventLoopUtilization() };
    leaves.get(socket)?.();
    socket.off('error', ignore);
    for (const serve of serving) serve.call(server, request, socket, head);
  };
  const next = (): Waiting | undefined => {
    while (true) {
      const one = line.shift();
      if (one === undefined || isThere(one)) return one;
      one.socket.destroy();
    }
  };
  const look = (): void => {
    if (hasRoom()) {
      const one = next();
      if (one !== undefined) begin(one);
    }
    looking = !line.isEmpty;
    if (looking) setTimeout(look, LOOK_MS);
  };
  server.on('upgrade', (request, socket, head) => {
    // Nobody else listens while it waits, and who gives up meanwhile is no error of ours.
    socket.on('error', ignore);
    const network = networkOf(request);
    const leave = strangers.arrive(network, () => socket.end(TOO_MANY, () => socket.destroy()));
    leaves.set(socket, leave);
    socket.once('close', leave);
    line.push(network, { request, socket, head });
    if (!looking) look();
  });
  const sweeps = setInterval(() => strangers.sweep(), SWEEP_MS).unref();
  return () => clearInterval(sweeps);
}

/** Who speaks before the answer is no WebSocket client (RFC 6455, 4.1), and what it says would be kept in memory. */
function isThere({ socket, head }: Waiting): boolean {
  return !socket.destroyed && !socket.writableEnded && head.length + socket.readableLength === 0;
}

const ignore = (): void => undefined;
