import { type BrigadeClient, type ConnectOptions, connect, type Envelope, logIn, memoryStorage } from '@brigade/client';
import { type Brigade, type House, openHouse, type Person, startBrigade, until } from '../harness/index.js';
import { FlakyNetwork } from './flaky-network.js';

let brigade: Brigade;
let house: House;
let itemId: string;
const clients: BrigadeClient[] = [];
const proxies: FlakyNetwork[] = [];

beforeAll(async () => {
  brigade = await startBrigade();
  // Nobody receives these tickets; alerts would come on their own while states are compared.
  house = await openHouse(brigade, { ticketReceiptSeconds: 0 });
  const { id: categoryId } = await house.owner.must('menu:create-category', { name: 'Food', taxClass: 'food' });
  const price = { amount: 900, currency: 'EUR' };
  itemId = (await house.owner.must('menu:create-item', { name: 'Soup', categoryId, price })).id;
  await house.owner.must('station:create', { name: 'Kitchen', isDefault: true });
  // Nobody stands in this kitchen: alerts of tickets that wait would come in between.
  await house.owner.must('restaurant:update', { ticketReceiptSeconds: 0 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const proxy of proxies.splice(0)) await proxy.close();
});
afterAll(async () => {
  await house.close();
  await brigade.stop();
});

/** A client that does not dawdle. */
function open(person: Pick<Person, 'token'>, url: string, options: Partial<ConnectOptions> = {}): BrigadeClient {
  const client = connect({
    url,
    token: person.token,
    transports: ['websocket'],
    reconnectMinMs: 5,
    reconnectMaxMs: 50,
    catchUpJitterMs: 10,
    ackTimeoutMs: 1000,
    ...options,
  });
  clients.push(client);
  return client;
}

async function behindProxy(): Promise<{ proxy: FlakyNetwork; url: string }> {
  const proxy = new FlakyNetwork();
  proxies.push(proxy);
  return { proxy, url: await proxy.listen(brigade.url) };
}

const anOrder = (name: string) => ({ channel: 'takeaway' as const, customer: { name }, lines: [{ itemId }] });

/** Repeatable chance (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The replicas as plain objects: the client's, or those of a snapshot. */
type Plain = Record<string, Record<string, unknown>>;
const plainState = ({ state }: BrigadeClient): Plain =>
  Object.fromEntries(Object.entries(state).map(([name, copy]) => [name, Object.fromEntries(copy)]));
const plainSnapshot = (replicas: object): Plain =>
  Object.fromEntries(
    Object.entries(replicas).map(([name, items]) => [
      name,
      Object.fromEntries((items as { id: string }[]).map((item) => [item.id, item])),
    ]),
  );

/** Once the last event has arrived, the client's copies are what a fresh snapshot would give it. */
async function expectSameAsServer(client: BrigadeClient): Promise<void> {
  const { seq, replicas } = await client.send('sync:snapshot', {});
  const events = await client.send('sync:since', { epoch: await epochOf(client), seq: client.position });
  const last = events.reset ? 0 : (events.events.at(-1)?.seq ?? 0);
  await until('the last event has arrived', () => client.upToDate && client.position >= last);
  expect((await client.send('sync:snapshot', {})).seq).toBe(seq);
  expect(plainState(client)).toEqual(plainSnapshot(replicas));
}

const epochOf = async (client: BrigadeClient) => (await client.send('sync:snapshot', {})).epoch;

/** What this person may see after a position, asked of the server in pages. */
async function visibleSince(person: Person, epoch: string, seq: number): Promise<string[]> {
  const ids: string[] = [];
  for (let position = seq; ; ) {
    const page = await person.must('sync:since', { epoch, seq: position });
    ids.push(...page.events.map((event: Envelope) => event.id));
    if (!page.more) return ids;
    position = page.position;
  }
}

describe('a client of the real server', () => {
  it.each([1, 2, 3])(
    'loses nothing and doubles nothing while connections are cut at random (seed %i)',
    async (seed) => {
      const random = chance(seed);
      const resets: string[] = [];
      let replays = 0;
      const people = [await house.hire('waiter'), await house.hire('waiter'), await house.hire('waiter')];
      const { epoch, seq: start } = await house.owner.must('sync:snapshot');
      const screens = await Promise.all(
        [...people, await house.hire('kitchen')].map(async (person) => {
          const { proxy, url } = await behindProxy();
          proxy.chaos = random;
          const client = open(person, url);
          const seen: Envelope[] = [];
          client.onAny((envelope) => seen.push(envelope));
          client.onReset((reason) => resets.push(reason));
          client.onOutcome((outcome) => {
            if (outcome.ok && outcome.replayed) replays += 1;
          });
          await client.ready;
          seen.length = 0;
          return { person, proxy, client, seen, from: client.position };
        }),
      );
      const acknowledged = await Promise.all(
        screens.slice(0, 3).flatMap(({ client }, waiter) =>
          ['left hand', 'right hand'].map(async (hand) => {
            const ids: string[] = [];
            for (let count = 0; count < 8; count += 1) {
              const { id } = await client.send('order:place', anOrder(`waiter ${waiter}, ${hand}, order ${count}`));
              const { lines } = await client.send('order:add-lines', { orderId: id, lines: [{ itemId }] });
              expect(lines).toHaveLength(2);
              ids.push(id);
            }
            return ids;
          }),
        ),
      );
      const connections = screens.reduce((sum, { proxy }) => sum + proxy.connections, 0);
      expect(connections).toBeGreaterThan(3 * screens.length);
      // Answers did get lost, and the journal's keys did their work.
      expect(replays).toBeGreaterThan(0);
      // A connection on which something was lost must break, as TCP does; only the new ones are whole.
      for (const { proxy } of screens) {
        proxy.chaos = undefined;
        proxy.cut();
      }

      for (const { person, client, seen, from } of screens) {
        await expectSameAsServer(client);
        expect(seen.map(({ id }) => id)).toEqual(await visibleSince(person, epoch, from));
        const seqs = seen.map(({ seq }) => seq);
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      }
      const created = (await journalOf(epoch, start)).filter(({ name }) => name === 'order:created');
      const ids = created.map(({ data }) => (data as { order: { id: string } }).order.id);
      expect(ids.sort()).toEqual(acknowledged.flat().sort());
      expect(resets).toEqual([]);
    },
    60_000,
  );

  const journalOf = async (epoch: string, seq: number): Promise<Envelope[]> => {
    const events: Envelope[] = [];
    for (let position = seq; ; ) {
      const page = await house.owner.must('sync:since', { epoch, seq: position });
      events.push(...page.events);
      if (!page.more) return events;
      position = page.position;
    }
  };

  it('is not up to date when its Wi-Fi is gone without a word, comes back by itself, and is complete', async () => {
    const { proxy, url } = await behindProxy();
    const client = open(house.owner, url, { silenceMs: 300 });
    await client.ready;
    await until('it is up to date', () => client.upToDate);
    const told: string[] = [];
    client.onStatus((status, upToDate) => told.push(`${status} ${upToDate}`));
    proxy.mute();
    const order = await house.owner.must('order:place', anOrder('In the black hole'));
    await until('it has the order on another line', () => client.state.orders.has(order.id) && client.upToDate);
    expect(told.slice(0, 2)).toEqual(['live false', 'offline false']);
    expect(proxy.connections).toBeGreaterThanOrEqual(2);
  });

  it('delivers what was sent while the network was down, once and in order, also when answers get lost', async () => {
    const { proxy, url } = await behindProxy();
    const client = open(await house.hire('waiter'), url);
    await client.ready;
    const { epoch, seq } = await house.owner.must('sync:snapshot');
    // The first reaches the server, but its answer does not come back.
    proxy.mute();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const sent = [client.send('order:place', anOrder('a'))];
    await until('the first is committed', async () => (await journalOf(epoch, seq)).length > 0);
    proxy.down = true;
    proxy.cut();
    await until('it noticed', () => client.status === 'offline');
    sent.push(...names.slice(1).map((name) => client.send('order:place', anOrder(name))));
    await until('they are queued', () => client.pending.length === 5);
    proxy.down = false;
    const orders = await Promise.all(sent);
    expect(orders.map(({ customer }) => customer?.name)).toEqual(names);
    const created = (await journalOf(epoch, seq)).filter(({ name }) => name === 'order:created');
    expect(created.map(({ data }) => (data as { order: { id: string } }).order.id)).toEqual(orders.map(({ id }) => id));
    await expectSameAsServer(client);
  });

  it('sends after a reload what was queued before it', async () => {
    const { proxy, url } = await behindProxy();
    const person = await house.hire('waiter');
    const storage = memoryStorage();
    const before = open(person, url, { storage });
    await before.ready;
    proxy.down = true;
    proxy.cut();
    const lost = before.send('order:place', anOrder('reloaded')).catch(({ code }) => code);
    await until('it is queued', () => before.pending.length === 1);
    before.close();
    expect(await lost).toBe('closed');
    proxy.down = false;
    const after = open(person, url, { storage });
    const outcomes: unknown[] = [];
    after.onOutcome(({ ok, awaited }) => outcomes.push({ ok, awaited }));
    await until('it was answered', () => outcomes.length === 1);
    expect(outcomes).toEqual([{ ok: true, awaited: false }]);
    const named = () => [...after.state.orders.values()].filter(({ customer }) => customer?.name === 'reloaded');
    await until('the order is on the screen', () => named().length === 1);
    await expectSameAsServer(after);
  });

  it('is ended at once with its session, and says so', async () => {
    const person = await house.hire('waiter');
    let kept: string | null = '';
    const session = await logIn(brigade.url, person.login, (refreshToken) => {
      kept = refreshToken;
    });
    const client = open({ token: '' }, brigade.url, { token: session.token });
    await client.ready;
    await house.owner.must('staff:deactivate', { staffId: person.userId });
    await until('it ended', () => client.status === 'ended');
    expect(client.endedBy?.code).toBe('session_ended');
    expect(kept).toBeNull();
  });

  it('logs in with a PIN on a paired device, shows the tickets of its stations, and follows when they change', async () => {
    const { owner } = house;
    const { categoryId } = await owner.must('menu:get-item', { itemId });
    const price = { amount: 2400, currency: 'EUR' };
    const steak = await owner.must('menu:create-item', { name: 'Steak', categoryId, price });
    const routes = { categoryIds: [], itemIds: [steak.id] };
    const grill = await owner.must('station:create', { name: 'Grill', routes });
    const pass = await owner.must('station:create', { name: 'Cold pass' });
    const device = await owner.must('device:pair', { name: 'Screen', kind: 'kitchen', stationIds: [pass.id] });
    const { deviceToken } = await owner.must('device:token', { deviceId: device.id });
    const cook = await house.hire('kitchen');
    await owner.must('staff:set-pin', { staffId: cook.userId, pin: '739164' });
    const wrong = logIn(brigade.url, { deviceToken, pin: '000000' });
    await expect(wrong).rejects.toMatchObject({ code: 'credentials_invalid' });
    const session = await logIn(brigade.url, { deviceToken, pin: '739164' });
    expect(session.user.id).toBe(cook.userId);
    const screen = open({ token: '' }, brigade.url, { token: session.token });
    const resets: string[] = [];
    screen.onReset((reason) => resets.push(reason));
    await screen.ready;
    const waiter = open(await house.hire('waiter'), brigade.url);
    const dish = () => [...screen.state.tickets.values()].flatMap(({ lines }) => lines.map(({ name }) => name));

    await waiter.send('order:place', { ...anOrder('both'), lines: [{ itemId }, { itemId: steak.id }] });
    await expectSameAsServer(screen);
    expect(dish()).toEqual([]);
    await owner.must('device:update', { deviceId: device.id, stationIds: [grill.id] });
    await until('the screen took its new stations', () => resets.length === 1 && screen.upToDate);
    expect(dish()).toEqual(['Steak']);
    await waiter.send('order:place', { ...anOrder('one more'), lines: [{ itemId }, { itemId: steak.id }] });
    await until('the second ticket is on the screen', () => dish().length === 2);
    await expectSameAsServer(screen);
    expect(dish()).toEqual(['Steak', 'Steak']);
    expect(resets).toEqual(['rooms']);
  });
});
