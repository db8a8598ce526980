import winston from 'winston';
import type { Config } from './config.schema.js';
import { LOG_LEVELS } from './config.schema.js';
import { FILE_BITS, LEVEL, MESSAGE, openLogFiles, type RotatingFile, type Routed } from './log-files.js';
import { maskFields, maskText } from './log-masking.js';

export type LogLevel = (typeof LOG_LEVELS)[number];

/** One finished REST request or socket message. */
export interface RequestRecord {
  readonly kind: 'http' | 'socket';
  /** Name of the operation, where one was found. */
  readonly operation?: string | undefined;
  /** HTTP method; absent for socket messages. */
  readonly method?: string | undefined;
  /** Path of the request, without or with its query; absent for socket messages. */
  readonly path?: string | undefined;
  /** HTTP status, or the one the problem of a socket message has; 200 where it succeeded. */
  readonly status: number;
  /** Of what was refused: the problem's code and detail; `aborted` where the caller had gone. */
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly durationMs: number;
  readonly requestId: string;
  readonly userId?: string | undefined;
  readonly restaurantId?: string | undefined;
  readonly ip?: string | undefined;
  /** Size of the answer. */
  readonly bytes?: number | undefined;
}

type Write = (message: string, fields?: object) => void;

/** Writes lines with secrets masked. Fields are any object; an `Error` among them is written with stack and causes. */
export interface Logger extends Readonly<Record<LogLevel, Write>> {
  /** One line per request or message, at the level its status has. */
  request(record: RequestRecord): void;
  /** A logger that adds these fields to every line; it shares the files. */
  child(fields: object): Logger;
  /** Resolves when every line so far is in its file. Later lines are dropped. */
  close(): Promise<void>;
}

export interface LoggerOptions extends Partial<Omit<Config['logging'], 'level' | 'format'>> {
  /** Least urgent level for console, combined and errors; the requests and performance files take all. */
  readonly level: LogLevel;
  readonly format: Config['logging']['format'];
  /** Whether the pretty console has colours; by default where it is a terminal and NO_COLOR is not set. */
  readonly colours?: boolean;
  /** Where the console lines go; standard output by default. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * The level of a finished request or message: 5xx is ours to mend, 4xx shows a client that does something wrong, and a
 * missing page, an expired token or a caller who has gone (499) is everyday life.
 */
export function levelForStatus(status: number): LogLevel {
  if (status >= 500) return 'error';
  if (status === 401 || status === 404 || status === 499) return 'info';
  return status >= 400 ? 'warn' : 'http';
}

/** A detail may repeat what a stranger sent. */
/** No path of ours is longer, and what strangers send is for reading, not for keeping. */
const PATH_LENGTH = 512;
const DETAIL_LENGTH = 300;

const RANKS = Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank])) as Readonly<Record<LogLevel, number>>;

const COLOURS: Readonly<Record<LogLevel, string>> = {
  fatal: 'white bold redBG',
  error: 'red',
  warn: 'yellow',
  info: 'green',
  http: 'cyan',
  debug: 'blue',
  trace: 'gray',
};

/** Fields of a line, masked. */
type Fields = Readonly<Record<string, unknown>>;

/** What travels through winston: one finished line, and who wants it. */
interface Line extends Routed {
  readonly level: LogLevel;
  readonly message: string;
  readonly [LEVEL]: LogLevel;
  /** What the line holds beside level and message, for the console to show in its own way. */
  readonly bound: Fields;
  readonly fields: Fields;
  readonly onConsole: boolean;
}

/**
 * Opens the console and, with `dir`, the files: combined, errors, requests and performance (whatever carries a
 * `durationMs` above `slowMs`). Each line is masked and made once, however many of them want it.
 */
export function createLogger(options: LoggerOptions): Logger {
  return createLoggerOn(new Outputs(options), {});
}

function createLoggerOn(outputs: Outputs, bound: Fields): Logger {
  const write =
    (level: LogLevel): Write =>
    (message, fields) =>
      outputs.write(level, message, bound, fields);
  return {
    fatal: write('fatal'),
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    http: write('http'),
    debug: write('debug'),
    trace: write('trace'),
    request: (record) => outputs.request(bound, record),
    child: (fields) => createLoggerOn(outputs, { ...bound, ...maskFields(fields) }),
    close: () => outputs.close(),
  };
}

/** Console and files, shared by a logger and its children. */
class Outputs {
  readonly #rank: number;
  readonly #slowMs: number;
  readonly #console: boolean;
  readonly #files: RotatingFile[];
  readonly #winston: winston.Logger;
  #closing: Promise<void> | undefined;

  constructor(options: LoggerOptions) {
    this.#rank = RANKS[options.level];
    this.#slowMs = options.slowMs ?? 1000;
    this.#console = options.format !== 'silent';
    this.#files =
      typeof options.dir === 'string'
        ? openLogFiles({
            dir: options.dir,
            maxBytes: options.maxBytes ?? 20_971_520,
            maxDays: options.maxDays ?? 14,
            maxTotalBytes: options.maxTotalBytes ?? 1_073_741_824,
            perProcess: options.perProcess ?? false,
          })
        : [];
    const stream = options.stream ?? process.stdout;
    const screen = new Screen(stream, options.format === 'pretty', options.colours ?? takesColours(stream));
    this.#winston = winston.createLogger({
      levels: { ...RANKS },
      level: 'trace',
      // Lines arrive finished, so there is nothing left for a chain of formats to do.
      format: { transform: (line) => line },
      transports: [...(this.#console ? [screen] : []), ...this.#files],
      silent: !this.#console && this.#files.length === 0,
      exitOnError: false,
    });
  }

