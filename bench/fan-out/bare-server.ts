import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis as Client } from 'ioredis';
import { Server } from 'socket.io';
import { envelopeOf } from '../../src/runtime/journal.js';
import { answerParent } from '../children.js';
import { cpuMicros, memoryNow, paced } from './paced.js';
import { sampleEntry } from './payload.js';

/** What the relay is measured against: Socket.IO by itself, one room a restaurant. */
const http = createServer();
const io = new Server({ serveClient: false });
const [, , redisUrl] = process.argv;
if (redisUrl !== undefined) {
  const publisher = new Client(redisUrl);
  io.adapter(createAdapter(publisher, publisher.duplicate()));
}
io.attach(http);
io.on('connection', (socket) => {
  void socket.join(String((socket.handshake.auth as { token: string }).token).split('.')[0] ?? '');
});
let n = 0;
let restaurants: string[] = [];

answerParent({
  /** A second process has the same restaurants and emits nothing of its own. */
  async join() {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  },
  async listen({ restaurants: count, screens }: { restaurants: number; screens: number }) {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    restaurants = Array.from({ length: count }, (_, i) => `r${i}`);
    const tokens = restaurants.flatMap((id) => Array.from({ length: screens }, (_, i) => `${id}.${i}`));
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, tokens };
  },
  memory: memoryNow,
  emit: (events: number) =>
    paced(events, (i) => {
      n += 1;
      const restaurantId = restaurants[i % restaurants.length] ?? '';
      const entry = sampleEntry(restaurantId, n);
      const [event] = entry.events;
      if (event !== undefined) io.to(restaurantId).emit(event.name, envelopeOf(entry, event));
    }),
  cpuMicros,
});
