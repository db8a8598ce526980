#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { backupFolder } from './backup.js';
import { check } from './check/check.js';
import { createServer, type PocketMongoOptions } from './index.js';
import { restore } from './restore.js';

const HELP = `pocket-mongo: an embedded database that speaks MongoDB's wire protocol

  pocket-mongo --dir DIR [--port PORT] [--socket PATH]   serve the data in DIR until SIGINT or SIGTERM
  pocket-mongo --memory [--port PORT]                    serve a database that is gone afterwards
  pocket-mongo backup --dir DIR --to FILE [--force]      write all data to a file; the server may be running
  pocket-mongo restore --from FILE --dir DIR             make the data folder DIR of a backup
  pocket-mongo check --dir DIR                           look for damage; the server may be running

  --dir DIR       the data folder, made when it does not exist
  --port PORT     listen on this port of 127.0.0.1 (0: any free one) instead of a unix socket
  --socket PATH   where the unix socket is, by default in DIR
  --memory        keep the data in a temporary folder, without flushes to disk
  --force         overwrite FILE
  --help, --version

It prints the URI to connect to. Exit codes: 0 done, 1 failed or problems found, 2 wrong arguments.
`;

/** Arguments that make no sense; the message says which. */
class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Readonly<Record<string, string | boolean | undefined>>;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

function parse(args: string[], options: Options): Values {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values as Values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function required(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}

function portOf(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (value === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port must be a number from 0 to 65535, not '${value}'`);
  return port;
}

async function backupCommand(args: string[]): Promise<number> {
  const values = parse(args, { dir: text, to: text, force: flag });
  const file = required(values, 'to');
  const size = await backupFolder(required(values, 'dir'), file, { force: values.force === true });
  console.log(`${file}: ${size} bytes`);
  return 0;
}

async function restoreCommand(args: string[]): Promise<number> {
  const values = parse(args, { from: text, dir: text });
  const dir = required(values, 'dir');
  await restore({ from: required(values, 'from'), dir });
  console.log(`${dir}: restored and checked`);
  return 0;
}

async function checkCommand(args: string[]): Promise<number> {
  const { ok, collections, documents, indexEntries, problems } = await check({
    dir: required(parse(args, { dir: text }), 'dir'),
  });
  for (const { kind, what, ns, index } of problems)
    console.log([kind, ns, index && `index ${index}`, what].filter((part) => part).join(': '));
  console.log(
    `${collections} collections, ${documents} documents, ${indexEntries} index entries: ` +
      (ok ? 'no problems' : `${problems.length} problems`),
  );
  return ok ? 0 : 1;
}

function serverOptions(args: string[]): PocketMongoOptions | string {
  const values = parse(args, {
    dir: text,
    port: text,
    socket: text,
    memory: flag,
    help: { ...flag, short: 'h' },
    version: { ...flag, short: 'v' },
  });
  if (values.help === true) return HELP;
  if (values.version === true) return `${version()}\n`;
  const { dir, socket } = values;
  const memory = values.memory === true;
  if (memory === (dir !== undefined)) throw new UsageError('give either --dir DIR or --memory');
  const port = portOf(values.port);
  if (port !== undefined && socket !== undefined) throw new UsageError('give either --port or --socket');
  return {
    memory,
    ...(memory ? {} : { dir: required(values, 'dir') }),
    ...(port === undefined ? {} : { port }),
    ...(socket === undefined ? {} : { socketPath: required(values, 'socket') }),
  };
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(file) as { version: unknown }).version);
}

/** Serves until it is told to end. */
async function serve(args: string[]): Promise<number> {
  const options = serverOptions(args);
  if (typeof options === 'string') {
    process.stdout.write(options);
    return 0;
  }
  let stop: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((resolve) => {
    stop = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(0));
  const server = await createServer({
    ...options,
    onError(error) {
      console.error(error.message);
      stop(1);
    },
  });
  console.log(server.uri);
  // The engine's thread alone does not keep the process alive.
  const alive = setInterval(() => undefined, 2 ** 30);
  const code = await stopped;
  clearInterval(alive);
  await server.close();
  return code;
}

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  backup: backupCommand,
  restore: restoreCommand,
  check: checkCommand,
};

async function main([command = '', ...rest]: string[]): Promise<number> {
  if (rest.includes('--help')) return main(['--help']);
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run) return run(rest);
  if (command !== '' && !command.startsWith('-')) throw new UsageError(`there is no command '${command}'`);
  return serve(command === '' ? rest : [command, ...rest]);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof UsageError) console.error('pocket-mongo --help tells what there is');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