  write(level: LogLevel, message: string, bound: Fields, fields: object | undefined): void {
    const wanted = RANKS[level] <= this.#rank;
    const slow = fields !== undefined && 'durationMs' in fields && Number(fields.durationMs) > this.#slowMs;
    if (!wanted && !slow) return;
    const given = fields instanceof Error ? { error: fields } : fields;
    const masked = given === undefined ? {} : maskFields(given);
    this.#send(level, maskText(message), bound, masked, wanted, slow ? FILE_BITS.performance : 0);
  }

  request(bound: Fields, record: RequestRecord): void {
    const level = levelForStatus(record.status);
    const slow = record.durationMs > this.#slowMs ? FILE_BITS.performance : 0;
    // Field by field: the shape is known, and only what a stranger wrote can hold a secret.
    const path = record.path === undefined ? undefined : maskText(record.path, PATH_LENGTH);
    const fields = {
      kind: record.kind,
      operation: record.operation,
      method: record.method,
      path,
      status: record.status,
      code: record.code,
      detail: record.detail === undefined ? undefined : maskText(record.detail.slice(0, DETAIL_LENGTH)),
      durationMs: Math.round(record.durationMs * 1000) / 1000,
      requestId: maskText(record.requestId),
      userId: record.userId,
      restaurantId: record.restaurantId,
      ip: record.ip,
      bytes: record.bytes,
    };
    const what = record.kind === 'http' ? `${record.method} ${path}` : (record.operation ?? 'unknown message');
    this.#send(level, `${what} ${record.status}`, bound, fields, RANKS[level] <= this.#rank, slow | FILE_BITS.requests);
  }

  /** Ends the stream through winston first, so that no line is still on its way to a file that closes. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#winston.once('finish', resolve);
      this.#winston.end();
    }).then(async () => {
      await Promise.all(this.#files.map((file) => file.flushForGood()));
    });
    return this.#closing;
  }

  #send(level: LogLevel, message: string, bound: Fields, fields: Fields, wanted: boolean, also: number): void {
    const urgent = RANKS[level] <= RANKS.error;
    const byLevel = FILE_BITS.combined | (urgent ? FILE_BITS.errors : 0);
    const files = this.#files.length === 0 ? 0 : also | (wanted ? byLevel : 0);
    const onConsole = wanted && this.#console;
    if ((files === 0 && !onConsole) || this.#closing !== undefined) return;
    const text = lineOf(level, message, bound, fields);
    const line: Line = { level, message, [LEVEL]: level, [MESSAGE]: text, bound, fields, files, onConsole };
    this.#winston.write(line);
  }
}

/**
 * One line of JSON: put together from texts, because V8 takes ten times as long to serialise an object that was made by
 * spreading two into one (15 us a line against 1.6).
 */
function lineOf(level: LogLevel, message: string, bound: Fields, fields: Fields): string {
  const start = `{"at":"${new Date().toISOString()}","level":"${level}","message":${JSON.stringify(message)}`;
  const clash = RESERVED.some((name) => name in fields) || Object.keys(bound).some((name) => name in fields);
  return clash
    ? `${start}${tailOf(withoutReserved({ ...bound, ...fields }))}}`
    : `${start}${tailOf(bound)}${tailOf(fields)}}`;
}

/** `,"a":1,"b":2`, or nothing for no fields. */
function tailOf(fields: Fields): string {
  const text = JSON.stringify(fields);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}

const RESERVED: readonly string[] = ['at', 'level', 'message'];

/** A field that has the name of one of the line's own gives way and is written with an underscore. */
function withoutReserved(fields: Fields): Fields {
  const renamed = Object.entries(fields).map(([name, value]) => [RESERVED.includes(name) ? `${name}_` : name, value]);
  return Object.fromEntries(renamed);
}

/** The console: JSON lines for collectors, colours for people. */
class Screen extends winston.transports.Stream {
  readonly #stream: NodeJS.WritableStream;
  readonly #pretty: boolean;
  readonly #colours: boolean;

  constructor(stream: NodeJS.WritableStream, pretty: boolean, colours: boolean) {
    super({ stream, level: 'trace' });
    this.#stream = stream;
    this.#pretty = pretty;
    this.#colours = colours;
    winston.addColors({ ...COLOURS });
  }

  override log(line: Line, next: () => void): void {
    if (line.onConsole) this.#stream.write(`${this.#pretty ? prettyLine(line, this.#colours) : line[MESSAGE]}\n`);
    next();
  }
}

/** https://no-color.org: set to anything, it means no. A file or another program gets none either. */
function takesColours(stream: NodeJS.WritableStream): boolean {
  return (process.env.NO_COLOR ?? '') === '' && 'isTTY' in stream && stream.isTTY === true;
}

const colourist = winston.format.colorize();

/** `20:31:07.123 warn  PUT /orders/1 409  status=409 durationMs=3`, then the stacks of the errors in it. */
function prettyLine(line: Line, colours: boolean): string {
  const shown: string[] = [];
  const stacks: string[] = [];
  for (const [name, value] of Object.entries({ ...line.bound, ...line.fields })) {
    if (value === undefined) continue;
    if (isError(value)) stacks.push(`\n${value.stack}`);
    shown.push(`${name}=${isError(value) ? value.message : typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
  const time = new Date().toISOString().slice(11, 23);
  const word = line.level.padEnd(5);
  const level = colours ? colourist.colorize(line.level, word) : word;
  return `${time} ${level} ${line.message}  ${shown.join(' ')}${stacks.join('')}`.trimEnd();
}

function isError(value: unknown): value is { stack: string; message: string } {
  return typeof value === 'object' && value !== null && 'stack' in value && 'message' in value;
}
