import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Lets the frames that a WebSocket sends within one turn of the loop leave in one system call. A group commit brings a busy
 * restaurant's screens dozens of events at once, and a call for each cost as much as everything else about them. Waits
 * for nothing: what is held goes out as soon as the running callbacks are done.
 */
export function coalesceFrames(server: Server): void {
  server.prependListener('upgrade', (_request, socket) => coalesce(socket));
}

/** ws corks its socket around each frame; the first cork of a turn is held until the turn ends. */
function coalesce(socket: Duplex): void {
  const cork = socket.cork.bind(socket);
  let held = false;
  const release = () => {
    held = false;
    socket.uncork();
  };
  socket.cork = () => {
    cork();
    if (held) return;
    held = true;
    cork();
    process.nextTick(release);
  };
}
