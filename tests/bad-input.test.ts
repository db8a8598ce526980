import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import type { Problem } from '../src/kernel/errors.js';
import {
  type Brigade,
  callRest,
  type House,
  openHouse,
  type Person,
  Screen,
  startBrigade,
  until,
} from './harness/index.js';

let brigade: Brigade;
let house: House;
let waiter: Person;

beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
  waiter = await house.hire('waiter');
});
afterAll(async () => {
  await house.close();
  await brigade.stop();
});

const json = { 'content-type': 'application/json' };
const send = async (path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${house.owner.token}`, ...(init.headers as Record<string, string>) };
  const response = await fetch(`${brigade.url}${path}`, { ...init, headers });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    headers: response.headers,
    body: (await response.json()) as Problem,
  };
};

describe('REST', () => {
  it('answers problem+json with the id to search the log for', async () => {
    const answer = await send('/api/v1/nowhere', { headers: { 'x-request-id': 'my-request-1' } });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found', status: 404, requestId: 'my-request-1' } });
    expect(answer.type).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('x-request-id')).toBe('my-request-1');
  });

  it('does not take over a request id that could forge a log line', async () => {
    const answer = await send('/api/v1/nowhere', { headers: { 'x-request-id': 'a"b{}' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['malformed JSON', '{"name":', json, 400, 'malformed'],
    ['a JSON array', '[1]', json, 400, 'malformed'],
    ['a bare value', '"hello"', json, 400, 'malformed'],
    [
      'another media type',
      'name=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['an oversized body', JSON.stringify({ name: 'x'.repeat(1_100_000) }), json, 413, 'payload_too_large'],
  ])('refuses %s', async (_what, body, headers, status, code) => {
    expect(await send('/api/v1/restaurant', { method: 'PATCH', body, headers })).toMatchObject({
      status,
      body: { code },
    });
  });

  it('names every unknown and every wrong field', async () => {
    const body = JSON.stringify({ dayStartHour: 99, colour: 'red' });
    const { status, body: problem } = await send('/api/v1/restaurant', { method: 'PATCH', body, headers: json });
    expect(status).toBe(400);
    expect(problem.errors?.map(({ field }) => field).sort()).toEqual(['colour', 'dayStartHour']);
  });

  it('refuses a field in the body that stands in the path', async () => {
    const { body } = await send(`/api/v1/staff/${waiter.userId}`, {
      method: 'PATCH',
      body: JSON.stringify({ staffId: house.owner.userId }),
      headers: json,
    });
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field: 'staffId' }] });
  });

  it('says which methods a path takes', async () => {
    const answer = await send('/api/v1/restaurant', { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(answer.headers.get('allow')).toContain('GET');
  });

  it.each([
    ['Idempotency-Key', { 'idempotency-key': 'x'.repeat(200) }],
    ['If-Match', { 'if-match': '"yesterday"' }],
  ])('refuses a bad %s by name', async (field, headers) => {
    const answer = await send('/api/v1/restaurant', { method: 'PATCH', body: '{}', headers: { ...json, ...headers } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it('survives a request that is no HTTP', async () => {
    const { hostname, port } = new URL(brigade.url);
    const socket = connect(Number(port), hostname, () => socket.write('\0\0\0 nonsense\r\n\r\n'));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.resume();
    await closed;
    expect((await fetch(`${brigade.url}/livez`)).status).toBe(200);
  });

  it('answers a broken percent escape', async () => {
    expect(await send('/api/v1/staff/%E0%A4%A')).toMatchObject({ status: 400, body: { code: 'malformed' } });
  });
});

describe('tokens', () => {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const forged = (header: object, key?: string) => {
    const [, body = ''] = house.owner.token.split('.');
    const unsigned = `${encode(header)}.${body}`;
    return `${unsigned}.${key === undefined ? '' : createHmac('sha256', key).update(unsigned).digest('base64url')}`;
  };

  it.each([
    ['none', () => undefined, 'unauthenticated'],
    ['nonsense', () => 'nonsense', 'token_invalid'],
    ['another key', () => forged({ alg: 'HS256', typ: 'JWT' }, 'another key'), 'token_invalid'],
    ['no signature', () => forged({ alg: 'none', typ: 'JWT' }), 'token_invalid'],
  ])('%s is refused over REST and in the handshake', async (_what, token, code) => {
    expect(await callRest(brigade.url, token(), 'restaurant:get')).toMatchObject({ status: 401, problem: { code } });
    await expect(Screen.open(brigade.url, token() ?? '')).rejects.toMatchObject({ status: 401, code });
  });

  it('an expired one is refused, and its socket ended', async () => {
    const late = await house.hire('host');
    const screen = await late.screen();
    brigade.clock.advance(16 * 60_000);
    try {
      expect(await late.rest('restaurant:get')).toMatchObject({
        status: 401,
        problem: { code: 'token_expired', detail: expect.stringMatching(/refresh it/) },
      });
      await until('the socket was ended', () => screen.ended?.code === 'token_expired' && !screen.socket.connected);
    } finally {
      brigade.clock.advance(-16 * 60_000);
    }
  });
});

describe('the socket', () => {
  const emit = (screen: Screen, ...args: unknown[]) =>
    new Promise<{ ok: boolean; error?: { code: string; detail?: string } }>((resolve) => {
      screen.socket.emit(...(args as [string]), resolve as never);
    });

  it('answers an unknown message', async () => {
    expect(await emit(await waiter.screen(), 'kitchen:explode', {})).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    });
  });

  it.each([
    ['too many arguments', ['restaurant:get', {}, {}, {}]],
    ['a text as input', ['restaurant:get', 'hello']],
    ['a list as input', ['restaurant:get', []]],
  ])('refuses %s', async (_what, args) => {
    expect(await emit(await waiter.screen(), ...args)).toMatchObject({ ok: false, error: { code: 'malformed' } });
  });

  it('refuses unknown and wrong meta', async () => {
    expect(await emit(await waiter.screen(), 'restaurant:get', {}, { colour: 'red' })).toMatchObject({
      error: { code: 'validation_failed' },
    });
    expect(await emit(await waiter.screen(), 'restaurant:get', {}, { key: 'a b' })).toMatchObject({
      error: { code: 'validation_failed' },
    });
  });

  it('takes (ack) alone for an operation without input', async () => {
    expect(await emit(await waiter.screen(), 'restaurant:get')).toMatchObject({ ok: true });
  });

  it('refuses a message without an acknowledgement, says so, and carries nothing out', async () => {
    const screen = await Screen.open(brigade.url, house.owner.token);
    const told = new Promise((resolve) => screen.socket.once('problem', resolve));
    screen.socket.emit('restaurant:update', { name: 'Nobody asked' });
    expect(await told).toMatchObject({ message: 'restaurant:update', error: { code: 'malformed' } });
    expect((await house.owner.must('restaurant:get')).name).not.toBe('Nobody asked');
    screen.close();
  });

  it('refuses a message that is too large for its operation, and ends a connection with one too large for all', async () => {
    const screen = await Screen.open(brigade.url, waiter.token);
    expect(await emit(screen, 'restaurant:get', { text: 'x'.repeat(1_200_000) })).toMatchObject({
      ok: false,
      error: { code: 'payload_too_large', detail: expect.stringContaining('restaurant:get') },
    });
    expect(screen.socket.connected).toBe(true);
    screen.socket.emit('restaurant:get', { text: 'x'.repeat(5_000_000) }, () => undefined);
    await until('the connection ended', () => !screen.socket.connected);
    expect((await emit(await waiter.screen(), 'restaurant:get', {})).ok).toBe(true);
  });

  it('limits a flood of 10,000 messages while others are served', async () => {
    const flood = await Screen.open(brigade.url, waiter.token);
    const other = await Screen.open(brigade.url, house.owner.token);
    const codes = new Map<string, number>();
    const all = Promise.all(
      Array.from({ length: 10_000 }, async () => {
        const { ok, error } = await emit(flood, 'restaurant:get', {});
        const code = ok ? 'ok' : (error?.code ?? '');
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }),
    );
    expect((await emit(other, 'restaurant:get', {})).ok).toBe(true);
    await all;
    expect([...codes.keys()].sort()).toEqual(['ok', 'rate_limited']);
    expect(codes.get('rate_limited')).toBeGreaterThan(8_000);
    expect((await emit(other, 'restaurant:get', {})).ok).toBe(true);
    flood.close();
    other.close();
  });

  it('keeps a token renewed on the connection, and refuses one of another session', async () => {
    const screen = await house.owner.screen();
    expect(await emit(screen, 'session:renew', { accessToken: house.owner.token })).toMatchObject({ ok: true });
    expect(await emit(screen, 'session:renew', { accessToken: waiter.token })).toMatchObject({
      ok: false,
      error: { code: 'token_invalid' },
    });
    expect(await emit(screen, 'session:renew', {})).toMatchObject({ ok: false, error: { code: 'validation_failed' } });
  });
});
