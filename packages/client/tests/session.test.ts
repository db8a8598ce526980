import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BrigadeProblem } from '../src/problem.js';
import { logIn, pad, refreshing } from '../src/session.js';
import { problem } from './scripted-server.js';

interface Asked {
  path: string;
  body: { refreshToken?: string; requestKey?: string };
}

describe('a session that refreshes itself', () => {
  const asked: Asked[] = [];
  const kept: (string | null)[] = [];
  const keep = (refreshToken: string | null) => kept.push(refreshToken);
  let answers: ((response: ServerResponse) => void)[] = [];
  let url = '';

  const json = (status: number, body: unknown) => (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const tokens = (n: number) => json(200, { data: { accessToken: `access-${n}`, refreshToken: `refresh-${n}` } });
  const lost = (response: ServerResponse) => response.destroy();

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    asked.push({ path: request.url ?? '', body: JSON.parse(text) as Asked['body'] });
    answers.shift()?.(response);
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked.length = 0;
    kept.length = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gives the token of the log-in first, then refreshes with each new refresh token', async () => {
    const login = { user: { id: 'u1' }, restaurantId: 'r1', accessToken: 'access-1', refreshToken: 'refresh-1' };
    answers = [json(200, { data: login }), tokens(2), tokens(3)];
    const { user, token } = await logIn(url, { deviceToken: 'd', pin: '123456' }, keep);
    expect(user.id).toBe('u1');
    expect([await token(), await token(), await token()]).toEqual(['access-1', 'access-2', 'access-3']);
    expect(asked.map(({ path }) => path)).toEqual(['/api/v1/auth/pin', '/api/v1/auth/refresh', '/api/v1/auth/refresh']);
    expect(asked.slice(1).map(({ body }) => body.refreshToken)).toEqual(['refresh-1', 'refresh-2']);
    expect(kept).toEqual(['refresh-1', 'refresh-2', 'refresh-3']);
  });

  it('says in words that no answer came', async () => {
    answers = [lost];
    const nobody = await logIn(url, { email: 'a@example.com', password: 'x' }).catch((error: unknown) => error);
    expect(nobody).toBeInstanceOf(BrigadeProblem);
    expect(nobody).toMatchObject({ code: 'unreachable', status: 0, message: expect.stringContaining(url) });
    // In a browser it may as well be CORS, and then the origin to allow is named.
    const page = { origin: 'http://localhost:5173' };
    Object.assign(globalThis, { location: page });
    answers = [lost];
    const refused = await logIn(url, { email: 'a@example.com', password: 'x' }).catch((error: unknown) => error);
    Reflect.deleteProperty(globalThis, 'location');
    expect(refused).toMatchObject({ message: expect.stringContaining('CORS_ORIGINS=http://localhost:5173') });
  });

  it('asks a paired device’s pad who may log in, and logs the one chosen in', async () => {
    const people = [{ id: 'u1', name: 'Ana', role: 'waiter' }];
    answers = [
      json(200, { data: { restaurant: 'The Lantern', device: { id: 'd1', name: 'Bar' }, people } }),
      json(200, { data: { user: people[0], restaurantId: 'r1', accessToken: 'a', refreshToken: 'b' } }),
    ];
    const [first] = (await pad(url, 'd')).people;
    await logIn(url, { deviceToken: 'd', staffId: first?.id ?? '', pin: '123456' }, keep);
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/api/v1/auth/pad', { deviceToken: 'd' }],
      ['/api/v1/auth/pin', { deviceToken: 'd', staffId: 'u1', pin: '123456' }],
    ]);
  });

  it('repeats an attempt whose answer was lost as the same attempt, and makes a new one after', async () => {
    answers = [lost, json(503, problem(503, 'overloaded')), tokens(2), tokens(3)];
    const token = refreshing(url, 'refresh-1', keep);
    await expect(token()).rejects.toThrow();
    await expect(token()).rejects.toMatchObject({ code: 'overloaded' });
    expect(await token()).toBe('access-2');
    await token();
    const keys = asked.map(({ body }) => body.requestKey);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(keys[3]).not.toBe(keys[0]);
  });

  it('asks once for all who ask at once', async () => {
    answers = [tokens(2)];
    const token = refreshing(url, 'refresh-1', keep);
    expect(await Promise.all([token(), token()])).toEqual(['access-2', 'access-2']);
    expect(asked).toHaveLength(1);
  });

  it('is over when the server says so, and forgets what it kept', async () => {
    answers = [json(401, problem(401, 'session_ended'))];
    expect(await refreshing(url, 'refresh-1', keep)()).toBeNull();
    expect(kept).toEqual([null]);
  });

  it('rejects a log-in with the reason, also when a proxy answers', async () => {
    answers = [json(401, problem(401, 'credentials_invalid')), json(502, '<html>')];
    const credentials = { email: 'a@b.example', password: 'x' };
    await expect(logIn(url, credentials)).rejects.toMatchObject({ code: 'credentials_invalid' });
    await expect(logIn(url, credentials)).rejects.toMatchObject({ code: 'incomprehensible' });
  });
});
