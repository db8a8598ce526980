import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../src/kernel/errors.js';
import { type Brigade, type House, metricsOf, openHouse, Screen, startBrigade, until } from './harness/index.js';

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
    const shown = {
      status: 'ok',
      database: { ok: true, pingMs: expect.any(Number) },
      memory: { rssBytes: expect.any(Number) },
      eventLoop: { p99Ms: expect.any(Number) },
    };
    expect(JSON.parse((await get('/health')).text)).toMatchObject(shown);
    const details = await fetch(String(brigade.app.metricsUrl()).replace('/metrics', '/health'));
    expect(await details.json()).toMatchObject({ ...shown, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it('tells nobody its version or what it is built on, and has no metrics on the port of the service', async () => {
    for (const path of ['/health', '/readyz', '/']) expect((await get(path)).text).not.toMatch(/version|"kind"|pocket/);
    expect((await get('/metrics')).status).toBe(404);
  });

  it('hides what it is built with and forbids framing and scripts', async () => {
    const { headers } = await get('/livez');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('has the same headers wherever an answer comes from, and HSTS for its own host alone', async () => {
    const polling = '/socket.io/?EIO=4&transport=polling';
    for (const path of [
      '/',
      '/livez',
      '/health',
      '/api/v1',
      '/api/v1/nowhere',
      '/docs',
      '/docs/openapi.json',
      polling,
    ]) {
      const { headers } = await get(path);
      expect({ path, nosniff: headers.get('x-content-type-options') }).toEqual({ path, nosniff: 'nosniff' });
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
  });

  it('lets no cache keep an answer, a refusal neither; an ETag is a version, and asked for again it is 304', async () => {
    const headers = { authorization: `Bearer ${house.owner.token}` };
    const ask = (path: string, more = {}) =>
      fetch(`${brigade.url}/api/v1${path}`, { headers: { ...headers, ...more } });
    for (const path of ['/restaurant', '/staff', '/nowhere', '/menu', '/orders/nothing'])
      expect((await ask(path)).headers.get('cache-control')).toBe('no-store');
    expect((await ask('/staff')).headers.get('etag')).toBeNull();
    const category = await house.owner.must('menu:create-category', { name: 'Food', taxClass: 'food' });
    const price = { amount: 900, currency: 'EUR' };
    const item = await house.owner.must('menu:create-item', { name: 'Soup', categoryId: category.id, price });
    const order = await house.owner.must('order:place', { channel: 'takeaway', lines: [{ itemId: item.id }] });
    const etag = String((await ask(`/orders/${order.id}`)).headers.get('etag'));
    expect(etag).toBe(`"${order.version}"`);
    // Said by fetch unasked, it would mean: no matter what is kept.
    const again = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    expect((await ask(`/orders/${order.id}`, again)).status).toBe(304);
  });

  it('opens in a browser: a page that says what it is, whose links open; and /api/v1 says where programs begin', async () => {
    const { text, headers } = await get('/');
    expect(headers.get('content-type')).toContain('text/html');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text.match(/<script|\son\w+=|style="/)).toBeNull();
    const links = [...text.matchAll(/href="(\/[^"]*)"/g)].map(([, path]) => String(path));
    const index = JSON.parse((await get('/api/v1')).text) as { data: Record<string, string> };
    const named = Object.values(index.data).filter((value) => value.startsWith('/') && !/login|socket/.test(value));
    expect(links.length + named.length).toBeGreaterThanOrEqual(9);
    for (const path of [...links, ...named])
      expect({ path, status: (await get(path)).status }).toEqual({ path, status: 200 });
  });

  it('lets no foreign web page in', async () => {
    const response = await fetch(`${brigade.url}/api/v1/restaurant`, { headers: { origin: 'https://evil.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each(['https://evil.example', 'null', 'http://localhost:5173'])('no page of %s opens a socket', async (origin) => {
    await expect(Screen.open(brigade.url, house.owner.token, { origin })).rejects.toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('CORS_ORIGINS'),
    });
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
    const text = await metricsOf(brigade.url);
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

  it('says which screen was on from when to when, and why it left', async () => {
    const cook = await house.hire('kitchen');
    const screen = await Screen.open(brigade.url, cook.token);
    screen.close();
    const again = await Screen.open(brigade.url, cook.token);
    await house.owner.must('staff:deactivate', { staffId: cook.userId });
    await until('the second is ended', () => again.ended);
    const lines = await until('all comings and goings are written', () => {
      const found = read('combined')
        .split('\n')
        .filter((line) => line.includes(cook.userId) && line.includes('"kind":"screen"'));
      return found.length >= 4 && found.map((line) => JSON.parse(line));
    });
    const who = { kind: 'screen', userId: cook.userId, restaurantId: house.restaurantId, role: 'kitchen' };
    for (const line of lines) expect(line).toMatchObject({ ...who, socketId: expect.any(String), ip: '127.0.0.1' });
    const left = lines.filter(({ message }) => message === 'A screen left');
    expect(left.map(({ reason }) => reason).sort()).toEqual(['client namespace disconnect', 'session_ended']);
    for (const { seconds } of left) expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it('has of what is refused why, over both transports and in the handshake, and of callers who left that they did', async () => {
    const waiter = await house.hire('waiter');
    await waiter.via('rest', 'restaurant:update', { name: 'x' });
    await waiter.via('socket', 'restaurant:update', { name: 'x' });
    const problem = await Screen.open(brigade.url, 'nonsense').catch((error: Problem) => error);
    const requestId = (problem as Problem).requestId ?? 'none';
    const found = (test: (line: string) => boolean) =>
      read('requests')
        .split('\n')
        .filter(test)
        .map((line) => JSON.parse(line));
    const refused = await until('both refusals are written', () => {
      const lines = found((line) => line.includes(waiter.userId) && line.includes('restaurant:update'));
      return lines.length >= 2 && lines;
    });
    for (const line of refused)
      expect(line).toMatchObject({ status: 403, code: 'forbidden', detail: expect.stringContaining('permission') });
    const [handshake] = await until('the handshake is written', () => {
      const lines = found((line) => line.includes(requestId));
      return lines.length > 0 && lines;
    });
    expect(handshake).toMatchObject({ operation: 'connect', status: 401, code: 'token_invalid' });
    const { port } = new URL(brigade.url);
    const line = connect(Number(port), '127.0.0.1');
    const body =
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n';
    line.write(`${body}X-Request-Id: gone-before-1\r\n\r\n{`);
    await until('it is being read', async () => /http_requests_in_progress [1-9]/.test(await metricsOf(brigade.url)));
    line.destroy();
    const [gone] = await until('that they left is written', () => {
      const lines = found((one) => one.includes('gone-before-1'));
      return lines.length > 0 && lines;
    });
    expect(gone).toMatchObject({ level: 'info', status: 499, code: 'aborted' });
  });
});
