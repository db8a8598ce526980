import { Agent, request } from 'node:http';
import { answerParent } from '../children.js';

export interface Arrivals {
  url: string;
  tokens: string[];
  perSecond: number;
  seconds: number;
  patienceMs: number;
}

/** One second: what arrived in it, by how it ended; latencies of what was answered with 2xx, ms. */
export interface Second {
  ok: number;
  busy: number;
  gaveUp: number;
  otherwise: number;
  latencies: number[];
}

/** Dear enough that the server is full before the callers' own machine is. */
const PATH = '/api/v1/orders?limit=100';

/** One request on a connection of its own, by somebody who gives up. Answers the status, 0 for who gave up, -1 otherwise. */
function ask(url: string, path: string, token: string | undefined, patienceMs: number): Promise<number> {
  return new Promise((resolve) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = request(`${url}${path}`, { headers, agent: new Agent({ keepAlive: false }) }, (response) => {
      response.resume();
      response.once('end', () => settle(response.statusCode ?? -1));
    });
    const timer = setTimeout(() => settle(0), patienceMs);
    const settle = (status: number) => {
      clearTimeout(timer);
      resolve(status);
      asked.destroy();
    };
    asked.once('error', () => settle(-1));
    asked.end();
  });
}

answerParent({
  async arrive({ url, tokens, perSecond, seconds, patienceMs }: Arrivals): Promise<Second[]> {
    const all = Array.from(
      { length: seconds },
      (): Second => ({ ok: 0, busy: 0, gaveUp: 0, otherwise: 0, latencies: [] }),
    );
    const started = performance.now();
    const running: Promise<void>[] = [];
    const one = async (number: number) => {
      const second = all[Math.min(seconds - 1, Math.floor(number / perSecond))];
      const due = started + (number / perSecond) * 1000;
      const token = tokens[number % tokens.length];
      const status = await ask(url, PATH, token, patienceMs);
      if (second === undefined) return;
      if (status >= 200 && status < 300) second.latencies.push(performance.now() - due);
      second[status >= 200 && status < 300 ? 'ok' : status === 503 ? 'busy' : status === 0 ? 'gaveUp' : 'otherwise'] +=
        1;
    };
    for (let sent = 0; sent < perSecond * seconds; ) {
      const due = ((performance.now() - started) / 1000) * perSecond;
      for (; sent < Math.min(due, perSecond * seconds); sent += 1) running.push(one(sent));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(running);
    return all;
  },
  /** Asks once a second whether it lives; answers how long each answer took, ms. */
  async watch({ url, seconds }: { url: string; seconds: number }): Promise<number[]> {
    const times: number[] = [];
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      const started = performance.now();
      const status = await ask(url, '/livez', undefined, 20_000);
      times.push(status === 200 ? performance.now() - started : Number.POSITIVE_INFINITY);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return times;
  },
});
