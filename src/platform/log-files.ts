import { mkdirSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Transport from 'winston-transport';
import { compress, compressLeftOvers, deleteOldFiles, nameForClosed } from './log-retention.js';
import { logsNotWritable } from './surroundings.js';

/** The four files: everything at the level asked for, errors, every request, and what took too long. */
export type LogFile = 'combined' | 'errors' | 'requests' | 'performance';

const NAMES: readonly LogFile[] = ['combined', 'errors', 'requests', 'performance'];

/** A file's bit in the set of files that want a line. */
export const FILE_BITS: Readonly<Record<LogFile, number>> = { combined: 1, errors: 2, requests: 4, performance: 8 };

/** Where winston and its transports look for the level and the finished text (package triple-beam). */
export const LEVEL = Symbol.for('level');
export const MESSAGE = Symbol.for('message');

/** What a transport is given. */
export interface Routed {
  readonly [MESSAGE]: string;
  /** The set of files that want the line. */
  readonly files: number;
}

export interface LogFilesOptions {
  readonly dir: string;
  /** Bytes after which a file is closed, compressed and followed by the next. */
  readonly maxBytes: number;
  /** Days after which a closed file is deleted. */
  readonly maxDays: number;
  /** Bytes of all files together, above which the oldest closed ones are deleted. */
  readonly maxTotalBytes: number;
  /** Whether the file names hold the process id, for a folder that several processes share. */
  readonly perProcess: boolean;
}

/** For the operator and their group: requests name people and addresses. */
const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;

const BATCH_MS = 20;
const BATCH_CHARACTERS = 65_536;
/** So much waits for a disk that has no room, or does not answer; of more, the newest is lost. */
const MOST_WAITING = 1_048_576;
const RETRY_MS = 1_000;

/**
 * A file of today, given only the lines that are routed to it, in batches. It is opened by its name for each batch: one
 * that somebody removed is made again, and one that could not be written is tried again, for as long as the process runs.
 */
class RotatingFile extends Transport {
  readonly #name: LogFile;
  readonly #stem: string;
  readonly #options: LogFilesOptions;
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #day = today();
  #failing = false;
  #lost = 0;
  #ended = false;

  constructor(name: LogFile, options: LogFilesOptions) {
    super({ level: 'trace' });
    this.#name = name;
    this.#stem = options.perProcess ? `${name}-${process.pid}` : name;
    this.#options = options;
    this.#writing = this.#tidyUp().catch((error: unknown) => this.#tell(error));
  }

  override log(line: Routed, next: () => void): void {
    if ((line.files & FILE_BITS[this.#name]) !== 0) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting += `${line[MESSAGE]}\n`;
      else this.#lost += 1;
      if (this.#waiting.length >= BATCH_CHARACTERS && !this.#failing) void this.flush();
      else this.#later(this.#failing ? RETRY_MS : BATCH_MS);
    }
    next();
  }

  /** Resolves when every line is handed to the operating system, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeOut());
    return this.#writing;
  }

  /** The last flush: what cannot be written now is lost. */
  flushForGood(): Promise<void> {
    this.#ended = true;
    return this.flush();
  }

  #later(ms: number): void {
    if (!this.#ended) this.#timer ??= setTimeout(() => void this.flush(), ms);
  }

  async #writeOut(): Promise<void> {
    const batch = this.#waiting;
    if (batch === '') return;
    this.#waiting = '';
    try {
      const day = today();
      if (day !== this.#day) await this.#close(this.#day);
      this.#day = day;
      const size = await append(this.#path(day), batch);
      if (this.#failing) this.#tellItWorks();
      if (size >= this.#options.maxBytes) await this.#close(day);
    } catch (error) {
      this.#tell(error);
      this.#waiting = batch + this.#waiting;
      // A process that ends by itself does not wait for room.
      this.#later(RETRY_MS);
      this.#timer?.unref();
    }
  }

  async #tidyUp(): Promise<void> {
    await compressLeftOvers(this.#options.dir, this.#stem, this.#day);
    await deleteOldFiles(this.#options);
  }

  #path(day: string): string {
    return join(this.#options.dir, `${this.#stem}-${day}.log`);
  }

  /** Gives the file of that day another name, compresses it, and looks what may be deleted. */
  async #close(day: string): Promise<void> {
    const closed = await nameForClosed(this.#path(day));
    if (closed !== undefined) await compress(closed);
    await deleteOldFiles(this.#options);
  }

  #tell(error: unknown): void {
    if (!this.#failing) process.stderr.write(`Log file ${this.#name} cannot be written: ${messageOf(error)}\n`);
    this.#failing = true;
  }

  #tellItWorks(): void {
    const lost = this.#lost === 0 ? '' : `; ${this.#lost} lines are lost`;
    process.stderr.write(`Log file ${this.#name} is written again${lost}\n`);
    this.#failing = false;
    this.#lost = 0;
  }
}

export type { RotatingFile };

/**
 * Opens the rotating files. A full disk or a missing right is told once to standard error and never stops the service.
 *
 * @throws WrongSurroundings where the folder cannot be made
 */
export function openLogFiles(options: LogFilesOptions): RotatingFile[] {
  try {
    mkdirSync(options.dir, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    throw logsNotWritable(options.dir, error);
  }
  return NAMES.map((name) => new RotatingFile(name, options));
}

/** Appends to a file, made with its folder where it is not there. Answers its size. */
async function append(path: string, text: string): Promise<number> {
  const file = await openToAppend(path);
  try {
    const { size, mode } = await file.stat();
    // Somebody else's umask, or an older Brigade.
    if ((mode & 0o777 & ~FILE_MODE) !== 0) await file.chmod(FILE_MODE);
    try {
      await file.writeFile(text);
    } catch (error) {
      // What went in of a batch that found no room is half a line.
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
    return size + Buffer.byteLength(text);
  } finally {
    await file.close();
  }
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a', FILE_MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    return open(path, 'a', FILE_MODE);
  }
}

/** UTC, as everything that is stored. */
const today = (): string => new Date().toISOString().slice(0, 10);

const messageOf = (error: unknown): string => String((error as Partial<Error>).message ?? error);
