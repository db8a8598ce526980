type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/**
 * The one way a test waits: until the condition holds (a truthy answer, which is returned), checked every few ms.
 * @throws with `what` after `timeoutMs`
 */
export async function until<T>(what: string, condition: () => T | Promise<T>, timeoutMs = 30_000): Promise<Truthy<T>> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const value = await condition();
    if (value) return value as Truthy<T>;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
