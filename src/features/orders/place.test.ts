import { type Brigade, logIn, openHouse, startBrigade, transports, until } from '../../../tests/harness/index.js';
import { eur, openService, type Service } from '../../../tests/harness/service.js';
import { newId } from '../../kernel/ids.js';
import type { OrderView } from './orders.views.js';

let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});
const ticketsOf = async (orderId: string) =>
  ((await service.cook.must('ticket:list')) as { orderId: string }[]).filter((ticket) => ticket.orderId === orderId);

describe.each(transports)('order:place over %s', (transport) => {
  const place = (input: object, options = {}) => service.waiter.via(transport, 'order:place', input, options);

  it('prices the lines, sends them to the kitchen and tells everybody', async () => {
    const { soup, steak, cooking, waiter, colleague, cook, cold, hot } = service;
    const [colleagues, pass] = await Promise.all([colleague.screen(), cook.screen()]);
    const table = await service.table();
    const modifiers = [
      { groupId: cooking.groupId, optionId: cooking.rare, quantity: 1 },
      { groupId: cooking.groupId, optionId: cooking.truffle, quantity: 1 },
    ];
    const lines = [
      { itemId: soup, quantity: 2, seat: 1, note: ' no croutons ' },
      { itemId: steak, modifiers, seat: 2 },
    ];
    const { status, data } = await place({ tableId: table.id, guestCount: 2, lines });
    expect(status).toBe(201);
    expect(data).toMatchObject({ version: 1, status: 'open', stage: 'pending', channel: 'dine-in', tableId: table.id });
    expect(data).toMatchObject({ waiterId: waiter.userId, guestCount: 2, currency: 'EUR', pricesIncludeTax: true });
    expect(data.lines).toMatchObject([
      { quantity: 2, unitPrice: eur(650), total: eur(1300), status: 'fired', course: 1, seat: 1, note: 'no croutons' },
      { quantity: 1, unitPrice: eur(2890), total: eur(3040), status: 'fired', course: 2, seat: 2, firing: 1 },
    ]);
    expect(data.totals).toEqual({
      subtotal: eur(4340),
      taxes: [{ code: 'food', ratePpm: 100_000, base: eur(4340), amount: eur(395) }],
      total: eur(4340),
    });
    const mine = ({ order }: { order: OrderView }) => order.id === data.id;
    expect((await colleagues.saw('order:created', mine)).order).toEqual(data);
    expect((await pass.saw('order:created', mine)).order).toEqual(data);
    const seated = await colleagues.saw('table:status-changed', (event) => event.table.id === table.id);
    expect(seated.table).toMatchObject({ status: 'occupied', orderId: data.id });
    for (const stationId of [cold, hot])
      await pass.saw(
        'kitchen:ticket-created',
        ({ ticket }) => ticket.orderId === data.id && ticket.stationId === stationId,
      );
    expect((await service.waiter.via(transport, 'order:get', { orderId: data.id })).data).toEqual(data);
  });

  it('counts the orders of a day', async () => {
    const input = { channel: 'takeaway', lines: [{ itemId: service.water }] };
    const [first, second] = [await place(input), await place(input)];
    expect(second.data.number).toBe(first.data.number + 1);
  });

  it('never reads a price of the client', async () => {
    const line = { itemId: service.soup, unitPrice: eur(1) };
    const { problem } = await place({ channel: 'takeaway', lines: [line], totals: {} });
    expect(problem).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(problem?.errors?.map(({ field }) => field).sort()).toEqual(['lines.0.unitPrice', 'totals']);
  });

  it.each([
    ['no lines', { channel: 'takeaway', lines: [] }, 'lines'],
    ['a table for takeaway', { channel: 'takeaway', tableId: newId(), lines: [{ itemId: newId() }] }, 'tableId'],
    ['no table for dine-in', { lines: [{ itemId: newId() }] }, 'tableId'],
    ['a delivery to nobody', { channel: 'delivery', lines: [{ itemId: newId() }] }, 'customer'],
    ['an unknown item', { channel: 'takeaway', lines: [{ itemId: newId() }] }, 'lines.0.itemId'],
    ['a wrong quantity', { channel: 'takeaway', lines: [{ itemId: newId(), quantity: 0 }] }, 'lines.0.quantity'],
    ['two lines of one id', { channel: 'takeaway', lines: twins() }, 'lines.1'],
    [
      'a pick-up in the past',
      { channel: 'takeaway', pickupAt: '2020-01-01T12:00:00Z', lines: [{ itemId: newId() }] },
      'pickupAt',
    ],
  ])('refuses %s', async (_what, input, field) => {
    const { problem } = await place(input);
    expect(problem).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(problem?.errors?.map((error) => error.field)).toContain(field);
  });

  it('needs an address to deliver', async () => {
    const delivery = { channel: 'delivery', lines: [{ itemId: service.water }] };
    expect((await place({ ...delivery, customer: { name: 'Ana' } })).problem?.errors?.[0]?.field).toBe(
      'customer.address',
    );
    const customer = { name: 'Ana', address: 'Rue de la Paix 1', phone: '0' };
    expect((await place({ ...delivery, customer })).data).toMatchObject({ channel: 'delivery', customer });
  });

  it("knows nothing of another restaurant's tables, items, waiters and orders", async () => {
    const other = await openService(brigade);
    const theirs = await other.order([{ itemId: other.water }]);
    const lines = [{ itemId: service.water }];
    expect((await place({ tableId: theirs.tableId, lines })).problem).toMatchObject({ status: 404, code: 'not_found' });
    expect((await place({ tableId: newId(), lines })).problem).toMatchObject({ status: 404, code: 'not_found' });
    const { problem } = await place({ channel: 'takeaway', lines: [{ itemId: other.water }] });
    expect(problem).toMatchObject({ status: 400, errors: [{ field: 'lines.0.itemId' }] });
    const stranger = { channel: 'takeaway', waiterId: other.waiter.userId, lines };
    expect((await place(stranger)).problem).toMatchObject({ status: 404 });
    expect((await service.waiter.via(transport, 'order:get', { orderId: theirs.id })).problem).toMatchObject({
      status: 404,
    });
    const { data } = await service.waiter.via(transport, 'order:list', {});
    expect(data.items.map(({ id }: OrderView) => id)).not.toContain(theirs.id);
    await other.house.close();
  });

  it('may not be done by the kitchen', async () => {
    const input = { channel: 'takeaway', lines: [{ itemId: service.water }] };
    expect((await service.cook.via(transport, 'order:place', input)).problem).toMatchObject({ status: 403 });
  });

  it('holds lines, by line and by course', async () => {
    const { soup, steak, water } = service;
    const lines = [{ itemId: soup }, { itemId: steak }, { itemId: water, hold: true }];
    const held = (await place({ channel: 'takeaway', lines, fire: 'hold' })).data;
    expect(held.lines.map((line: { status: string }) => line.status)).toEqual(['held', 'held', 'held']);
    const starters = (await place({ channel: 'takeaway', lines, fireCourses: [1] })).data;
    expect(starters.lines.map((line: { status: string }) => line.status)).toEqual(['fired', 'held', 'held']);
    expect(await ticketsOf(held.id)).toEqual([]);
    expect(await ticketsOf(starters.id)).toHaveLength(1);
  });

  it('lets a scheduled order wait for its release', async () => {
    const pickupAt = new Date(Date.now() + 7_200_000).toISOString();
    const input = { channel: 'takeaway', pickupAt, customer: { name: 'Ana' }, lines: [{ itemId: service.soup }] };
    const { data } = await place(input);
    expect(data).toMatchObject({ status: 'scheduled', pickupAt, lines: [{ status: 'held' }] });
    const fire = await service.waiter.via(transport, 'order:fire', { orderId: data.id });
    expect(fire.problem).toMatchObject({ code: 'illegal_step', legal: ['release', 'cancel'] });
    const released = await service.waiter.via(transport, 'order:release', { orderId: data.id });
    expect(released.data).toMatchObject({ status: 'open', lines: [{ status: 'fired' }] });
    expect(await ticketsOf(data.id)).toMatchObject([{ customerName: 'Ana', pickupAt }]);
    const again = await service.waiter.via(transport, 'order:release', { orderId: data.id });
    expect(again.problem).toMatchObject({ code: 'illegal_step', legal: ['complete', 'cancel'] });
    expect((await place({ ...input, fire: 'now' })).data).toMatchObject({
      status: 'open',
      lines: [{ status: 'fired' }],
    });
  });

  it('field 1: two taps on Send, and a retry after a timeout, are one order and one set of tickets', async () => {
    const key = newId();
    const input = { tableId: (await service.table()).id, lines: [{ itemId: service.soup }, { itemId: service.steak }] };
    const both = await Promise.all([place(input, { key }), place(input, { key })]);
    const retry = await place(input, { key });
    const answered = [...both, retry].filter(({ status }) => status === 201);
    expect(new Set(answered.map(({ data }) => data.id)).size).toBe(1);
    expect(both.filter(({ status }) => status !== 201).every(({ problem }) => problem?.code === 'in_flight')).toBe(
      true,
    );
    expect(retry).toMatchObject({ status: 201, replayed: true });
    expect(await ticketsOf(retry.data.id)).toHaveLength(2);
  });

  it('field 2: a tablet that has forgotten its keys and sends an order again gets the one it made', async () => {
    const lines = [
      { id: newId(), itemId: service.soup, quantity: 2 },
      { id: newId(), itemId: service.steak },
    ];
    const input = { id: newId(), tableId: (await service.table()).id, lines };
    const first = await place(input);
    const again = await place(input);
    expect(first.data.id).toBe(input.id);
    expect(again).toMatchObject({ status: 201, data: first.data });
    expect(await ticketsOf(input.id)).toHaveLength(2);
    const other = await place({ ...input, lines: [{ id: newId(), itemId: service.soup }] });
    expect(other.problem).toMatchObject({ code: 'duplicate', current: { id: input.id } });
    const changed = await place({ ...input, lines: [{ ...lines[0], quantity: 3 }, lines[1]] });
    expect(changed.problem).toMatchObject({ code: 'conflict', errors: [{ field: 'lines.0.id' }] });
  });

  it('field 7: two waiters open the same free table: one order, the second is told whose', async () => {
    const input = { tableId: (await service.table()).id, lines: [{ itemId: service.soup }] };
    const [mine, theirs] = await Promise.all([place(input), service.colleague.via(transport, 'order:place', input)]);
    const [won, lost] = mine.status === 201 ? [mine, theirs] : [theirs, mine];
    expect(won.status).toBe(201);
    expect(lost.problem).toMatchObject({ status: 409, code: 'conflict', current: { orderId: won.data.id } });
    expect(lost.problem?.current).toMatchObject({ waiterId: won.data.waiterId, waiterName: 'Some waiter' });
    expect(await ticketsOf(won.data.id)).toHaveLength(1);
  });

  it('field 10: ten guests order the last three portions: exactly three succeed', async () => {
    const itemId = await service.dish('Lobster');
    await service.manager.must('menu:set-availability', { itemId, available: true, remaining: 3 });
    const one = { channel: 'takeaway', lines: [{ itemId }] };
    const answers = await Promise.all(Array.from({ length: 10 }, () => place(one)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.every(({ problem }) => problem?.code === 'sold_out')).toBe(true);
    const { data } = await service.waiter.via(transport, 'menu:get-item', { itemId });
    expect(data.remaining).toBe(0);
  });

  it('field 13: an order keeps its prices when the menu changes', async () => {
    const itemId = await service.dish('Special', { price: eur(1200) });
    const { data } = await place({ channel: 'takeaway', lines: [{ itemId }], fire: 'hold' });
    await service.manager.must('menu:update-item', { itemId, price: eur(9900), name: `Renamed ${newId().slice(-4)}` });
    const { data: later } = await service.waiter.via(transport, 'order:get', { orderId: data.id });
    expect(later).toEqual(data);
    expect(later.totals.total).toEqual(eur(1200));
  });

  it('adds exclusive taxes by class', async () => {
    const other = await openService(brigade, { pricesIncludeTax: false });
    const wine = await other.dish('Wine', { price: eur(701), taxClass: 'alcohol' });
    const { totals } = await other.order([{ itemId: wine, quantity: 3 }, { itemId: other.soup }]);
    expect(totals).toEqual({
      subtotal: eur(2753),
      taxes: [
        { code: 'alcohol', ratePpm: 200_000, base: eur(2103), amount: eur(421) },
        { code: 'food', ratePpm: 100_000, base: eur(650), amount: eur(65) },
      ],
      total: eur(3239),
    });
    await other.house.close();
  });
});

function twins(): object[] {
  const id = newId();
  return [
    { id, itemId: newId() },
    { id, itemId: newId() },
  ];
}

describe.each(transports)('order:list over %s', (transport) => {
  it('pages through, newest first, and filters', async () => {
    const place = () => service.order([{ itemId: service.soup }]);
    const made = [await place(), await place(), await place()];
    const list = async (input: object) => (await service.colleague.via(transport, 'order:list', input)).data;
    const seen: string[] = [];
    let page = await list({ limit: 2, status: 'open' });
    expect(page.items).toHaveLength(2);
    while (true) {
      seen.push(...page.items.map(({ id }: OrderView) => id));
      if (page.nextCursor === undefined) break;
      page = await list({ limit: 2, status: 'open', cursor: page.nextCursor });
    }
    expect(seen.slice(0, 3)).toEqual(made.map(({ id }) => id).reverse());
    expect(new Set(seen).size).toBe(seen.length);
    const { tableId } = made[1] as OrderView;
    expect((await list({ tableId })).items).toEqual([made[1]]);
    expect((await list({ waiterId: newId() })).items).toEqual([]);
    expect((await list({ status: 'cancelled', tableId })).items).toEqual([]);
  });
});

it('a snapshot holds the orders somebody works on', async () => {
  const order = await service.order([{ itemId: service.water }], { fire: 'hold' });
  const cancelled = await service.order([{ itemId: service.water }], { fire: 'hold' });
  await service.waiter.must('order:cancel', { orderId: cancelled.id, reason: 'Changed their mind' });
  const { replicas } = await service.colleague.must('sync:snapshot');
  expect(replicas.orders).toContainEqual(order);
  expect(replicas.orders.map(({ id }: OrderView) => id)).not.toContain(cancelled.id);
});

it('numbers start anew with the business day, at the hour the restaurant says', async () => {
  const house = await openHouse(brigade, { timeZone: 'America/New_York', dayStartHour: 4 });
  const category = await house.owner.must('menu:create-category', { name: 'Drinks' });
  const beer = { name: 'Beer', categoryId: category.id, price: eur(500), taxClass: 'food' };
  const { id: itemId } = await house.owner.must('menu:create-item', beer);
  const placeAt = async (moment: string) => {
    brigade.clock.set(new Date(moment));
    const owner = await logIn(brigade.url, house.owner.login.email, house.owner.login.password);
    return (await owner.must('order:place', { channel: 'takeaway', lines: [{ itemId }] })) as OrderView;
  };
  // The night the clocks go back in New York: 04:00 local is 09:00 UTC.
  const night = [await placeAt('2027-11-06T22:00:00Z'), await placeAt('2027-11-07T08:59:00Z')];
  const morning = await placeAt('2027-11-07T09:00:00Z');
  brigade.clock.set(new Date());
  expect(night.map(({ number, businessDay }) => [number, businessDay])).toEqual([
    [1, '2027-11-06'],
    [2, '2027-11-06'],
  ]);
  expect([morning.number, morning.businessDay]).toEqual([1, '2027-11-07']);
  await until('the clock is back', () => Math.abs(brigade.clock.now().getTime() - Date.now()) < 1000);
  await house.close();
});
