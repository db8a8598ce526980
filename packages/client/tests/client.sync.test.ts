import { problem, refused } from './scripted-server.js';
import { type Setup, setUp } from './setup.js';
import { until } from './until.js';

const order = (id: string, status = 'open') => ({ order: { id, status } });

describe('a client keeps its copy', () => {
  let setup: Setup;
  beforeEach(async () => {
    setup = await setUp();
  });
  afterEach(() => setup.close());

  it('loads a snapshot and is live', async () => {
    setup.server.replicas = { orders: [{ id: 'o1' }] };
    const client = setup.client();
    expect([client.status, client.upToDate]).toEqual(['connecting', false]);
    await client.ready;
    expect([client.status, client.upToDate]).toEqual(['live', true]);
    expect([...client.state.orders.keys()]).toEqual(['o1']);
  });

  it('applies events to its state first, then tells listeners, once each and in order', async () => {
    const { server } = setup;
    const client = setup.client();
    await client.ready;
    const seen: string[] = [];
    client.onAny(({ seq, name }) => seen.push(`${seq} ${name}`));
    client.on('order:created', (data, { seq }) => seen.push(`${seq} ${data.order.id} ${client.state.orders.size}`));
    client.onChange('orders', (orders) => seen.push(`orders: ${orders.size}`));
    const unsubscribe = client.on('table:assigned', ({ table }) => seen.push(`table ${table}`));
    server.publish('order:created', order('o1'));
    server.publish('table:assigned', { table: 7 }, { rooms: ['can:order:read'] });
    server.publish('table:assigned', { table: 8 }, { rooms: ['can:staff:write'] });
    await until('the first two arrived', () => client.position === 2);
    unsubscribe();
    server.publish('table:assigned', { table: 9 });
    server.publish('order:created', order('o1', 'completed'));
    await until('all arrived', () => client.position === 5);
    expect(seen).toEqual([
      ...['1 order:created', '1 o1 1', 'orders: 1', '2 table:assigned', 'table 7'],
      ...['4 table:assigned', '5 order:created', '5 o1 0', 'orders: 0'],
    ]);
    expect(server.sent('sync:since')).toEqual([]);
  });

  it('goes on when a listener throws or rejects, and reports it', async () => {
    const client = setup.client();
    await client.ready;
    const seen: string[] = [];
    client.on('order:created', () => {
      throw new Error('thrown');
    });
    client.on('order:created', async () => {
      throw new Error('rejected');
    });
    client.on('order:created', ({ order: { id } }) => seen.push(id));
    setup.server.publish('order:created', order('o1'));
    setup.server.publish('order:created', order('o2'));
    await until('both errors of both events are reported', () => setup.errors.length === 4);
    expect(seen).toEqual(['o1', 'o2']);
    expect(setup.errors[0]).toEqual({ error: new Error('thrown'), where: 'order:created' });
  });

  it('finds a lost event by the next one, also when that went to another room', async () => {
    const { server } = setup;
    const client = setup.client();
    await client.ready;
    const seen: number[] = [];
    client.onAny(({ seq }) => seen.push(seq));
    server.publish('order:created', order('o1'), { lose: true, rooms: ['can:order:read'] });
    server.publish('order:created', order('o2'), { rooms: ['all'] });
    await until('both are there', () => client.position === 2);
    expect(seen).toEqual([1, 2]);
    expect(client.state.orders.size).toBe(2);
  });

  it('is not up to date from the moment it hears of a lost last event until that is applied', async () => {
    const { server } = setup;
    const client = setup.client();
    await client.ready;
    const told: [string, boolean, number][] = [];
    client.onStatus((status, upToDate) => told.push([status, upToDate, client.position]));
    server.publish('order:created', order('o1'), { lose: true });
    server.tellHeads();
    await until('it is up to date again', () => told.at(-1)?.[1] === true);
    expect(told).toEqual([
      ['live', false, 0],
      ['live', true, 1],
    ]);
  });

  it('catches up after an outage from where it was, page by page, without a snapshot', async () => {
    const { server } = setup;
    const client = setup.client();
    await client.ready;
    const statuses: string[] = [];
    const seen: number[] = [];
    client.onStatus((status) => statuses.push(status));
    client.onAny(({ seq }) => seen.push(seq));
    server.publish('order:created', order('o1'));
    await until('the first arrived', () => client.position === 1);
    server.cut();
    await until('it noticed', () => client.status === 'offline');
    expect(client.upToDate).toBe(false);
    for (const id of ['o2', 'o3', 'o4', 'o5']) server.publish('order:created', order(id));
    await until('it is back', () => client.upToDate);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(statuses).toEqual(['offline', 'syncing', 'live']);
    expect(server.sent('sync:snapshot')).toHaveLength(1);
    expect(server.sent('sync:since').map(({ input }) => input)).toMatchObject([{ seq: 1 }, { seq: 3 }]);
  });

  it.each([
    ['history changed', 'history', (one: Setup) => one.server.journal.restore(0)],
    ['its rooms changed', 'rooms', (one: Setup) => (one.server.rooms = new Set(['all', 'station:grill']))],
  ])('starts over and says so when %s', async (_what, reason, change) => {
    const client = setup.client();
    setup.server.replicas = { orders: [{ id: 'before' }] };
    await client.ready;
    const resets: string[] = [];
    client.onReset((why) => resets.push(`${why}: ${[...client.state.orders.keys()]}`));
    setup.server.replicas = { orders: [{ id: 'after' }] };
    change(setup);
    setup.server.cut();
    await until('it is live again', () => resets.length > 0 && client.upToDate);
    expect(resets).toEqual([`${reason}: after`]);
  });

  it('waits and asks again when the server is too busy for a snapshot', async () => {
    const answers = [refused(503, 'overloaded', { retryAfter: 0 }), 'silence' as const, undefined];
    setup.server.answer = () => answers.shift();
    await setup.client({ requestTimeoutMs: 20 }).ready;
    expect(setup.server.names()).toEqual(['sync:snapshot', 'sync:snapshot', 'sync:snapshot']);
    expect(setup.errors).toEqual([]);
  });

  it('takes a snapshot when the server will not go on from its position', async () => {
    const { server } = setup;
    const client = setup.client();
    await client.ready;
    const resets: string[] = [];
    client.onReset((why) => resets.push(why));
    server.answer = ({ name }) => (name === 'sync:since' ? refused(400, 'validation_failed') : undefined);
    server.cut();
    await until('it is live again', () => client.upToDate && resets.length === 1);
    expect(setup.errors.map(({ where }) => where)).toEqual(['sync:since']);
  });
});

