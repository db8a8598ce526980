import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from './harness/until.js';

const main = resolve('dist/src/main.js');

/** `npm start` without the npm: the built server as a process of its own, on a free port. */
class Started {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(folder: string, more: NodeJS.ProcessEnv = {}) {
    const { MONGODB_URI: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [main], {
      cwd: folder,
      env: { ...env, NODE_ENV: 'development', PORT: '0', ...more },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.#ended = new Promise((done) => this.#child.once('exit', (code, signal) => done({ code, signal })));
  }

  /** Where it serves, as it says itself. */
  async url(): Promise<string> {
    return until('it printed its links', () => /REST +(http\S+)\/api\/v1/.exec(this.output)?.[1]);
  }

  /** The device token that it printed. */
  token(device: string): string {
    return new RegExp(`${device} +\\w+ +(\\S+)`).exec(this.output)?.[1] ?? `no ${device} in:\n${this.output}`;
  }

  end(signal: NodeJS.Signals) {
    this.#child.kill(signal);
    return this.#ended;
  }

  /** When it ends by itself. */
  ended() {
    return this.#ended;
  }
}

async function post(url: string, path: string, body: object) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    data: ((await response.json()) as { data: { accessToken: string; restaurantId: string } }).data,
  };
}

describe('npm start', () => {
  let folder: string;
  let running: Started | undefined;
  const start = (env?: NodeJS.ProcessEnv) => {
    running = new Started(folder, env);
    return running;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'brigade-start-'));
  });
  afterEach(async () => {
    await running?.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes a restaurant to try, says how to get in, stops gracefully, and keeps its data', async () => {
    const first = start();
    const url = await first.url();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    for (const link of [`${url}/api/v1`, `${url}/docs`, `${url}/docs/events`, `${url}/health`])
      expect(first.output).toContain(link);
    const links = [...first.output.matchAll(/^ {2}\S.*? {2,}(http:\S+)$/gm)].map(([, link]) => String(link));
    expect(links.length).toBeGreaterThanOrEqual(7);
    expect(links.filter((link) => link.endsWith('/metrics'))).toHaveLength(1);
    for (const link of links) expect({ link, status: (await fetch(link)).status }).toEqual({ link, status: 200 });
    const [, email, password, pin] = /waiter +(\S+) +(\S+) +(\d+)/.exec(first.output) ?? [];
    const login = await post(url, '/auth/login', { email, password });
    expect(login).toMatchObject({ status: 200, data: { user: { role: 'waiter' } } });
    const deviceToken = first.token('Grill screen');
    const byPin = await post(url, '/auth/pin', { deviceToken, pin });
    expect(byPin).toMatchObject({ status: 200, data: { user: { email } } });
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });

    const second = start();
    const again = await post(await second.url(), '/auth/login', { email, password });
    expect(again.data.restaurantId).toBe(login.data.restaurantId);
    expect(second.token('Grill screen')).toBe(deviceToken);
    expect(await second.end('SIGINT')).toEqual({ code: 0, signal: null });
  }, 120_000);

  it('makes no demo where somebody says where the data belong', async () => {
    const started = start({ DATA_DIR: join(folder, 'house') });
    const url = await started.url();
    expect(started.output).not.toMatch(/brigade-demo|olivia/);
    expect(await post(url, '/auth/login', { email: 'olivia@bistro.example', password: 'brigade-demo' })).toMatchObject({
      status: 401,
    });
  }, 60_000);

  it('refuses a switch that is none, with the name of the one that is, and writes nothing', async () => {
    const started = start({ DEMO: 'false', RATE_LIMIT_WIRTE: '1/1m', REDIS_PORT: 'tcp://10.0.0.1:6379' });
    expect(await started.ended()).toEqual({ code: 1, signal: null });
    expect(started.output).toContain('2 settings are wrong');
    expect(started.output).toContain('DEMO: is not a setting; expected FEATURE_DEMO,');
    expect(started.output).toContain('RATE_LIMIT_WIRTE: is not a setting; expected RATE_LIMIT_WRITE,');
    expect(started.output).not.toMatch(/ at |node:/);
    expect(readdirSync(folder)).toEqual([]);
  }, 60_000);
});
