import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { LOG_LEVELS } from './config.schema.js';
import { createLogger, type Logger, levelForStatus, type RequestRecord } from './logger.js';

type Line = Record<string, unknown>;

const DAY_MS = 86_400_000;
const REQUEST: RequestRecord = {
  kind: 'http',
  operation: 'order:place',
  method: 'POST',
  path: '/api/v1/orders',
  status: 201,
  durationMs: 12.345678,
  requestId: 'r-1',
  userId: 'u-1',
  restaurantId: 'house-1',
  ip: '192.0.2.7',
  bytes: 512,
};
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'brigade-logs-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** What a file holds; undefined where it has just been compressed and removed. */
function textOf(name: string): string | undefined {
  try {
    const bytes = readFileSync(join(dir, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Every line of a file and of those it was rotated into. */
function linesOf(file: string): Line[] {
  const names = readdirSync(dir).filter((name) => name.startsWith(`${file}-`));
  const texts = names.map((name) => textOf(name) ?? '');
  return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line) as Line);
}

async function logged(write: (logger: Logger) => void, options: Partial<Parameters<typeof createLogger>[0]> = {}) {
  const logger = createLogger({ level: 'info', format: 'silent', dir, ...options });
  write(logger);
  await logger.close();
  return {
    combined: linesOf('combined'),
    errors: linesOf('errors'),
    requests: linesOf('requests'),
    performance: linesOf('performance'),
  };
}

async function onConsole(
  format: 'json' | 'pretty' | 'silent',
  write: (logger: Logger) => void,
  colours?: boolean,
): Promise<string> {
  const stream = new PassThrough();
  const logger = createLogger({
    ...{ level: 'info', format, dir: null, stream },
    ...(colours === undefined ? {} : { colours }),
  });
  write(logger);
  await logger.close();
  return (stream.read() as Buffer | null)?.toString() ?? '';
}

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('never came true');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('lines', () => {
  test('hold time, level, message and fields, masked', async () => {
    const before = Date.now();
    const { combined } = await logged((logger) =>
      logger.warn('PIN refused, pin=4711', { table: 12, guest: { pin: '4711' } }),
    );
    expect(combined).toEqual([
      {
        at: expect.any(String),
        level: 'warn',
        message: 'PIN refused, pin=[masked]',
        table: 12,
        guest: { pin: '[masked]' },
      },
    ]);
    const at = Date.parse(String(combined[0]!.at));
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });

  test('go to combined from their level on, and to errors if they are', async () => {
    const all = (logger: Logger) => {
      for (const level of LOG_LEVELS) logger[level](level);
    };
    const { combined, errors, requests, performance } = await logged(all, { level: 'http' });
    expect(combined.map((line) => line.level)).toEqual(['fatal', 'error', 'warn', 'info', 'http']);
    expect(errors.map((line) => line.level)).toEqual(['fatal', 'error']);
    expect([...requests, ...performance]).toEqual([]);
  });

  test('hold an error with its stack and causes, alone or among fields', async () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const { errors } = await logged((logger) => {
      logger.error('alone', error);
      logger.error('among', { error, table: 12 });
    });
    for (const line of errors) {
      expect(line).toMatchObject({ error: { name: 'Error', message: 'outer', cause: { message: 'inner' } } });
      expect((line.error as Line).stack).toContain('logger.test.ts');
    }
    expect(errors.map((line) => line.message)).toEqual(['alone', 'among']);
  });

  test('keep their own fields where a caller uses the same names', async () => {
    const { combined } = await logged((logger) =>
      logger.info('mine', { message: 'theirs', level: 3, at: 'noon', table: 1 }),
    );
    expect(combined[0]).toMatchObject({
      message: 'mine',
      level: 'info',
      message_: 'theirs',
      level_: 3,
      at_: 'noon',
      table: 1,
    });
  });

  test('survive what no serialiser takes', async () => {
    const circle: Line = { big: 1n };
    circle.self = circle;
    const { combined } = await logged((logger) => logger.info('odd', circle));
    expect(combined[0]).toMatchObject({ big: '1', self: '[circular]' });
  });
});

describe('a child', () => {
  test('adds its fields, masked, to each line and request, and shares the files', async () => {
    const { combined, requests } = await logged((logger) => {
      const child = logger.child({ lane: 'house-1', token: 'hunter2' }).child({ part: 'committer' });
      child.info('committed', { group: 3 });
      child.info('moved', { lane: 'house-2' });
      child.request(REQUEST);
      logger.info('plain');
    });
    expect(combined[0]).toMatchObject({ lane: 'house-1', token: '[masked]', part: 'committer', group: 3 });
    expect(combined[1]).toMatchObject({ lane: 'house-2' });
    expect(requests[0]).toMatchObject({ part: 'committer', operation: 'order:place' });
    expect(combined.at(-1)).toEqual({ at: expect.any(String), level: 'info', message: 'plain' });
  });
});

describe('requests', () => {
  test('have a file that takes them at any level, with all that is known of them', async () => {
    const { requests, combined } = await logged((logger) => logger.request(REQUEST));
    expect(requests).toEqual([
      { at: expect.any(String), level: 'http', message: 'POST /api/v1/orders 201', ...REQUEST, durationMs: 12.346 },
    ]);
    expect(combined).toEqual([]);
  });

  test('of a socket are told by their operation', async () => {
    const { requests } = await logged((logger) => {
      logger.request({ kind: 'socket', operation: 'order:place', status: 200, durationMs: 1, requestId: 'r' });
      logger.request({ kind: 'socket', status: 404, durationMs: 1, requestId: 'r' });
    });
    expect(requests.map((line) => line.message)).toEqual(['order:place 200', 'unknown message 404']);
    expect(requests[0]).not.toHaveProperty('path');
  });

  test('show no secret that stands in a path or a request id', async () => {
    const { requests } = await logged((logger) =>
      logger.request({ ...REQUEST, path: '/reset?token=hunter2', requestId: 'Bearer hunter2' }),
    );
    expect(requests).toHaveLength(1);
    expect(JSON.stringify(requests)).not.toContain('hunter2');
  });

  test.each([
    [200, 'http'],
    [302, 'http'],
    [400, 'warn'],
    [401, 'info'],
    [403, 'warn'],
    [404, 'info'],
    [409, 'warn'],
    [429, 'warn'],
    [500, 'error'],
    [503, 'error'],
  ])('with status %i are at level %s', async (status, level) => {
    expect(levelForStatus(status)).toBe(level);
    const { requests, errors } = await logged((logger) => logger.request({ ...REQUEST, status }));
    expect(requests[0]!.level).toBe(level);
    expect(errors).toHaveLength(status >= 500 ? 1 : 0);
  });

  test('over the limit go to the performance file too, as does any slow line', async () => {
    const { performance } = await logged(
      (logger) => {
        logger.request({ ...REQUEST, durationMs: 101, requestId: 'slow' });
        logger.request({ ...REQUEST, durationMs: 100, requestId: 'quick' });
        logger.trace('commit', { durationMs: 250 });
        logger.info('commit', { durationMs: 50 });
      },
      { slowMs: 100 },
    );
    expect(performance.map((line) => line.requestId ?? line.message)).toEqual(['slow', 'commit']);
  });
});

describe('files', () => {
  test('rotate by size, are compressed, and lose no line', async () => {
    const logger = createLogger({ level: 'info', format: 'silent', dir, maxBytes: 20_000 });
    const text = 'x'.repeat(100);
    const zipped = () => readdirSync(dir).filter((name) => /^combined-.*\.log\.gz$/.test(name)).length;
    const plain = () => readdirSync(dir).filter((name) => /^combined-.*\.log$/.test(name)).length;
    let written = 0;
    await until(() => {
      for (let burst = 0; burst < 20; burst++) logger.info(text, { at: written++ });
      return zipped() >= 3;
    });
    await logger.close();
    await until(() => plain() <= 1);
    const seen = linesOf('combined')
      .map((line) => line.at_ as number)
      .sort((a, b) => a - b);
    expect(seen).toEqual(Array.from({ length: written }, (_, at) => at));
  });

  test('older than the limit are deleted, whichever process wrote them, and nothing else is', async () => {
    const old = [
      'combined-2020-01-01.log.gz',
      'requests-4711-2020-01-01.1.log',
      '.requests-4711.audit.json',
      'menu.log',
    ];
    const stamp = new Date(Date.now() - 15 * DAY_MS);
    for (const name of [...old, 'errors-2099-01-01.log']) writeFileSync(join(dir, name), '');
    for (const name of old) utimesSync(join(dir, name), stamp, stamp);
    await logged(() => {});
    const left = readdirSync(dir);
    expect(left).toEqual(expect.arrayContaining(['menu.log', 'errors-2099-01-01.log']));
    for (const name of old.slice(0, 3)) expect(left).not.toContain(name);
  });

  test('that are too much together go, the oldest first, however young', async () => {
    for (const [at, size] of [4000, 3000, 2000, 1000].entries()) {
      const path = join(dir, `combined-2026-01-0${at + 1}.log.gz`);
      writeFileSync(path, Buffer.alloc(size));
      utimesSync(path, new Date(Date.now() - (9 - at) * 1000), new Date(Date.now() - (9 - at) * 1000));
    }
    const logger = createLogger({ level: 'info', format: 'silent', dir, maxTotalBytes: 3500 });
    const left = () => readdirSync(dir).filter((name) => name.endsWith('.gz'));
    await until(() => left().length === 2);
    await logger.close();
    expect(left().sort()).toEqual(['combined-2026-01-03.log.gz', 'combined-2026-01-04.log.gz']);
  });

  test('of an earlier day are compressed, at the start and at midnight', async () => {
    const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    writeFileSync(join(dir, `combined-${yesterday}.log`), '{"message":"left"}\n');
    const { jest } = import.meta;
    jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'performance'] });
    try {
      const logger = createLogger({ level: 'info', format: 'silent', dir });
      logger.info('before');
      await until(() => linesOf('combined').some(({ message }) => message === 'before'));
      const evening = new Date().toISOString().slice(0, 10);
      jest.setSystemTime(Date.now() + DAY_MS);
      logger.info('after');
      await logger.close();
      const morning = new Date().toISOString().slice(0, 10);
      expect(
        readdirSync(dir)
          .filter((name) => name.startsWith('combined'))
          .sort(),
      ).toEqual([`combined-${yesterday}.log.gz`, `combined-${evening}.1.log.gz`, `combined-${morning}.log`].sort());
      expect(linesOf('combined').map(({ message }) => message)).toEqual(['left', 'before', 'after']);
    } finally {
      jest.useRealTimers();
    }
  });

  test('that somebody removes, with their folder, are made again, for owner and group alone', async () => {
    const folder = join(dir, 'own');
    const logger = createLogger({ level: 'info', format: 'silent', dir: folder });
    const file = join(folder, `combined-${new Date().toISOString().slice(0, 10)}.log`);
    logger.info('one');
    await until(() => existsSync(file));
    expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o750, 0o640]);
    rmSync(folder, { recursive: true });
    logger.info('two');
    await until(() => existsSync(file));
    await logger.close();
    expect(readFileSync(file, 'utf8')).toContain('"two"');
    expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o750, 0o640]);
  });

  test('carry the process id where processes share a folder', async () => {
    const { combined } = await logged((logger) => logger.info('hello'), { perProcess: true });
    expect(combined).toHaveLength(1);
    const today = new Date().toISOString().slice(0, 10);
    expect(readdirSync(dir)).toContain(`combined-${process.pid}-${today}.log`);
  });

  test('are complete when close resolves, and closed for good', async () => {
    const logger = createLogger({ level: 'info', format: 'silent', dir });
    for (let at = 0; at < 5000; at++) logger.info('line', { at });
    const closed = logger.close();
    logger.info('late');
    await Promise.all([closed, logger.close()]);
    logger.error('later');
    expect(linesOf('combined')).toHaveLength(5000);
    expect(linesOf('errors')).toEqual([]);
  });

  test('that cannot be written are told once on standard error, and stop nothing', async () => {
    const today = new Date().toISOString().slice(0, 10);
    mkdirSync(join(dir, `combined-${today}.log`));
    const told: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = (text: string | Uint8Array) => told.push(String(text)) > 0;
    try {
      const logger = createLogger({ level: 'info', format: 'silent', dir });
      logger.error('one');
      await until(() => told.length > 0 && textOf(`errors-${today}.log`)?.includes('one') === true);
      logger.error('two');
      const timers = import.meta.jest.spyOn(globalThis, 'setTimeout');
      await logger.close();
      // A closed log is not tried again, or it would make its folder anew when that is long gone.
      expect(timers).not.toHaveBeenCalled();
      timers.mockRestore();
    } finally {
      process.stderr.write = write;
    }
    expect(told).toEqual([expect.stringMatching(/^Log file combined cannot be written: EISDIR/)]);
    expect(linesOf('errors').map((line) => line.message)).toEqual(['one', 'two']);
  });

  test('are written without a close', async () => {
    const logger = createLogger({ level: 'info', format: 'silent', dir });
    logger.info('hello');
    await until(() => linesOf('combined').length === 1);
    await logger.close();
  });
});

describe('the console', () => {
  test('shows JSON lines to a collector', async () => {
    const text = await onConsole('json', (logger) => {
      logger.info('hello', { pin: '1' });
      logger.debug('not this');
    });
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
    ).toEqual([{ at: expect.any(String), level: 'info', message: 'hello', pin: '[masked]' }]);
  });

  test('shows colours, fields and stacks to people', async () => {
    const text = await onConsole(
      'pretty',
      (logger) => {
        logger.child({ lane: 'house-1' }).warn('slow', { ms: 7, order: { id: 1 } });
        logger.error('failed', new Error('boom'));
      },
      true,
    );
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} /);
    expect(text).toContain(' \u001b[33mwarn \u001b[39m slow  lane=house-1 ms=7 order={"id":1}\n');
    expect(text).toContain('failed  error=boom\nError: boom\n');
    expect(text).toContain('logger.test.ts');
  });

  test('shows no colours where nobody sees them', async () => {
    const text = await onConsole('pretty', (logger) => logger.warn('slow', { ms: 7 }));
    expect(text).toMatch(/ warn {2}slow {2}ms=7\n$/);
  });

  test('shows nothing when silent', async () => {
    expect(await onConsole('silent', (logger) => logger.fatal('hello'))).toBe('');
  });
});
