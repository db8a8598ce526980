import { parseArgs } from 'node:util';
import { faults } from './faults.js';

export interface Options {
  /** How many evenings are played. */
  seeds: number;
  /** The first one's seed; the next ones follow. */
  seed: number;
  /** Only this fault; otherwise each seed draws its own. */
  fault: string | undefined;
  /** Guests at tables each evening. */
  covers: number;
  /** A pause or outage lasts at most this long, ms. */
  longestMs: number;
}

export const usage = [
  'npm run faults -- [--seeds 20] [--seed N] [--fault NAME] [--covers 8] [--longest 4]',
  '  --seed     replays: the first seed (the following ones count up)',
  '  --longest  seconds that a pause or an outage lasts at most',
  `  --fault    one of: ${faults.map(({ name }) => name).join(' | ')}`,
].join('\n');

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
      fault: { type: 'string' },
      covers: { type: 'string', default: '8' },
      longest: { type: 'string', default: '4' },
    },
  });
  const { fault } = values;
  if (fault !== undefined && !faults.some(({ name }) => name === fault)) throw new Error(`No fault '${fault}'`);
  return {
    seeds: numberFrom('seeds', values.seeds, 1, 100_000),
    seed: numberFrom('seed', values.seed, 0, 2 ** 32 - 1),
    covers: numberFrom('covers', values.covers, 1, 1_000),
    longestMs: numberFrom('longest', values.longest, 1, 600) * 1_000,
    fault,
  };
}

function numberFrom(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) throw new Error(`--${name} must be ${min} to ${max}`);
  return value;
}
