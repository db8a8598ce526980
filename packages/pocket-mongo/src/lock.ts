import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that this process has open: its own pid in a lock file says nothing about itself. */
const held = new Set<string>();

/** True for a process that runs, also one of another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ownerOf(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes the data folder for this process. The lock of a process that died is taken over.
 * @throws Error naming the process that has the folder.
 */
export function lockFolder(dir: string): { release(): void } {
  const file = join(dir, 'pocket-mongo.lock');
  for (let attempt = 0; ; attempt++) {
    try {
      const descriptor = openSync(file, 'wx', 0o600);
      writeSync(descriptor, `${process.pid}\n`);
      closeSync(descriptor);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = ownerOf(file);
    const alive = owner !== undefined && (owner === process.pid ? held.has(dir) : isAlive(owner));
    if (alive || attempt > 5) {
      throw new Error(
        `the data folder ${dir} is in use by process ${owner}: one process per folder. Stop it, or use another folder.`,
      );
    }
    rmSync(file, { force: true });
  }
  held.add(dir);
  return {
    release() {
      held.delete(dir);
      rmSync(file, { force: true });
    },
  };
}
