import { type Brigade, logIn, openHouse, startBrigade, transports, until } from '../../../tests/harness/index.js';
import { eur, openService, type Service } from '../../../tests/harness/service.js';
import { newId } from '../../kernel/ids.js';
import { modelOf } from '../../platform/model.js';
import { orders } from './orders.model.js';
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

  it('says what is wrong as people do', async () => {
    const { problem } = await place({ channel: 'takeaway', lines: [] });
    expect(problem?.detail).toBe('lines must contain at least 1 item');
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

  it('lets two restaurants use the same ids, and neither notices', async () => {
    const other = await openService(brigade);
    const [id, lineId] = [newId(), newId()];
    const input = (item: string) => ({ id, channel: 'takeaway', lines: [{ id: lineId, itemId: item }] });
    const ours = await place(input(service.soup));
    const theirs = await other.waiter.via(transport, 'order:place', input(other.soup));
    expect([ours.status, theirs.status]).toEqual([201, 201]);
    await service.waiter.must('order:update', { orderId: id, note: 'ours' });
    await other.waiter.must('order:update', { orderId: id, note: 'theirs' });
    const read = (who: Service) => who.waiter.via(transport, 'order:get', { orderId: id });
    expect((await read(service)).data).toMatchObject({ id, note: 'ours', lines: [{ itemId: service.soup }] });
    expect((await read(other)).data).toMatchObject({ id, note: 'theirs', lines: [{ itemId: other.soup }] });
    expect((await other.waiter.must('order:list')).items).toHaveLength(1);
    await other.house.close();
  });

  it('a taken id is a conflict in the house, which names the field and shows what has it', async () => {
    const [id, lineId] = [newId(), newId()];
    const lines = [{ id: lineId, itemId: service.soup }];
    const first = await place({ id, channel: 'takeaway', lines });
    const again = await place({ id, channel: 'takeaway', lines: [{ itemId: service.soup }] });
    expect(again.problem).toMatchObject({ status: 409, code: 'duplicate', errors: [{ field: 'id' }] });
    expect(again.problem?.current).toMatchObject({ id, number: first.data.number });
    expect(JSON.stringify(again.problem)).not.toContain('_id');
  });

  it("field 19: a line's id is unique in the house, also after a move, and a retry is still a retry", async () => {
    const lines = [{ id: newId(), itemId: service.soup }, { itemId: service.steak }];
    const [table, other] = [await service.table(), await service.table()];
    const order = (await place({ tableId: table.id, lines: lines.slice(0, 1) })).data;
    const taken = { status: 409, code: 'duplicate', errors: [{ field: 'lines.1.id' }] };
    const twice = [{ itemId: service.steak }, ...lines.slice(0, 1)];
    expect((await place({ channel: 'takeaway', lines: twice })).problem).toMatchObject(taken);
    const second = (await place({ tableId: other.id, lines: [{ itemId: service.steak }] })).data;
    expect(
      (await service.waiter.via(transport, 'order:add-lines', { orderId: second.id, lines: twice })).problem,
    ).toMatchObject(taken);
    const serverMade = [{ id: second.lines[0].id, itemId: service.soup }];
    expect((await place({ channel: 'takeaway', lines: serverMade })).problem?.errors?.[0]?.field).toBe('lines.0.id');
    const move = { orderId: order.id, lineIds: [order.lines[0].id], toOrderId: second.id };
    await service.manager.must('order:move-lines', move);
    expect((await place({ channel: 'takeaway', lines: twice })).problem).toMatchObject(taken);
    const retry = { orderId: order.id, lines: lines.slice(0, 1) };
    expect((await service.waiter.must('order:add-lines', retry)).lines).toEqual([]);
  });

  it('answers what the kitchen has made of it, as it can be read right afterwards', async () => {
    const { data } = await place({ channel: 'takeaway', lines: [{ itemId: service.water }, { itemId: service.soup }] });
    expect((await service.waiter.via(transport, 'order:get', { orderId: data.id })).data).toEqual(data);
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

  it('field 18: lists by number whatever ids the tablets choose; a page stays whole when orders come in between', async () => {
    const other = await openService(brigade);
    const place = (id?: string) =>
      other.waiter.must('order:place', { ...(id && { id }), channel: 'takeaway', lines: [{ itemId: other.water }] });
    const list = (input: object) => other.waiter.via(transport, 'order:list', input);
    const numbers = (answer: Awaited<ReturnType<typeof list>>) =>
      answer.data.items.map(({ number }: OrderView) => number);
    for (const id of [undefined, '000000000000000000000001', undefined, 'ffffffffffffffffffffffff', undefined])
      await place(id);
    const whole = await list({});
    expect(numbers(whole)).toEqual([5, 4, 3, 2, 1]);
    expect(whole.meta).toBeUndefined();
    const first = await list({ limit: 2 });
    expect(first.meta).toEqual({ nextCursor: first.data.nextCursor });
    await place('fffffffffffffffffffffff0');
    const second = await list({ limit: 2, cursor: first.meta?.nextCursor });
    const third = await list({ limit: 2, cursor: second.meta?.nextCursor });
    expect([first, second, third].map(numbers)).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.meta).toBeUndefined();
    await other.house.close();
  });

  it.each([
    ['made up', 'AAAA'],
    ['of another list', Buffer.from('["Ana"]').toString('base64url')],
    ['an operator', Buffer.from('[{"$gt":""},1]').toString('base64url')],
    ['no cursor at all', '../'],
  ])('refuses a cursor that is %s', async (_what, cursor) => {
    const { problem } = await service.waiter.via(transport, 'order:list', { cursor });
    expect(problem).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ field: 'cursor' }] });
  });
});

it('orders of a data folder from before, with the id alone in the database, are read and changed like others', async () => {
  const order = await service.order([{ itemId: service.soup }]);
  const { collection } = modelOf(orders);
  const [stored] = await collection.find({ 'lines.id': order.lines[0]?.id }).toArray();
  expect(stored?._id).toBe(`${stored?.restaurantId}:${order.id}`);
  await collection.insertOne({ ...stored, _id: order.id } as never);
  await collection.deleteOne({ _id: stored?._id as never });
  expect(await service.waiter.must('order:get', { orderId: order.id })).toEqual(order);
  await service.waiter.must('order:update', { orderId: order.id, note: 'still here' });
  expect((await service.waiter.must('order:list', { tableId: order.tableId })).items).toMatchObject([
    { id: order.id, version: 2, note: 'still here' },
  ]);
  const again = await service.waiter.rest('order:place', {
    id: order.id,
    channel: 'takeaway',
    lines: [{ itemId: service.soup }],
  });
  expect(again.problem).toMatchObject({ code: 'duplicate', errors: [{ field: 'id' }] });
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
