import { register as shared } from 'prom-client';
import type { Server } from 'socket.io';
import countSockets from 'socket.io-prometheus';
import type { Metrics } from './metrics.js';

/**
 * What socket.io-prometheus 0.3 keeps; it always registers these with prom-client's shared registry. Its counters of bytes
 * are renamed: one is misspelt, and a counter's name ends in `_total` (promtool).
 */
const NAMES: Readonly<Record<string, string>> = {
  socket_io_connected: 'socket_io_connected',
  socket_io_connect_total: 'socket_io_connect_total',
  socket_io_disconnect_total: 'socket_io_disconnect_total',
  socket_io_events_received_total: 'socket_io_events_received_total',
  socket_io_events_sent_total: 'socket_io_events_sent_total',
  socket_io_recieve_bytes: 'socket_io_receive_bytes_total',
  socket_io_transmit_bytes: 'socket_io_transmit_bytes_total',
};

/**
 * Counts connections, messages and bytes of a Socket.IO server with socket.io-prometheus. It listens for `connect`,
 * which Socket.IO emits before `connection`: handlers added in a `connection` listener are seen, whoever came first.
 *
 * It wraps each socket's `on` and `emit`: a message received by `socket.on` or sent by `socket.emit` is serialised once
 * more to count its bytes. It sees neither `socket.onAny` and `socket.use` nor `io.to(room).emit`, which is why
 * broadcasts cost nothing here and have counters of their own in `Metrics`.
 */
export function attachSocketMetrics(io: Server, metrics: Metrics): void {
  countSockets(io);
  for (const [theirs, name] of Object.entries(NAMES)) {
    const metric = shared.getSingleMetric(theirs);
    if (metric === undefined || metrics.registry.getSingleMetric(name) !== undefined) continue;
    Object.assign(metric, { name });
    metrics.registry.registerMetric(metric);
  }
}
