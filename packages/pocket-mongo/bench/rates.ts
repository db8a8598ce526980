import { join } from 'node:path';
import { AT_A_TIME, type Bed, openBed } from './bed.js';
import { fdatasyncRate, type Memory, memoryOf } from './figures.js';

export const WORKLOADS = ['ping', 'find', 'insert', 'findAndModify', 'transaction'] as const;
export type Workload = (typeof WORKLOADS)[number];

/** One kind of operation, measured once. */
export interface Measurement {
  readonly count: number;
  /** Operations per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU microseconds per operation, in the driver's process and in the server's. */
  readonly clientMicros: number;
  readonly serverMicros: number;
}

/** One round: everything measured once, close together in time, so that ratios within it share the machine's mood. */
export interface Round {
  readonly fdatasync: number;
  readonly small: Record<Workload, Measurement>;
  readonly large: Record<Workload, Measurement>;
}

export interface Rates {
  readonly rounds: readonly Round[];
  readonly large: Bed;
  readonly loadSeconds: number;
  /** Of the large server after a scan. */
  readonly memory: Memory | undefined;
  stop(): Promise<void>;
}

interface Options {
  readonly dir: string;
  readonly small: number;
  readonly large: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly profile: string | undefined;
}

/** Loads a small and a large database, each in a server of its own, and measures them in turns. */
export async function measureRates(options: Options): Promise<Rates> {
  const small = await openBed(join(options.dir, 'small'), options.small, options.profile);
  try {
    const large = await openBed(join(options.dir, 'large'), options.large, options.profile);
    console.log(`loaded ${options.large} documents in ${large.loadSeconds.toFixed(1)} s`);
    const stop = async () => {
      await small.stop();
      await large.stop();
    };
    try {
      for (const bed of [small, large]) await measureAll(bed, options.seconds);
      const rounds: Round[] = [];
      for (let i = 0; i < options.rounds; i++) rounds.push(await round(small, large, options, i % 2 === 1));
      await large.driver.ask('statement', 'scan');
      const memory = memoryOf(large.server.process.pid);
      return { rounds, large, loadSeconds: large.loadSeconds, memory, stop };
    } catch (error) {
      await large.stop();
      throw error;
    }
  } catch (error) {
    await small.stop();
    throw error;
  }
}

async function round(small: Bed, large: Bed, { dir, seconds }: Options, largeFirst: boolean): Promise<Round> {
  const fdatasync = fdatasyncRate(dir, seconds / 2);
  const figures = new Map<Bed, Partial<Record<Workload, Measurement>>>([
    [small, {}],
    [large, {}],
  ]);
  for (const workload of WORKLOADS) {
    for (const bed of largeFirst ? [large, small] : [small, large])
      (figures.get(bed) as Partial<Record<Workload, Measurement>>)[workload] = await measure(bed, workload, seconds);
  }
  const of = (bed: Bed) => figures.get(bed) as Record<Workload, Measurement>;
  return { fdatasync, small: of(small), large: of(large) };
}

/** The warm-up. */
async function measureAll(bed: Bed, seconds: number): Promise<void> {
  for (const workload of WORKLOADS) await measure(bed, workload, seconds);
}

async function measure(bed: Bed, workload: Workload, seconds: number): Promise<Measurement> {
  const { server, driver, documents } = bed;
  const before = await server.ask<number>('cpuMicros');
  const options = { workload, documents, seconds, atATime: AT_A_TIME };
  const measured = await driver.ask<Omit<Measurement, 'serverMicros'>>('run', options);
  const cpu = (await server.ask<number>('cpuMicros')) - before;
  if (workload === 'insert' || workload === 'transaction') await driver.ask('restore', documents);
  return { ...measured, serverMicros: cpu / measured.count };
}