describe('a client and its session', () => {
  let setup: Setup;
  beforeEach(async () => {
    setup = await setUp();
  });
  afterEach(() => setup.close());

  const jwt = (name: string, seconds: number) =>
    `${name}.${Buffer.from(JSON.stringify({ iat: 0, exp: seconds })).toString('base64url')}.s`;

  it('ends, and says why, when a fixed token is refused', async () => {
    setup.server.admit = () => problem(401, 'token_invalid');
    const client = setup.client();
    await expect(client.ready).rejects.toMatchObject({ name: 'BrigadeProblem', code: 'token_invalid', status: 401 });
    expect(client.status).toBe('ended');
    expect(client.endedBy?.code).toBe('token_invalid');
    await expect(client.send('order:place', { table: 1 })).rejects.toMatchObject({ code: 'closed' });
    await expect(client.send('menu:get', {})).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('asks a token function again when its token is refused', async () => {
    let asked = 0;
    setup.server.admit = (token) => (token === 't2' ? undefined : problem(401, 'token_expired'));
    const client = setup.client({ token: async () => `t${++asked}` });
    await client.ready;
    expect(setup.server.tokens).toEqual(['t1', 't2']);
  });

  it('keeps its token over a broken connection', async () => {
    let asked = 0;
    const client = setup.client({ token: async () => `t${++asked}` });
    await client.ready;
    setup.server.cut();
    await until('it came back', () => setup.server.tokens.length === 2 && client.upToDate);
    expect(setup.server.tokens).toEqual(['t1', 't1']);
  });

  it('does not come back with the token of an ended session', async () => {
    const fixed = setup.client();
    await fixed.ready;
    let asked = 0;
    const asking = setup.client({ token: async () => `t${++asked}` });
    await asking.ready;
    const answers = ['t', null];
    const loggedOut = setup.client({ token: async () => answers.shift() ?? null });
    await loggedOut.ready;
    setup.server.end('session_ended');
    await until('one is back', () => asking.upToDate && asked === 2);
    await until('the others ended', () => fixed.status === 'ended' && loggedOut.status === 'ended');
    expect(fixed.endedBy).toMatchObject({ code: 'session_ended', detail: 'You were logged out', status: 401 });
    expect(loggedOut.endedBy?.code).toBe('session_ended');
    expect(setup.server.tokens).toHaveLength(4);
  });

  it('tries on while the server cannot take it, or its token function fails, or nobody answers', async () => {
    const verdicts = [problem(503, 'stopping'), problem(429, 'rate_limited', { retryAfter: 0 }), 'silence' as const];
    setup.server.admit = () => verdicts.shift();
    let asked = 0;
    const token = async () => {
      asked += 1;
      if (asked === 1) throw new Error('no network');
      return 't';
    };
    const client = setup.client({ token, connectTimeoutMs: 30 });
    await client.ready;
    expect(setup.server.tokens).toHaveLength(4);
    expect(setup.errors).toEqual([{ error: new Error('no network'), where: 'token' }]);
  });

  it('renews its token before it expires, on the same connection', async () => {
    let asked = 0;
    const client = setup.client({ token: async () => jwt(`t${++asked}`, asked === 1 ? 0.1 : 900) });
    await client.ready;
    await until('it renewed', () => setup.server.sent('session:renew').length === 1);
    expect(setup.server.sent('session:renew')[0]?.input).toEqual({ accessToken: jwt('t2', 900) });
    setup.server.cut();
    await until('it came back', () => setup.server.tokens.length === 2);
    expect(setup.server.tokens[1]).toBe(jwt('t2', 900));
  });

  it('takes a new token from the application', async () => {
    const client = setup.client();
    await client.ready;
    await client.renew('token-2');
    setup.server.answer = ({ name }) => (name === 'session:renew' ? refused(401, 'token_invalid') : undefined);
    await expect(client.renew('token-3')).rejects.toMatchObject({ code: 'token_invalid' });
    expect(setup.server.tokens).toEqual(['token-1']);
  });
});
