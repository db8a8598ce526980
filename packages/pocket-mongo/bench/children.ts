import { type ChildProcess, fork } from 'node:child_process';

/** A process of the bench: asked by name, answers over IPC. */
export interface Child {
  readonly process: ChildProcess;
  ask<T>(question: string, argument?: unknown): Promise<T>;
  /** Asks the process to end and waits until it has. */
  stop(): Promise<void>;
}

interface Question {
  id: number;
  question: string;
  argument: unknown;
}

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** Starts a built script beside this one as a process of its own. */
export function startChild(name: string, args: readonly string[] = [], execArgv: readonly string[] = []): Child {
  const child = fork(new URL(`./${name}.js`, import.meta.url), [...args], { execArgv: [...execArgv] });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  child.on('message', (message) => {
    const { id, value, error } = message as Answer;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended with ${code}`));
  });
  return {
    process: child,
    ask<T>(question: string, argument?: unknown) {
      const id = ++next;
      child.send({ id, question, argument } satisfies Question);
      return new Promise<T>((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      });
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
}

/** The other end: answers the parent's questions, and ends when the parent has no more or is gone. */
export function answerParent(
  answers: Record<string, (argument: never) => unknown>,
  end: () => Promise<void> = async () => undefined,
): void {
  process.on('message', (message) => {
    const { id, question, argument } = message as Question;
    const say = (answer: Omit<Answer, 'id'>) => process.connected && process.send?.({ id, ...answer });
    Promise.resolve()
      .then(() => answers[question]?.(argument as never))
      .then(
        (value) => say({ value }),
        (error: unknown) => say({ error: error instanceof Error ? String(error.stack) : String(error) }),
      );
  });
  process.on('disconnect', () => void end().finally(() => process.exit(0)));
}
