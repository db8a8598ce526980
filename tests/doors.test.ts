import { connect, type Socket } from 'node:net';
import { type Brigade, type House, openHouse, Screen, startBrigade, until } from './harness/index.js';

/** A line that asks to become a WebSocket and says nothing by itself. */
class Stranger {
  readonly line: Socket;
  heard = '';
  gone = false;

  constructor(url: string, headers = '') {
    const { port, hostname } = new URL(url);
    this.line = connect(Number(port), hostname);
    this.line.on('error', () => undefined);
    this.line.on('data', (chunk) => {
      this.heard += chunk.toString('latin1');
    });
    this.line.on('close', () => {
      this.gone = true;
    });
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    this.line.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${upgrade}${key}${headers}\r\n`);
  }

  get isOpen(): boolean {
    return this.heard.includes('101 Switching') && this.heard.includes('"sid"') && !this.gone;
  }

  /** A masked text frame, the mask being zeros. */
  say(text: string): void {
    this.line.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  }
}

const strangers = (count: number, url: string, headers?: (n: number) => string): Stranger[] =>
  Array.from({ length: count }, (_, n) => new Stranger(url, headers?.(n)));
const openOf = (some: readonly Stranger[]) => some.filter(({ isOpen }) => isOpen).length;
const goneOf = (some: readonly Stranger[]) => some.filter(({ gone }) => gone).length;

let brigade: Brigade;
let house: House;
let all: Stranger[] = [];
afterEach(() => {
  for (const { line } of all) line.destroy();
  all = [];
});

describe('strangers at the socket', () => {
  beforeAll(async () => {
    brigade = await startBrigade({ STRANGERS_PER_NETWORK: '20', STRANGER_MS: '60000' });
    house = await openHouse(brigade);
  });
  afterAll(async () => {
    await house.close();
    await brigade.stop();
  });

  it('are at most twenty of one address, the oldest going; a screen joins among them and stays', async () => {
    all = strangers(60, brigade.url);
    const screen = await Screen.open(brigade.url, house.owner.token);
    await until('all but the last are gone', () => goneOf(all) === 40 && openOf(all) === 20);
    expect((await screen.call('restaurant:get')).status).toBe(200);
    screen.close();
  });

  it('may not wait behind one another: a hundred ask, and a screen that comes last is in before the last of them', async () => {
    all = strangers(100, brigade.url);
    await until('some have begun', () => openOf(all) > 0);
    const screen = await Screen.open(brigade.url, house.owner.token);
    expect(all.filter(({ heard }) => heard === '').length).toBeGreaterThan(0);
    screen.close();
  });

  it('are cut when they send more than a token takes, in one frame that never ends or in many', async () => {
    const [large, many] = [new Stranger(brigade.url), new Stranger(brigade.url)];
    all = [large, many];
    await until('both are open', () => openOf(all) === 2);
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x0d, 0xbb, 0xa0, 0, 0, 0, 0]);
    large.line.write(Buffer.concat([head, Buffer.alloc(40_000)]));
    for (let i = 0; i < 40; i += 1) many.say('40/nowhere,');
    await until('both are cut', () => goneOf(all) === 2);
  });

  it('are cut when they speak before they are answered', async () => {
    const early = new Stranger(brigade.url);
    all = [early];
    early.say('40');
    await until('it is cut', () => early.gone);
    expect(early.heard).toBe('');
  });

  it('may post little while they poll; who has joined may send a large message', async () => {
    const poll = `${brigade.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(poll)).text()).slice(1)) as { sid: string };
    const posted = await fetch(`${poll}&sid=${sid}`, { method: 'POST', body: `4${'x'.repeat(20_000)}` });
    expect(posted.status).toBe(413);
    const screen = await Screen.open(brigade.url, house.owner.token);
    const { problem } = await screen.call('menu:create-category', { name: 'x'.repeat(200_000) });
    expect(problem?.code).toBe('validation_failed');
    screen.close();
  });

  it('are not those whose token is refused at once: they may show a better one', async () => {
    const stranger = new Stranger(brigade.url);
    all = [stranger];
    await until('it is open', () => stranger.isOpen);
    stranger.say('40{"token":"nonsense"}');
    await until('it is refused', () => stranger.heard.includes('token_invalid'));
    stranger.say('40{"token":"nonsense again"}');
    await until('it is refused again', () => stranger.heard.split('token_invalid').length > 3);
    expect(stranger.gone).toBe(false);
  });
});

it('strangers are sent away when they say nothing for long, a screen is not', async () => {
  const own = await startBrigade({ STRANGER_MS: '300' });
  const home = await openHouse(own);
  const screen = await Screen.open(own.url, home.owner.token);
  all = strangers(10, own.url);
  await until('all are gone', () => goneOf(all) === 10);
  expect((await screen.call('restaurant:get')).status).toBe(200);
  screen.close();
  await home.close();
  await own.stop();
});

it('behind a proxy strangers count by the address that the proxy saw', async () => {
  const own = await startBrigade({ STRANGERS_PER_NETWORK: '5', STRANGER_MS: '60000', TRUST_PROXY: '1' });
  all = strangers(20, own.url, (n) => `X-Forwarded-For: 203.0.113.9, 198.51.100.${n % 2}\r\n`);
  await until('five of each address are open', () => openOf(all) === 10 && goneOf(all) === 10);
  for (const end of [0, 1]) expect(openOf(all.filter((_, n) => n % 2 === end))).toBe(5);
  await own.stop();
});
