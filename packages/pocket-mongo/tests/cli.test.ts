import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { run, start } from './processes.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-cli-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function count(uri: string | undefined): Promise<number> {
  const client = await new MongoClient(uri as string).connect();
  try {
    await client.db('test').collection('a').insertOne({});
    return await client.db('test').collection('a').countDocuments();
  } finally {
    await client.close();
  }
}

describe('the command line', () => {
  test('serves a folder on a unix socket of its own mode and ends cleanly on SIGINT and SIGTERM', async () => {
    const data = join(dir, 'deep', 'data folder');
    for (const [documents, signal] of [
      [1, 'SIGINT'],
      [2, 'SIGTERM'],
    ] as const) {
      const server = start('--dir', data);
      expect(await count(await server.uri())).toBe(documents);
      expect(statSync(join(data, 'pocket-mongo.sock')).mode & 0o777).toBe(0o600);
      expect(statSync(join(data, 'data', 'data.mdb')).mode & 0o777).toBe(0o600);
      expect(await server.kill(signal)).toMatchObject({ code: 0, err: '' });
      expect(existsSync(join(data, 'pocket-mongo.sock'))).toBe(false);
    }
  });

  test('serves on a loopback port, and in memory', async () => {
    const server = start('--memory', '--port', '0');
    const uri = await server.uri();
    expect(uri).toMatch(/^mongodb:\/\/127\.0\.0\.1:\d+\/\?directConnection=true$/);
    expect(await count(uri)).toBe(1);
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 });
  });

  test('puts the socket where it is told, but never in the place of another file or of a living server', async () => {
    const socket = join(dir, 'here.sock');
    const first = start('--dir', join(dir, 'one'), '--socket', socket);
    expect(await count(await first.uri())).toBe(1);
    const second = await run('--dir', join(dir, 'two'), '--socket', socket);
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('another server listens there') });
    await first.kill('SIGKILL');
    const third = start('--dir', join(dir, 'two'), '--socket', socket);
    expect(await count(await third.uri())).toBe(1);
    await third.kill('SIGTERM');
    writeFileSync(socket, 'precious');
    expect(await run('--dir', join(dir, 'two'), '--socket', socket)).toMatchObject({
      code: 1,
      err: expect.stringContaining('another file has this name'),
    });
    expect(readFileSync(socket, 'utf8')).toBe('precious');
  });

  test.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [[], 'give either --dir DIR or --memory'],
    [['--dir', 'x', '--memory'], 'give either --dir DIR or --memory'],
    [['--dir', 'x', '--port', '70000'], "not '70000'"],
    [['--dir', 'x', '--port', 'abc'], "not 'abc'"],
    [['--dir', 'x', '--port', '0', '--socket', 'y'], 'give either --port or --socket'],
    [['--dir', ''], '--dir is missing'],
    [['--dir'], "'--dir <value>' argument missing"],
    [['serve'], "there is no command 'serve'"],
    [['backup', '--dir', 'x'], '--to is missing'],
    [['restore', '--dir', 'x'], '--from is missing'],
    [['check'], '--dir is missing'],
    [['check', 'x'], "Unexpected argument 'x'"],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  test('tells what the name of a socket must be', async () => {
    const { code, err } = await run('--dir', dir, '--socket', join(dir, 'socket'));
    expect(code).toBe(1);
    expect(err).toContain('must end in .sock');
  });

  test('tells its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
    for (const args of [['--help'], ['-h'], ['backup', '--help']]) {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      expect(out).toContain('pocket-mongo restore --from FILE --dir DIR');
    }
  });
});
