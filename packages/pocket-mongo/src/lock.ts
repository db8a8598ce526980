import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that this process has open: its own pid in a lock file says nothing about itself. */
const held = new Set<string>();

/** When a process started, in clock ticks, so that a reused pid is not taken for the dead owner; empty where unknown. */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** True for a process that runs, also one of another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ownerOf(file: string): { pid: number; started: string } | undefined {
  try {
    const [pid, started = ''] = readFileSync(file, 'utf8').trim().split(' ');
    const number = Number(pid);
    return Number.isInteger(number) && number > 0 ? { pid: number, started } : undefined;
  } catch {
    return undefined;
  }
}

function isHeld(owner: { pid: number; started: string }, dir: string): boolean {
  if (owner.pid === process.pid) return held.has(dir);
  if (!isAlive(owner.pid)) return false;
  const started = startOf(owner.pid);
  return started === '' || owner.started === '' || started === owner.started;
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
      writeSync(descriptor, `${process.pid} ${startOf(process.pid)}\n`);
      closeSync(descriptor);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = ownerOf(file);
    if ((owner && isHeld(owner, dir)) || attempt > 5) {
      throw new Error(
        `the data folder ${dir} is in use by process ${owner?.pid}: one process per folder. Stop it, or use another folder.`,
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
