import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] as number;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** How often a second this machine appends a page of 4096 bytes to a file of `dir` and flushes it, one after another. */
export function fdatasyncRate(dir: string, seconds: number): number {
  const path = join(dir, 'fdatasync');
  const file = openSync(path, 'a');
  const page = Buffer.alloc(4096, 1);
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    writeSync(file, page);
    fdatasyncSync(file);
    count++;
  }
  const rate = (count * 1000) / (performance.now() - start);
  closeSync(file);
  rmSync(path);
  return rate;
}

export interface Memory {
  /** Resident memory in all, pages of the data file among it, in MB of 10^6 bytes. */
  readonly total: number;
  /** What only this process has: heaps, buffers, stacks. */
  readonly anonymous: number;
}

/** Resident memory of a process; undefined where the system does not tell (it is Linux that does). */
export function memoryOf(pid: number | undefined): Memory | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const field = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024) / 1e6;
    return { total: field('Rss'), anonymous: field('Anonymous') };
  } catch {
    return undefined;
  }
}
