import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { type Dice, dice } from './dice.js';
import { isLost } from './lost.js';
import { CLIENTS, type Complain, DATABASE, WORKERS_PER_CLIENT, type Worker, type Workload } from './workload.js';

/** A load that comes no further in this time waits for something. */
const STALL_MS = 5_000;

/** Clients that write all at once, for as long as the data folder lives. They find a restarted server by themselves. */
export class Load {
  /** Writes that the server has acknowledged. */
  acknowledged = 0;
  private stopping = true;
  private target: { readonly count: number; readonly resolve: () => void } | undefined;
  private readonly clients: MongoClient[];
  private readonly choices: Workload[];

  constructor(uri: string, workloads: readonly Workload[]) {
    this.clients = Array.from({ length: CLIENTS }, (_, i) => {
      return new MongoClient(uri, { maxPoolSize: 5, heartbeatFrequencyMS: 500, retryWrites: triesAgain(i) });
    });
    this.choices = workloads.flatMap((workload) => Array.from({ length: workload.weight }, () => workload));
  }

  get db(): Db {
    return (this.clients[0] as MongoClient).db(DATABASE);
  }

  /** Starts all workers; the promise resolves when each has ended its last write after `stop`. */
  run(seed: number, complain: Complain): Promise<unknown> {
    this.stopping = false;
    return Promise.all(
      this.clients.flatMap((client, i) =>
        Array.from({ length: WORKERS_PER_CLIENT }, (_, j) => {
          const number = i * WORKERS_PER_CLIENT + j;
          const worker = {
            number,
            client,
            db: client.db(DATABASE),
            roll: dice(seed * 1009 + number),
            retries: triesAgain(i),
          };
          return this.work(worker, complain);
        }),
      ),
    );
  }

  /** Resolves at this many acknowledged writes, or when a moment has passed without any. */
  async reaches(count: number): Promise<void> {
    for (let before = -1; this.acknowledged < count && this.acknowledged > before; ) {
      before = this.acknowledged;
      await Promise.race([
        new Promise<void>((resolve) => {
          this.target = { count, resolve };
        }),
        sleep(STALL_MS),
      ]);
    }
  }

  stop(): void {
    this.stopping = true;
  }

  private async work(worker: Worker, complain: Complain): Promise<void> {
    while (!this.stopping) {
      const workload = this.choose(worker.roll);
      try {
        await workload.step(worker);
        if (++this.acknowledged === this.target?.count) this.target.resolve();
      } catch (error) {
        if (this.stopping && isLost(error)) return;
        complain(`${workload.name}, worker ${worker.number}: ${error instanceof Error ? error.stack : error}`);
        return;
      }
    }
  }

  private choose(roll: Dice): Workload {
    return this.choices[roll(this.choices.length)] as Workload;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }
}

/** Every other client leaves unknown what a lost connection left so. */
function triesAgain(client: number): boolean {
  return client % 2 === 0;
}
