/** Calls `emit` for each event, a hundred a turn of the loop with pauses between, and answers the CPU time it took. */
export async function paced(
  events: number,
  emit: (index: number) => void,
): Promise<{ cpuMicros: number; wallMs: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  for (let done = 0; done < events; done += 1) {
    emit(done);
    if (done % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return since(before, started);
}

export function since(before: NodeJS.CpuUsage, started: number): { cpuMicros: number; wallMs: number } {
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: user + system, wallMs: performance.now() - started };
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
