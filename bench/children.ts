import { type ChildProcess, fork } from 'node:child_process';

/** A process of a scenario: asked by name, answers over IPC. */
export interface Child {
  process: ChildProcess;
  ask<T>(question: string, argument?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Starts a built script as a process of its own. */
export function startChild(script: URL, args: readonly string[] = [], execArgv: readonly string[] = []): Child {
  const child = fork(script, [...args], { execArgv: [...execArgv], env: { ...process.env, NODE_ENV: 'production' } });
  let next = 0;
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  child.on('message', ({ id, value, error }: { id: number; value: never; error?: string }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`A process of the scenario ended with ${code}`));
  });
  return {
    process: child,
    ask(question, argument) {
      next += 1;
      const id = next;
      child.send({ id, question, argument });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    stop() {
      if (child.exitCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      });
    },
  };
}

/** The other end: answers the parent's questions. */
export function answerParent(answers: Record<string, (argument: never) => unknown>): void {
  process.on('message', ({ id, question, argument }: { id: number; question: string; argument: never }) => {
    Promise.resolve()
      .then(() => answers[question]?.(argument))
      .then(
        (value) => process.send?.({ id, value }),
        (error: unknown) => process.send?.({ id, error: error instanceof Error ? String(error.stack) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

export const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;
