import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { createMetrics } from './metrics.js';
import { attachSocketMetrics } from './socket-metrics.js';

/** The samples of a text exposition, by name and labels as written. */
function samples(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('metrics', () => {
  test('count a REST request by method, route and status, in seconds', async () => {
    const metrics = createMetrics({ process: false });
    const finish = metrics.httpStarted();
    metrics.httpStarted();
    expect(samples(await metrics.text()).http_requests_in_progress).toBe(2);
    finish({ method: 'POST', route: '/api/v1/orders/:id', status: 409, durationMs: 20 });
    const labels = '{method="POST",route="/api/v1/orders/:id",status_code="409"}';
    expect(samples(await metrics.text())).toMatchObject({
      http_requests_in_progress: 1,
      [`http_requests_total${labels}`]: 1,
      [`http_request_duration_seconds_count${labels}`]: 1,
      [`http_request_duration_seconds_sum${labels}`]: 0.02,
      [`http_request_duration_seconds_bucket${labels.replace('{', '{le="0.01",')}`]: 0,
      [`http_request_duration_seconds_bucket${labels.replace('{', '{le="0.025",')}`]: 1,
    });
  });

  test('count operations by name, transport and outcome', async () => {
    const metrics = createMetrics({ process: false });
    metrics.operationFinished({ operation: 'order:place', transport: 'socket', outcome: 'ok', durationMs: 5 });
    metrics.operationFinished({ operation: 'order:place', transport: 'socket', outcome: 'conflict', durationMs: 7 });
    expect(samples(await metrics.text())).toMatchObject({
      'brigade_operations_total{operation="order:place",transport="socket",outcome="ok"}': 1,
      'brigade_operations_total{operation="order:place",transport="socket",outcome="conflict"}': 1,
      'brigade_operation_duration_seconds_count{operation="order:place",transport="socket"}': 2,
      'brigade_operation_duration_seconds_sum{operation="order:place",transport="socket"}': 0.012,
    });
  });

  test('name what the dashboards ask for', async () => {
    const metrics = createMetrics({ process: false });
    metrics.eventsPublished.inc({ event: 'order:created' });
    metrics.broadcasts.inc();
    metrics.deliveries.inc(20);
    metrics.connectedSockets.inc({ role: 'waiter' });
    metrics.laneQueueLength.set(3);
    metrics.commitGroupSize.observe(4);
    metrics.commitDuration.observe(0.004);
    metrics.journalConflicts.inc();
    expect(metrics.contentType).toContain('text/plain');
    expect(samples(await metrics.text())).toMatchObject({
      'brigade_events_published_total{event="order:created"}': 1,
      brigade_broadcasts_total: 1,
      brigade_deliveries_total: 20,
      'brigade_connected_sockets{role="waiter"}': 1,
      brigade_lane_queue_length: 3,
      brigade_commit_group_size_sum: 4,
      brigade_commit_duration_seconds_sum: 0.004,
      brigade_journal_conflicts_total: 1,
    });
  });

  test('of two apps in one process are apart, and only who asks has those of the process', async () => {
    const [one, other] = [createMetrics(), createMetrics({ process: false })];
    one.broadcasts.inc();
    expect(samples(await other.text()).brigade_broadcasts_total).toBe(0);
    expect(await one.text()).toContain('nodejs_eventloop_lag_seconds');
    expect(await other.text()).not.toContain('nodejs_');
  });
});

test('names end in _total if and only if they are counters, as promtool wants', async () => {
  const metrics = createMetrics();
  attachSocketMetrics(new Server(), metrics);
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  expect(types.length).toBeGreaterThan(50);
  for (const [name, type] of types)
    expect({ name, isCounter: type === 'counter' }).toEqual({ name, isCounter: name?.endsWith('_total') });
});

describe('socket metrics', () => {
  const open: { close(): unknown }[] = [];

  afterEach(async () => {
    for (const door of open.splice(0)) await door.close();
  });

  test('count connections, and messages by event, in the registry of the app', async () => {
    const metrics = createMetrics({ process: false });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const io = new Server(server);
    open.push(io);
    attachSocketMetrics(io, metrics);
    attachSocketMetrics(new Server(), metrics);
    io.on('connection', (socket) => {
      socket.on('order:place', (_input: unknown, ack: () => void) => {
        socket.emit('order:created', { id: 1 });
        ack();
      });
    });
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { transports: ['websocket'] });
    open.unshift(client);
    const heard = new Promise((resolve) => client.once('order:created', resolve));
    await client.timeout(5000).emitWithAck('order:place', { table: 12 });
    await heard;
    expect(samples(await metrics.text())).toMatchObject({
      socket_io_connected: 1,
      socket_io_connect_total: 1,
      'socket_io_events_received_total{event="order:place"}': 1,
      'socket_io_receive_bytes_total{event="order:place"}': '{"table":12}'.length,
      'socket_io_events_sent_total{event="order:created"}': 1,
    });
    for (const door of open.splice(0)) await door.close();
    expect(samples(await metrics.text()).socket_io_connected).toBe(0);
  });
});
