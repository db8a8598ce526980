import { type Setup, setUp } from './setup.js';
import { until } from './until.js';

const order = (id: string) => ({ order: { id, status: 'open' } });

let setup: Setup;
beforeEach(async () => {
  setup = await setUp();
});
afterEach(() => setup.close());

describe('a client that hears nothing', () => {
  it('is not up to date though connected, gives the line up, and is complete afterwards', async () => {
    const { server } = setup;
    const client = setup.client({ silenceMs: 200 });
    await client.ready;
    const told: string[] = [];
    client.onStatus((status, upToDate) => told.push(`${status} ${upToDate}`));
    // Nothing comes back on this line; the next one is sound.
    const lines = server.tokens.length;
    server.answer = ({ name }) => (name === 'sync:since' && server.tokens.length === lines ? 'silence' : undefined);
    server.publish('order:created', order('o1'), { lose: true });
    await until('it is complete on another line', () => client.state.orders.has('o1') && client.upToDate);
    expect(told[0]).toBe('live false');
    expect(told).toContain('offline false');
    expect(server.tokens.length).toBe(lines + 1);
  });

  it('asks, and finds what was lost without a trace', async () => {
    const client = setup.client({ silenceMs: 400 });
    await client.ready;
    setup.server.publish('order:created', order('o1'), { lose: true });
    await until('it came', () => client.state.orders.has('o1'));
    expect(setup.server.tokens).toHaveLength(1);
  });

  it('is up to date with a server that tells its heads only when they move, as long as that answers', async () => {
    const client = setup.client({ silenceMs: 3_000 });
    await client.ready;
    const told: boolean[] = [];
    client.onStatus((_status, upToDate) => told.push(upToDate));
    await until('it asked', () => setup.server.sent('sync:since').length > 0);
    await until('it was answered', () => setup.server.sent('sync:since').length > 1);
    expect(told).toEqual([]);
    expect(client.upToDate).toBe(true);
  });

  it('waits three times as long as the server says it will take, and does not ask while heads come', async () => {
    const client = setup.client({ silenceMs: 50 });
    await client.ready;
    const { epoch } = setup.server.journal;
    setup.server.emit('sync:head', { epoch, heads: { all: 0 }, everyMs: 60_000 });
    setup.server.publish('order:created', order('o1'));
    await until('it heard', () => client.state.orders.has('o1'));
    const asked = setup.server.sent('sync:since').length;
    const other = setup.client({ silenceMs: 50 });
    await until('another, not told, has asked meanwhile', () => setup.server.sent('sync:since').length > asked + 1);
    expect(client.upToDate).toBe(true);
    await other.close();
  });

  it('asks at once when its device has slept', async () => {
    const client = setup.client({ silenceMs: 3_000 });
    await client.ready;
    const asked = setup.server.sent('sync:since').length;
    const told: boolean[] = [];
    client.onStatus((_status, upToDate) => told.push(upToDate));
    // Longer than Socket.IO's own heartbeat, and that would end the connection.
    const now = Date.now.bind(Date);
    Date.now = () => now() + 10_000;
    try {
      await until('it asked', () => setup.server.sent('sync:since').length > asked);
      await until('it is up to date again', () => client.upToDate && told.length === 2);
    } finally {
      Date.now = now;
    }
    expect(told).toEqual([false, true]);
  });
});
