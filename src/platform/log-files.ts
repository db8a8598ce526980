import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import DailyRotateFile from 'winston-daily-rotate-file';
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
  /** Whether the file names hold the process id, for a folder that several processes share. */
  readonly perProcess: boolean;
}

const DAY_MS = 86_400_000;

/** For the operator and their group: requests name people and addresses. */
const FOLDER_MODE = 0o750;

/** The library works out the date and calls the system for each write, 15 us a line; for a batch it does so once. */
const BATCH_MS = 20;
const BATCH_CHARACTERS = 65_536;

/** The library's rotating file, given only the lines that are routed to it, in batches. */
class RotatingFile extends DailyRotateFile {
  readonly #bit: number;
  #batch = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(bit: number, options: DailyRotateFile.DailyRotateFileTransportOptions) {
    super(options);
    this.#bit = bit;
  }

  override log(line: Routed, next: () => void): void {
    if ((line.files & this.#bit) !== 0) {
      this.#batch += `${line[MESSAGE]}\n`;
      if (this.#batch.length >= BATCH_CHARACTERS) this.#write();
      else this.#timer ??= setTimeout(() => this.#write(), BATCH_MS);
    }
    next();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    this.#batch = '';
    if (batch !== '') this.logStream.write(batch);
  }

  /** Called by winston when the logger ends. */
  override close(): void {
    this.#write();
    super.close?.();
  }

  /** Resolves when every line is handed to the operating system. */
  flush(): Promise<void> {
    this.#write();
    return new Promise((resolve) => {
      this.logStream.end(resolve);
    });
  }
}

export type { RotatingFile };

/**
 * Opens the rotating files. A full disk or a missing right is told once to standard error and never stops the service.
 *
 * @throws where the folder cannot be made
 */
export function openLogFiles(options: LogFilesOptions): RotatingFile[] {
  try {
    mkdirSync(options.dir, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    throw logsNotWritable(options.dir, error);
  }
  const files = NAMES.map((name) => openLogFile(name, options));
  deleteOldFiles(options);
  return files;
}

function openLogFile(name: LogFile, options: LogFilesOptions): RotatingFile {
  const stem = options.perProcess ? `${name}-${process.pid}` : name;
  const file = new RotatingFile(FILE_BITS[name], {
    dirname: options.dir,
    filename: `${stem}-%DATE%`,
    extension: '.log',
    datePattern: 'YYYY-MM-DD',
    utc: true,
    maxSize: options.maxBytes,
    maxFiles: `${options.maxDays}d`,
    zippedArchive: true,
    auditFile: join(options.dir, `.${stem}.audit.json`),
    level: 'trace',
  });
  let told = false;
  const tell = (error: Error): void => {
    if (!told) process.stderr.write(`Log file ${name} cannot be written: ${error.message}\n`);
    told = true;
  };
  file.on('error', tell);
  file.logStream.on('error', tell);
  // The library deletes only what its own audit file lists, and a process with a new id starts a new list.
  file.on('rotate', () => deleteOldFiles(options));
  return file;
}

const OURS = /^\.?(?:combined|errors|requests|performance)-[\d.-]*(?:\.log(?:\.gz)?|\.?audit\.json)$/;

function deleteOldFiles(options: LogFilesOptions): void {
  const oldest = Date.now() - options.maxDays * DAY_MS;
  for (const name of readdirSync(options.dir)) {
    if (!OURS.test(name)) continue;
    const path = join(options.dir, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && found.mtimeMs < oldest) rmSync(path, { force: true });
  }
}
