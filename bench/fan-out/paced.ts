/** Calls `emit` for each event, a hundred a turn of the loop with pauses between. */
export async function paced(events: number, emit: (index: number) => void): Promise<void> {
  for (let done = 0; done < events; done += 1) {
    emit(done);
    if (done % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** CPU time of this process so far. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export interface Memory {
  /** Resident memory of the process. */
  rss: number;
  /** What is alive after a collection: heap and buffers. */
  live: number;
}

export function memoryNow(): Memory {
  for (let i = 0; i < 3; i += 1) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, live: heapUsed + external };
}
