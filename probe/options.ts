import { parseArgs } from 'node:util';

export interface Options {
  /** A server that runs already, with wide limits; otherwise one is started. */
  url: string | undefined;
  /** Rounds of drawn inputs: each draws its own. */
  seeds: number;
  /** The first round's seed; the next ones follow. */
  seed: number;
  /** Fewer inputs of each kind: for a check on every change. */
  short: boolean;
}

export const usage = 'npm run probe -- [--short] [--seeds 3] [--seed N] [--url http://127.0.0.1:3000]';

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      seeds: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
      short: { type: 'boolean', default: false },
    },
  });
  const { url, short } = values;
  if (url !== undefined && !/^http:\/\//.test(url)) throw new Error('--url must begin with http://');
  return {
    url: url?.replace(/\/+$/, ''),
    seeds: numberFrom('seeds', values.seeds ?? (short ? '1' : '3'), 1, 10_000),
    seed: numberFrom('seed', values.seed, 0, 2 ** 32 - 1),
    short,
  };
}

function numberFrom(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) throw new Error(`--${name} must be ${min} to ${max}`);
  return value;
}
