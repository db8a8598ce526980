import { io } from 'socket.io-client';
import { features } from '../src/features.js';
import type { Problem } from '../src/kernel/errors.js';
import {
  type Brigade,
  type House,
  openHouse,
  startBrigade,
  type Transport,
  transports,
  until,
} from './harness/index.js';

/** Inputs made to cost: each is refused by name, on both transports, and never with a 500. */

let brigade: Brigade;
let house: House;
beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
});
afterAll(async () => {
  await house?.close();
  await brigade?.stop();
});

const routes = new Map(features.flatMap((feature) => feature.operations).map((one) => [one.name as string, one.rest]));
let nextAck = 900_000;

/** Sends a JSON text as it stands: a client of ours could not write it. */
async function send(transport: Transport, name: string, json: string): Promise<Problem | undefined> {
  if (transport === 'rest') {
    const { method, path } = routes.get(name) ?? { method: 'post', path: '' };
    const response = await fetch(`${brigade.url}/api/v1${path}`, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${house.owner.token}`, 'content-type': 'application/json' },
      body: json,
    });
    const body = (await response.json()) as Problem;
    return response.ok ? undefined : body;
  }
  const { socket } = await house.owner.screen();
  const id = nextAck++;
  const answer = new Promise<{ error?: Problem }>((resolve) => {
    (socket as unknown as { acks: Record<number, unknown> }).acks[id] = resolve;
  });
  socket.io.engine.write(`2${id}["${name}",${json}]`);
  return (await answer).error;
}

const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const objects = (depth: number) => `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`;
const repeated = (count: number, item: string) => `[${Array.from({ length: count }, () => item).join(',')}]`;
const place = (lines: string) => `{"channel":"takeaway","guestCount":1,"fire":"now","lines":${lines}}`;
const batch = (input: string) =>
  `{"author":"${house.owner.userId}","commands":[{"name":"order:fire","key":"one","input":${input}}]}`;
const person = (allow: string, deny = '[]') => `{"name":"Eve","role":"waiter","allow":${allow},"deny":${deny}}`;

describe.each(transports)('over %s', (transport) => {
  it.each([
    ['a batch with a command nested 5,000 deep', 'sync:submit', () => batch(objects(5_000)), 'commands.0.input'],
    ['a batch with lists nested 5,000 deep', 'sync:submit', () => batch(`{"a":${lists(5_000)}}`), 'commands.0.input.a'],
    ['a batch of 90,000 values', 'sync:submit', () => batch(`{"a":${repeated(90_000, '0')}}`), 'commands.0.input.a'],
    ['rights nested 4,000 deep, twice', 'staff:create', () => person(`[${lists(4_000)},${lists(4_000)}]`), 'allow'],
    [
      'withheld rights nested 4,000 deep',
      'staff:create',
      () => person('[]', `[${lists(4_000)},${lists(4_000)}]`),
      'deny',
    ],
    ['40,000 lines of nothing', 'order:place', () => place(repeated(40_000, '0')), 'lines'],
    ['40,000 empty lines', 'order:place', () => place(repeated(40_000, '{}')), 'lines'],
    [
      'a line with 40,000 choices',
      'order:place',
      () => place(`[{"modifiers":${repeated(40_000, '[]')}}]`),
      'lines.0.modifiers',
    ],
    ['a note as long as a book', 'order:place', () => place(`[{"note":"${'x'.repeat(200_000)}"}]`), 'lines.0.note'],
    ['a field of every object', 'order:place', () => `{"__proto__":{"channel":"takeaway"}}`, '__proto__'],
    [
      'a tax class that is a thousand',
      'restaurant:update',
      () => `{"taxClasses":${repeated(50_000, '{}')}}`,
      'taxClasses',
    ],
  ])('%s is refused by name', async (_what, name, json, field) => {
    const problem = await send(transport, name, json());
    expect([problem?.status, problem?.code]).toEqual(
      // A text that is long and nested is not even parsed.
      problem?.code === 'malformed' ? [400, 'malformed'] : [400, 'validation_failed'],
    );
    if (problem?.code === 'malformed') expect(problem.detail).toContain('nested more than');
    else expect(problem?.errors?.[0]?.field.startsWith(field)).toBe(true);
    expect(JSON.stringify(problem).length).toBeLessThan(4_000);
  });

  it('fields without end are not even parsed', async () => {
    const json = JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 0])));
    expect(await send(transport, 'order:place', json)).toMatchObject({
      code: 'malformed',
      detail: expect.stringContaining('more than 1000 fields'),
    });
  });

  it('a megabyte is too much for what has no use for it, and says so', async () => {
    const problem = await send(transport, 'order:place', place(repeated(500_000, '0')));
    expect(problem).toMatchObject({ status: 413, code: 'payload_too_large' });
  });

  it('a long name is not repeated', async () => {
    const problem = await send(transport, 'order:place', `{"${'k'.repeat(200_000)}":1}`);
    expect(problem?.errors?.some(({ field }) => /^k+…$/.test(field))).toBe(true);
    expect(JSON.stringify(problem).length).toBeLessThan(2_000);
  });

  it('a menu of a megabyte and a half is taken', async () => {
    const item = (i: number) => ({
      ...{
        code: `item-${i}`,
        name: `Item ${i}`,
        category: 'all',
        description: `${i} `.padEnd(480, 'tomatoes, basil, '),
      },
      price: { amount: i, currency: 'EUR' },
    });
    const menu = {
      format: 'brigade-menu/1',
      categories: [{ code: 'all', name: 'All', taxClass: 'food' }],
      modifierGroups: [],
      items: Array.from({ length: 2_000 }, (_, i) => item(i)),
    };
    const json = JSON.stringify({ mode: 'merge', menu });
    expect(json.length).toBeGreaterThan(1_000_000);
    expect(await send(transport, 'menu:import', json)).toBeUndefined();
    menu.items[1_500] = { ...item(1_500), price: { amount: 1.5, currency: 'EUR' } };
    expect(await send(transport, 'menu:import', JSON.stringify({ mode: 'merge', menu }))).toMatchObject({
      code: 'validation_failed',
      errors: [{ field: 'menu.items.1500.price.amount' }],
    });
  });
});

describe('what anybody may send', () => {
  const post = async (path: string, body: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${brigade.url}/api/v1${path}`, { method: 'POST', headers, body });
    return (await response.json()) as Problem;
  };
  const signUp = (taxClasses: string) =>
    `{"restaurant":{"name":"R","currency":"EUR","timeZone":"Europe/Paris","locale":"fr-FR","taxClasses":${taxClasses}},` +
    `"owner":{"name":"O","email":"o@example.com","password":"four tables by the window"}}`;

  it.each([
    ['zeros', '0'],
    ['empty objects', '{}'],
    ['empty lists', '[]'],
  ])('a sign-up with 500,000 %s is too large, and one with 20,000 names the list', async (_what, item) => {
    expect(await post('/restaurants', signUp(repeated(500_000, item)))).toMatchObject({ status: 413 });
    expect(await post('/restaurants', signUp(repeated(20_000, item)))).toMatchObject({
      status: 400,
      errors: [{ field: 'restaurant.taxClasses' }],
    });
  });

  it.each(['auth:login', 'auth:refresh', 'auth:pin-login'])('%s with 5,000 fields is not parsed', async (name) => {
    const fields = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 0]));
    const path = routes.get(name)?.path ?? '';
    expect(await post(path, JSON.stringify(fields))).toMatchObject({ status: 400, code: 'malformed' });
    expect(await post(path, JSON.stringify({ k0: 0, k1: 0 }))).toMatchObject({
      status: 400,
      errors: expect.arrayContaining([{ field: 'k0', message: 'k0 is not allowed' }]),
    });
  });

  it('is not parsed where somebody must be logged in', async () => {
    expect(await post('/orders', '{"lines":[')).toMatchObject({ status: 401, code: 'unauthenticated' });
  });
});

describe('the socket', () => {
  const asked = (name: string, ...args: unknown[]) =>
    house.owner.screen().then(({ socket }) => socket.timeout(10_000).emitWithAck(name, ...args));

  it.each([
    ['as the input', [Buffer.alloc(900_000)]],
    ['inside the input', [{ lines: [{ note: Buffer.alloc(10) }] }]],
    ['as the meta', [{}, { key: Buffer.alloc(10) }]],
  ])('refuses bytes %s, in words, and serves on', async (_what, args) => {
    expect(await asked('order:place', ...args)).toMatchObject({
      ok: false,
      error: { code: 'malformed', detail: expect.stringContaining('Binary') },
    });
    expect(await asked('restaurant:get', {})).toMatchObject({ ok: true });
  });

  it('refuses two connects to a namespace that does not exist, and hangs up on who goes on', async () => {
    const options = { transports: ['websocket'], auth: { token: house.owner.token }, reconnection: false };
    const socket = io(`${brigade.url}/nowhere`, options);
    const refused = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));
    expect(refused.message).toBe('Invalid namespace');
    for (let i = 0; i < 20; i += 1) socket.io.engine.write(`0/nowhere-${i},`);
    await until('the line is closed', () => socket.io.engine.readyState === 'closed');
  });
});
