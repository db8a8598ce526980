import { createServer, get, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../../tests/harness/until.js';
import { Turnstile } from './turnstile.js';

let server: Server;
let turnstile: Turnstile;
let url: string;
let now: number;
let gone: number;
/** Requests begun and not answered. */
let held: { req: IncomingMessage; res: ServerResponse }[];
/** Answers at once what comes in. */
let isOpen: boolean;

beforeEach(async () => {
  [now, gone, held, isOpen] = [10_000, 0, [], false];
  turnstile = new Turnstile({
    isUrgent: (req) => req.url === '/livez',
    serve(req, res) {
      if (isOpen || req.url === '/livez') res.end('served');
      else held.push({ req, res });
    },
    refuse(_req, res) {
      res.writeHead(503, { 'Retry-After': 1 }).end();
    },
    onGone: () => {
      gone += 1;
    },
    now: () => now,
  });
  server = createServer(turnstile.handle).on('connection', turnstile.accepted);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1000, resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Asked {
  status?: number | undefined;
  leave: () => void;
}

/** Asks on a connection of its own. */
function ask(path = '/'): Asked {
  const asked: Asked = { leave: () => sent.destroy() };
  const sent = get(`${url}${path}`, { agent: false }, (response) => {
    asked.status = response.statusCode;
    response.resume();
  });
  sent.on('error', () => undefined);
  return asked;
}
const times = (count: number): Asked[] => Array.from({ length: count }, () => ask());
const openUp = () => {
  isOpen = true;
  for (const { res } of held) res.end('served');
};
/** Fills the room, and lets so many more wait. */
async function fill(waiting: number): Promise<{ inside: Asked[]; outside: Asked[] }> {
  const inside = times(100);
  await until('the room is full', () => held.length === 100);
  const outside = times(waiting);
  await until('they wait', () => turnstile.waiting === waiting);
  return { inside, outside };
}

it('begins everybody, a burst as well, and answers whether it lives before all of them', async () => {
  const { inside, outside } = await fill(200);
  expect(held).toHaveLength(100);
  const lives = ask('/livez');
  await until('it lives', () => lives.status === 200);
  openUp();
  await until('all are served', () => [...inside, ...outside].every(({ status }) => status === 200));
  expect(turnstile.isOverloaded).toBe(false);
});

it('does nothing for callers who left while they waited', async () => {
  const { outside } = await fill(20);
  for (const { leave } of outside.slice(0, 15)) leave();
  const begun = new Set(held.map(({ req }) => req));
  openUp();
  await until('the others are served', () => outside.slice(15).every(({ status }) => status === 200));
  await until('those who left are counted', () => gone === 15);
  expect(begun.size).toBe(100);
});

it('tells who waits too long to come back, soon when the queue stands, and recovers at once', async () => {
  const { inside, outside } = await fill(50);
  now += 2_900;
  const later = times(10);
  await until('they wait, too', () => turnstile.waiting === 60);
  expect(outside.every(({ status }) => status === undefined)).toBe(true);
  now += 300;
  await until('those of the burst are told', () => outside.every(({ status }) => status === 503));
  expect(later.every(({ status }) => status === undefined)).toBe(true);
  now += 300;
  await until('in a queue that stands half a second is long', () => later.every(({ status }) => status === 503));
  expect(turnstile.isOverloaded).toBe(true);
  openUp();
  await until('the room is free', () => inside.every(({ status }) => status === 200));
  const after = times(50);
  await until('all are served', () => after.every(({ status }) => status === 200));
  now += 2_001;
  expect(turnstile.isOverloaded).toBe(false);
});

it('is not filled by who sends slowly: their places are for others, until what they send is here', async () => {
  const slow = Array.from({ length: 100 }, () => {
    const one = request(url, { method: 'POST', headers: { 'Content-Length': 10 }, agent: false });
    one.on('error', () => undefined);
    one.write('{');
    return one;
  });
  await until('the room is full', () => held.length === 100);
  const after = ask();
  await until('somebody waits', () => turnstile.waiting === 1);
  now += 201;
  await until('they are begun all the same', () => held.length === 101);
  openUp();
  await until('they are served', () => after.status === 200);
  for (const one of slow) one.destroy();
});
