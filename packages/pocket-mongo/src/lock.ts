import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './data-file.js';

/**
 * One process per folder, without a lock of the operating system (Node has none). Every process that wants the folder
 * puts a file of its own into it and then looks at the files of the others; whoever sees another that lives takes its own
 * away again. Of two that come at once at least the later sees the earlier, so there are never two owners. No name is used
 * twice, so what a dead process left can be removed by anybody at any time without hitting a living one's.
 */
const PREFIX = 'pocket-mongo.lock.';

/** The owner shows that it lives this often, for those who cannot see its pid (another container, another machine). */
const BEAT_MS = 2_000;
const STALE_MS = 15_000;

/** Tries of a process that meets others who want the folder too, before it gives up. */
const ATTEMPTS = 100;

function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return '';
  }
}

/** When a process started, in clock ticks, so that a reused pid is not taken for the dead owner; empty where unknown. */
function startOf(pid: number): string {
  return textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '');
}

/** Processes with the same place see each other's pids: the same machine since it was started, the same container. */
function placeOfThisProcess(): string {
  const boot = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = textOf(() => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256')
    .update(`${boot} ${namespace} ${boot ? '' : hostname()}`)
    .digest('hex')
    .slice(0, 12);
}

/** True for a process that runs, also one of another user. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Candidate {
  readonly file: string;
  readonly pid: number;
  readonly started: string;
  readonly place: string;
}

function candidates(dir: string): Candidate[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => {
      const [pid = '', started = '', place = ''] = name.slice(PREFIX.length).split('-');
      return { file: join(dir, name), pid: Number(pid), started, place };
    });
}

/** True when the file was touched lately; false when it is gone. */
function isFresh(file: string): boolean {
  const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return touched !== undefined && Math.abs(Date.now() - touched) < STALE_MS;
}

function lives({ file, pid, started, place }: Candidate, here: string): boolean {
  if (place !== here) return isFresh(file);
  if (!runs(pid)) return false;
  const now = startOf(pid);
  return now && started ? now === started : isFresh(file);
}

/** An owner writes into its file; a candidate's is empty. */
function isOwner(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function inUse(dir: string, { pid, place }: Candidate, here: string): Error {
  const who = place === here ? `process ${pid}` : `a process of another container or machine (its pid there: ${pid})`;
  return new Error(
    `the data folder ${dir} is in use by ${who}: one process per folder. Stop it, or use another folder.`,
  );
}

/** One try: the file that now holds the folder, or who is in the way. */
function attempt(dir: string, here: string): { file: string } | { other: Candidate } {
  const name = [process.pid, startOf(process.pid), here, randomBytes(6).toString('hex')].join('-');
  const file = join(dir, PREFIX + name);
  writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  for (const other of candidates(dir)) {
    if (other.file === file) continue;
    if (!lives(other, here)) {
      rmSync(other.file, { force: true });
      continue;
    }
    rmSync(file, { force: true });
    return { other };
  }
  writeFileSync(file, `${process.pid} on ${hostname()}\n`);
  return { file };
}

/**
 * Takes the data folder (an absolute path) for this process, made when it does not exist. The lock of a process that died is taken over;
 * where its pid cannot be seen (another container) that takes until its file has not been touched for 15 seconds.
 * @throws Error naming the process that has the folder.
 */
export async function lockFolder(dir: string): Promise<{ release(): void }> {
  makeFolder(dir);
  const here = placeOfThisProcess();
  const seen = new Map<string, number>();
  for (let tries = 1; ; tries++) {
    const result = attempt(dir, here);
    if ('file' in result) return held(result.file);
    const { other } = result;
    const touched = statSync(other.file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const beats = touched !== (seen.get(other.file) ?? touched);
    seen.set(other.file, touched);
    const owner = isOwner(other.file);
    if (tries >= ATTEMPTS || (owner && (other.place === here || beats))) throw inUse(dir, other, here);
    // Candidates that met: after times of different length one of them is alone. An owner elsewhere: it beats, or is dead.
    await new Promise((resolve) => setTimeout(resolve, owner ? STALE_MS / 30 : Math.random() * 30));
  }
}

function held(file: string): { release(): void } {
  const beat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder is gone: there is nothing left to protect.
    }
  }, BEAT_MS);
  beat.unref();
  return {
    release() {
      clearInterval(beat);
      rmSync(file, { force: true });
    },
  };
}
