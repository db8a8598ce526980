import { MongoClient } from 'mongodb';
import { openDatabase } from '../database.js';

/** So many clients write and read at once, each with a driver of its own. */
export const CLIENTS = 8;

export type Roll = (sides: number) => number;

/** Numbers that look random and are the same in each run; what is left to chance is how the clients interleave. */
function dice(seed: number): Roll {
  let state = seed + 1;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % sides;
  };
}

export interface Stage {
  readonly database: Awaited<ReturnType<typeof openDatabase>>;
  readonly clients: readonly MongoClient[];
  /** Runs every client's rounds, all clients at once. */
  play(rounds: number, round: (client: MongoClient, name: number, roll: Roll) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** A database and its clients. */
export async function openStage(): Promise<Stage> {
  const database = await openDatabase();
  const connect = () => new MongoClient(database.server.uri, { maxPoolSize: 2 }).connect();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, connect));
  return {
    database,
    clients,
    async play(rounds, round) {
      await Promise.all(
        clients.map(async (client, name) => {
          const roll = dice(name);
          for (let i = 0; i < rounds; i++) await round(client, name, roll);
        }),
      );
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await database.close();
    },
  };
}

/** Runs an operation; when it began and ended, on one clock for all clients. */
export async function timed<T>(run: () => Promise<T>): Promise<{ began: number; ended: number; result: T }> {
  const began = performance.now();
  const result = await run();
  return { began, ended: performance.now(), result };
}
