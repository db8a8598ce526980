import { io, type Socket } from 'socket.io-client';
import { answerParent } from '../children.js';

interface Restaurant {
  token: string;
  itemIds: string[];
}

interface House {
  waiter: Socket;
  itemIds: string[];
}

const houses: House[] = [];

async function open(url: string, token: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

interface Measured {
  latencies: number[];
  refused: number;
}

async function orderUntil(house: House, end: number, measured: Measured): Promise<void> {
  while (performance.now() < end) {
    const lines = [1, 2, 3].map(() => ({
      itemId: house.itemIds[Math.floor(Math.random() * house.itemIds.length)],
      quantity: 1,
    }));
    const started = performance.now();
    const answer = (await house.waiter.emitWithAck(
      'order:place',
      { channel: 'takeaway', customer: { name: 'Ana' }, lines },
      { key: crypto.randomUUID() },
    )) as { ok: boolean; error?: { detail?: string; code: string } };
    if (answer.ok) measured.latencies.push(performance.now() - started);
    else {
      if (measured.refused === 0) console.error('refused:', JSON.stringify(answer.error));
      measured.refused += 1;
    }
  }
}

answerParent({
  async connect({ url, restaurants }: { url: string; restaurants: Restaurant[] }) {
    for (const { token, itemIds } of restaurants) {
      const [waiter] = await Promise.all([open(url, token), open(url, token)]);
      houses.push({ waiter, itemIds });
    }
  },
  async load({ restaurants, inFlight, seconds }: { restaurants: number; inFlight: number; seconds: number }) {
    const measured: Measured = { latencies: [], refused: 0 };
    const started = performance.now();
    const end = started + seconds * 1000;
    const streams = houses
      .slice(0, restaurants)
      .flatMap((house) => Array.from({ length: inFlight }, () => orderUntil(house, end, measured)));
    await Promise.all(streams);
    return { ...measured, seconds: (performance.now() - started) / 1000 };
  },
});
