import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { until } from '../../../tests/harness/until.js';
import { paceUpgrades } from './pace.js';

let server: Server;
let begun: number;
let endPace: () => void;
/** Both ends. */
const opened: Duplex[] = [];
beforeEach(async () => {
  begun = 0;
  server = createServer((_request, response) => response.end('here'));
  server.on('upgrade', (_request, socket) => {
    begun += 1;
    opened.push(socket);
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  const network = () => 'here';
  endPace = paceUpgrades(server, { networkOf: network, perNetwork: 1000, inAll: 1000, onSentAway: () => undefined });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1000 }, resolve));
});
afterEach(async () => {
  endPace();
  for (const socket of opened.splice(0)) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A socket that asks to become a WebSocket; `answered` once it is. */
function ask(): { socket: Socket; answered: boolean } {
  const { port } = server.address() as AddressInfo;
  const asked = { socket: connect(port, '127.0.0.1'), answered: false };
  opened.push(asked.socket);
  asked.socket.on('error', () => undefined);
  asked.socket.once('data', () => {
    asked.answered = true;
  });
  asked.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  return asked;
}

it('begins everyone who came at once, and requests are answered between them', async () => {
  const all = Array.from({ length: 300 }, ask);
  const { port } = server.address() as AddressInfo;
  await until('some have begun', () => begun > 0);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
  const before = begun;
  await until('all are answered', () => all.every(({ answered }) => answered));
  expect(begun).toBe(300);
  expect(before).toBeLessThan(300);
});

it('begins them one by one when the loop has no rest at all', async () => {
  let over = false;
  const burn = () => {
    const end = performance.now() + 4;
    while (performance.now() < end);
    if (!over) setImmediate(burn);
  };
  burn();
  const all = Array.from({ length: 20 }, ask);
  await until('all are answered', () => all.every(({ answered }) => answered));
  over = true;
});

it('is not disturbed by who gives up while it waits', async () => {
  const all = Array.from({ length: 200 }, ask);
  await until('some have begun', () => begun > 0);
  const [gone, kept] = [all.filter((_, i) => i % 2 === 0), all.filter((_, i) => i % 2 === 1)];
  for (const { socket } of gone) socket.resetAndDestroy();
  await until('the others are answered', () => kept.every(({ answered }) => answered));
  expect((await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).status).toBe(200);
});
