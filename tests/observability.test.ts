import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Brigade, type House, openHouse, startBrigade, until } from './harness/index.js';

let brigade: Brigade;
let house: House;
const logs = mkdtempSync(join(tmpdir(), 'brigade-logs-'));

beforeAll(async () => {
  brigade = await startBrigade({ LOG_DIR: logs, LOG_LEVEL: 'info' });
  house = await openHouse(brigade);
});
afterAll(async () => {
  await house.close();
  await brigade.stop();
  rmSync(logs, { recursive: true, force: true });
});

const get = async (path: string) => {
  const response = await fetch(`${brigade.url}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('health', () => {
  it('says that it lives, is ready, and how it is', async () => {
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect(JSON.parse((await get('/health')).text)).toMatchObject({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      database: { ok: true, pingMs: expect.any(Number) },
      memory: { rssBytes: expect.any(Number) },
      eventLoop: { p99Ms: expect.any(Number) },
    });
  });

  it('hides what it is built with and forbids framing and scripts', async () => {
    const { headers } = await get('/livez');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('lets no foreign web page in', async () => {
    const response = await fetch(`${brigade.url}/api/v1/restaurant`, { headers: { origin: 'https://evil.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('metrics', () => {
  it('count REST requests by route, operations by transport and outcome, broadcasts and sockets by role', async () => {
    const waiter = await house.hire('waiter');
    const screen = await waiter.screen();
    await waiter.via('rest', 'restaurant:get');
    await waiter.via('socket', 'restaurant:get');
    await waiter.via('socket', 'restaurant:update', { name: 'x' });
    await house.owner.must('restaurant:update', { name: 'Chez Metrics' });
    await screen.saw('restaurant:updated');
    const { text } = await get('/metrics');
    expect(text).toMatch(/http_requests_total\{[^}]*route="\/api\/v1\/restaurant"[^}]*status_code="200"[^}]*\} [1-9]/);
    expect(text).toMatch(/http_request_duration_seconds_bucket/);
    expect(text).toMatch(/http_requests_in_progress \d/);
    expect(text).toMatch(
      /brigade_operations_total\{operation="restaurant:get",transport="socket",outcome="ok"\} [1-9]/,
    );
    expect(text).toMatch(
      /brigade_operations_total\{operation="restaurant:update",transport="socket",outcome="forbidden"\} 1/,
    );
    expect(text).toMatch(/brigade_broadcasts_total [1-9]/);
    expect(text).toMatch(/brigade_deliveries_total [1-9]/);
    expect(text).toMatch(/brigade_connected_sockets\{role="waiter"\} 1/);
    expect(text).toMatch(/socket_io_connected/);
  });
});

describe('the log', () => {
  const read = (kind: string) =>
    readdirSync(logs)
      .filter((name) => name.startsWith(kind) && !name.endsWith('.json'))
      .map((name) => readFileSync(join(logs, name), 'utf8'))
      .join('');

  it('has a line for each request and each message, with who and how long, and no secret', async () => {
    const waiter = await house.hire('waiter');
    await waiter.via('rest', 'restaurant:get');
    await waiter.via('socket', 'restaurant:get');
    expect(existsSync(logs)).toBe(true);
    const lines = await until('both lines were written', () => {
      const found = read('requests')
        .split('\n')
        .filter((line) => line.includes(waiter.userId) && line.includes('restaurant:get'));
      return found.length >= 2 && found.map((line) => JSON.parse(line));
    });
    expect(lines.map(({ kind }) => kind).sort()).toEqual(['http', 'socket']);
    for (const line of lines)
      expect(line).toMatchObject({
        status: 200,
        restaurantId: house.restaurantId,
        requestId: expect.any(String),
        durationMs: expect.any(Number),
        ip: expect.any(String),
      });
    const everything = read('');
    for (const secret of [waiter.token, waiter.login.password, waiter.refreshToken])
      expect(everything).not.toContain(secret);
  });
});
