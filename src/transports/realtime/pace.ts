import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

interface Waiting {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Between two looks at whether there is room for one more, ms. */
const LOOK_MS = 1;
/** Time the loop must have been idle since the last one began, as a share of the time it was busy. */
const IDLE_SHARE = 0.25;
/** However busy it is, one begins after this time, ms. */
const LONGEST_MS = 10;

/**
 * Begins WebSockets one by one, each when the loop has had a rest from the one before and all that came of it: the
 * handshake, the rooms, the events that were missed. When a thousand tablets come back in the same second, whoever is
 * there already is answered as if nothing were, and the thousandth is served as soon as it would be in any case. A lone
 * tablet waits for nothing. To be called when all that serves upgrades is attached.
 */
export function paceUpgrades(server: Server): void {
  const serving = server.listeners('upgrade') as Upgrade[];
  server.removeAllListeners('upgrade');
  const waiting: Waiting[] = [];
  let last = { at: 0, utilization: performance.eventLoopUtilization() };

  const hasRoom = (): boolean => {
    const { active, idle } = performance.eventLoopUtilization(last.utilization);
    return idle >= active * IDLE_SHARE || performance.now() - last.at >= LONGEST_MS;
  };
  const begin = ({ request, socket, head }: Waiting) => {
    socket.off('error', ignore);
    if (socket.destroyed) return;
    last = { at: performance.now(), utilization: performance.eventLoopUtilization() };
    for (const serve of serving) serve.call(server, request, socket, head);
  };
  const look = () => {
    if (hasRoom()) {
      const next = waiting.shift();
      if (next !== undefined) begin(next);
    }
    if (waiting.length > 0) setTimeout(look, LOOK_MS);
  };
  server.on('upgrade', (request, socket, head) => {
    // Nobody else listens while it waits, and who gives up meanwhile is no error of ours.
    socket.on('error', ignore);
    waiting.push({ request, socket, head });
    if (waiting.length === 1) look();
  });
}

const ignore = (): void => undefined;
