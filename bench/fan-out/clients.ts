import { io } from 'socket.io-client';
import { answerParent } from '../children.js';

/** Thousands of screens in one process; counts what arrives. */
let received = 0;
let expected = 0;
let done: (() => void) | undefined;

function count(): void {
  received += 1;
  if (received === expected) done?.();
}

async function open(url: string, token: string): Promise<void> {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true, reconnection: false });
  socket.on('order:created', count);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
}

answerParent({
  async connect({ url, tokens }: { url: string; tokens: string[] }) {
    for (let i = 0; i < tokens.length; i += 50)
      await Promise.all(tokens.slice(i, i + 50).map((token) => open(url, token)));
  },
  receive(total: number) {
    received = 0;
    expected = total;
    return new Promise<void>((resolve) => {
      done = resolve;
    });
  },
});
