import { parseArgs } from 'node:util';
import { Cluster } from './cluster.js';
import { hasRedisServer } from './redis-server.js';

const usage = `npm run cluster -- [--processes 3] [--no-redis]

Several Brigade processes behind one port (PORT), on one database (MONGODB_URI, or a pocket-mongo that is started) and one
Redis (REDIS_URL, or a redis-server that is started). Everything stops with SIGTERM or Ctrl-C.
`;

interface Options {
  processes: number;
  redis: boolean;
}

/** @throws Error that says what is wrong */
function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { processes: { type: 'string', default: '3' }, 'no-redis': { type: 'boolean', default: false } },
  });
  const processes = Number(values.processes);
  if (!Number.isInteger(processes) || processes < 1 || processes > 64)
    throw new Error('--processes must be a whole number from 1 to 64');
  return { processes, redis: !values['no-redis'] };
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { processes, redis } = readOptions(process.argv.slice(2));
  const given = (process.env.REDIS_URL ?? '') !== '';
  if (redis && !given && !hasRedisServer()) {
    throw new Error('There is no redis-server on the PATH: set REDIS_URL, or try --no-redis');
  }
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => told.abort());
  const cluster = await Cluster.start({
    ...{ processes, redis, env: {}, show: true, signal: told.signal },
    onReplaced: (name, how) => say(`${name} ended (${how}); starting another`),
  });
  say(`${processes} processes serve at ${cluster.url}:`);
  for (const { name, url, pid } of cluster.members) say(`  ${name}  ${url}  pid ${pid}`);
  if (!told.signal.aborted) await new Promise((resolve) => told.signal.addEventListener('abort', resolve));
  await cluster.stop();
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.message}\n${error.name === 'AbortError' ? '' : usage}`);
    process.exit(1);
  },
);
