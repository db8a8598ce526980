import { ConfigError } from './config.js';
import { isDiskFull } from './mongo.js';
import { WrongSurroundings } from './surroundings.js';

/** What the operator reads: a sentence where it is plain what is wrong, the whole error where it is not. */
function told(error: unknown): string {
  const asked = /^(?:debug|trace)$/.test(process.env.LOG_LEVEL ?? '');
  const plain = error instanceof ConfigError || error instanceof WrongSurroundings;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (plain) return asked ? stack : error.message;
  if (!isDiskFull(error)) return stack;
  const folder = process.env.DATA_DIR ?? 'data';
  const sentence = `The disk of ${folder} is full: nothing can be written. Make room, then start again.`;
  return asked ? `${sentence}\n${stack}` : sentence;
}

/** Runs a program of ours; what goes wrong is told on standard error and ends it with exit code 1. */
export function runProgram(program: () => Promise<void>): void {
  program().catch((error: unknown) => {
    process.stderr.write(`${told(error)}\n`);
    process.exit(1);
  });
}
