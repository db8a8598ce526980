/** What is being waited for, so that a simulation that hangs can say so. */
const waits = new Set<{ what: string; since: number }>();

export function waitedFor(): string[] {
  const now = performance.now();
  return [...waits].map(({ what, since }) => `${what} (for ${((now - since) / 1000).toFixed(1)} s)`);
}

export async function waiting<T>(what: string, until: Promise<T>): Promise<T> {
  const wait = { what, since: performance.now() };
  waits.add(wait);
  try {
    return await until;
  } finally {
    waits.delete(wait);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** For what tells nobody when it changes (another process). Everything on a screen has {@link Screen.until}. */
export async function polled<T>(what: string, everyMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const loop = async (): Promise<T> => {
    for (let found = await look(); ; found = await look()) {
      if (found !== undefined) return found;
      await sleep(everyMs);
    }
  };
  return waiting(what, loop());
}
