import { io, type Socket } from 'socket.io-client';
import { answerParent } from '../children.js';

/** As `packages/client` has them: pauses before reconnecting, and before asking what was missed, ms. */
const RECONNECT_MIN_MS = 1_000;
const RECONNECT_MAX_MS = 5_000;
const CATCH_UP_JITTER_MS = 300;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Page {
  reset: boolean;
  epoch: string;
  position: number;
  more: boolean;
  events: unknown[];
}

/** A screen that speaks the protocol and draws nothing; two thousand whole clients would measure themselves. */
class Screen {
  readonly #socket: Socket;
  #place: { epoch: string; seq: number } | undefined;

  constructor(url: string, token: string) {
    const manual = { autoConnect: false, reconnection: false, forceNew: true };
    this.#socket = io(url, { transports: ['websocket'], auth: { token }, ...manual });
  }

  async begin(): Promise<void> {
    await this.#connect();
    const { epoch, seq } = await this.#ask<{ epoch: string; seq: number }>('sync:snapshot', {});
    this.#place = { epoch, seq };
  }

  drop(): void {
    this.#socket.io.engine.close();
  }

  /** Reconnects as the client does, and catches up; answers how many events it had missed. */
  async comeBack(): Promise<number> {
    for (let failures = 0; ; failures += 1) {
      await pause(Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** failures) * (0.1 + 0.9 * Math.random()));
      try {
        await this.#connect();
        break;
      } catch {
        // As the client: again, later.
      }
    }
    await pause(Math.random() * CATCH_UP_JITTER_MS);
    let missed = 0;
    for (let more = true; more; ) {
      const page = await this.#ask<Page>('sync:since', this.#place ?? {});
      if (page.reset) throw new Error('A screen was told to start over');
      missed += page.events.length;
      this.#place = { epoch: page.epoch, seq: page.position };
      ({ more } = page);
    }
    return missed;
  }

  #connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Of an attempt that is given up nothing is heard any more.
        this.#socket.disconnect();
        settle(() => reject(new Error('no connection in time')));
      }, 10_000);
      const settle = (then: () => void) => {
        clearTimeout(timer);
        this.#socket.off('connect').off('connect_error').off('disconnect');
        then();
      };
      this.#socket.on('connect', () => settle(resolve));
      this.#socket.on('connect_error', (error) => settle(() => reject(error)));
      this.#socket.on('disconnect', (reason) => settle(() => reject(new Error(reason))));
      this.#socket.connect();
    });
  }

  async #ask<T>(name: string, input: object): Promise<T> {
    const ack = (await this.#socket.timeout(30_000).emitWithAck(name, input, {})) as
      | { ok: true; data: T }
      | { ok: false; error: { code: string; retryAfter?: number } };
    if (ack.ok) return ack.data;
    throw new Error(`${name}: ${JSON.stringify(ack.error)}`);
  }
}

const screens: Screen[] = [];

/** Who is told to come back does, and has waited all the while. */
async function answerOf(address: string, headers: Record<string, string>): Promise<void> {
  while (true) {
    const response = await fetch(address, { headers });
    await response.arrayBuffer();
    if (response.ok) return;
    if (response.status !== 503) throw new Error(`HTTP ${response.status}`);
    await pause(1000 * Number(response.headers.get('retry-after')));
  }
}

/** REST latencies, one request after the other at a steady pace; a late answer does not hold up the next. */
async function probe(url: string, token: string, until: () => boolean): Promise<number[]> {
  const latencies: number[] = [];
  const running: Promise<void>[] = [];
  const headers = { authorization: `Bearer ${token}` };
  while (!until()) {
    const started = performance.now();
    const answered = answerOf(`${url}/api/v1/orders?limit=20`, headers).then(() => {
      latencies.push(performance.now() - started);
    });
    running.push(answered);
    await pause(20);
  }
  await Promise.all(running);
  return latencies;
}

let probing: { stop: () => void; done: Promise<number[]> } | undefined;

answerParent({
  async connect({ url, tokens }: { url: string; tokens: string[] }) {
    for (let i = 0; i < tokens.length; i += 50) {
      const some = tokens.slice(i, i + 50).map((token) => new Screen(url, token));
      await Promise.all(some.map((screen) => screen.begin()));
      screens.push(...some);
    }
  },
  drop() {
    for (const screen of screens) screen.drop();
  },
  /** All at once: answers when each was caught up, ms from now, and how many events they missed. */
  async comeBack() {
    const started = performance.now();
    const back = screens.map(async (screen) => {
      const missed = await screen.comeBack();
      return { ms: performance.now() - started, missed };
    });
    return Promise.all(back);
  },
  startProbe({ url, token }: { url: string; token: string }) {
    let stopped = false;
    const done = probe(url, token, () => stopped);
    const stop = () => {
      stopped = true;
    };
    probing = { stop, done };
  },
  async stopProbe() {
    probing?.stop();
    return probing?.done;
  },
});
