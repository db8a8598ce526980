import { parseArgs } from 'node:util';

export interface Options {
  /** Guests at tables. */
  covers: number;
  /** A server that runs already; otherwise one is started. */
  url: string | undefined;
  seed: number;
  /** 2 makes people and kitchen twice as fast. */
  speed: number;
  /** Kill the server (SIGKILL) in the middle of the service, and start it again on the same data. */
  kill: boolean;
}

export const usage = 'npm run simulate -- [--covers 120] [--url http://127.0.0.1:3000] [--seed 1] [--speed 1] [--kill]';

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      covers: { type: 'string', default: '120' },
      url: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      speed: { type: 'string', default: '1' },
      kill: { type: 'boolean', default: false },
    },
  });
  const { url, kill } = values;
  if (kill && url !== undefined) throw new Error('--kill is for a server that simulate starts itself');
  if (url !== undefined && !/^http:\/\//.test(url)) throw new Error('--url must begin with http://');
  return {
    covers: numberFrom('covers', values.covers, 1, 10_000),
    seed: numberFrom('seed', values.seed, 0, 2 ** 32 - 1),
    speed: numberFrom('speed', values.speed, 0.01, 100),
    url: url?.replace(/\/+$/, ''),
    kill,
  };
}

function numberFrom(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < min || value > max) throw new Error(`--${name} must be ${min} to ${max}`);
  return value;
}
