import { type Brigade, openHouse, startBrigade, transports } from '../../../tests/harness/index.js';
import { eur, openService, type Service } from '../../../tests/harness/service.js';
import type { TicketView } from '../kitchen/kitchen.views.js';

let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade, {
    allergens: [{ code: 'buckwheat', name: 'Buckwheat' }],
    additives: [{ code: '1', name: 'With colouring' }],
  });
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});

const group = (options: object[], more: object = {}) =>
  service.manager.must('menu:create-modifier-group', { name: 'Choice', min: 0, max: 10, options, ...more });
const ticketsOf = async (orderId: string): Promise<TicketView[]> =>
  (await service.cook.must('ticket:list')).filter((ticket: TicketView) => ticket.orderId === orderId);

describe.each(transports)('options, over %s', (transport) => {
  const ask = (name: string, input: object) => service.waiter.via(transport, name, input);
  const place = async (line: object) => ask('order:place', { channel: 'takeaway', lines: [line], fire: 'hold' });

  it('may lower the price, of the line to nothing at most', async () => {
    const cup = await group([
      { name: 'Own cup', price: eur(-20) },
      { name: 'Far too cheap', price: eur(-5_000) },
    ]);
    const itemId = await service.dish('Coffee', { price: eur(300), modifierGroupIds: [cup.id] });
    const [own, cheap] = cup.options.map(({ id }: { id: string }) => ({ groupId: cup.id, optionId: id }));
    const { data } = await place({ itemId, quantity: 3, modifiers: [own] });
    expect([data.lines[0].total, data.totals.total]).toEqual([eur(840), eur(840)]);
    expect((await place({ itemId, modifiers: [cheap] })).data.totals.total).toEqual(eur(0));
  });

  it('cost what the size of the dish says, so many are free, and of one so many at most', async () => {
    const toppings = await group(
      [
        { name: 'Ham', price: eur(100), prices: { Small: eur(50), Large: eur(150) }, max: 2 },
        { name: 'Truffle', price: eur(400), prices: { small: eur(300) } },
        { name: 'Salt' },
      ],
      { free: 2 },
    );
    const [ham, truffle, salt] = toppings.options.map(({ id }: { id: string }) => ({
      groupId: toppings.id,
      optionId: id,
    }));
    const sizes = [
      { name: 'Small', price: eur(800) },
      { name: 'Large', price: eur(1_200) },
    ];
    const itemId = await service.dish('Pizza', { price: undefined, sizes, modifierGroupIds: [toppings.id] });
    const [small, large] = (await service.waiter.must('menu:get-item', { itemId })).sizes;
    const modifiers = [truffle, { ...ham, quantity: 2 }, salt];
    const order = (await place({ itemId, sizeId: small.id, modifiers })).data;
    // Two hams at 0.50 are the cheapest that cost something: free. The truffle is not.
    expect(order.lines[0].modifiers).toMatchObject([
      { price: eur(300) },
      { price: eur(50), quantity: 2, free: 2 },
      { price: eur(0) },
    ]);
    expect(order.totals.total).toEqual(eur(1_100));
    const turned = await place({ itemId, sizeId: small.id, modifiers: [...modifiers].reverse() });
    expect(turned.data.totals.total).toEqual(eur(1_100));
    const line = { orderId: order.id, lineId: order.lines[0].id };
    const larger = (await ask('order:change-line', { ...line, sizeId: large.id })).data;
    expect(larger.totals.total).toEqual(eur(1_600));
    await service.manager.must('menu:update-modifier-group', {
      ...{
        groupId: toppings.id,
        options: toppings.options.map(({ soldOut: _, ...one }: { soldOut: boolean }) => ({
          ...one,
          price: eur(9_999),
          prices: {},
        })),
      },
    });
    const fewer = (await ask('order:change-line', { ...line, modifiers: [truffle, ham] })).data;
    expect(fewer.totals.total).toEqual(eur(1_200));
    const three = await place({ itemId, sizeId: small.id, modifiers: [{ ...ham, quantity: 3 }] });
    expect(three.problem?.errors?.[0]).toEqual({
      field: 'lines.0.modifiers.0.quantity',
      message: 'Ham: choose at most 2',
    });
  });

  it('bring their allergens to line and ticket; traces get there too, and the house has its own codes', async () => {
    const sauce = await group([
      { name: 'Satay', allergens: { contains: ['peanuts'], traces: ['nuts'] }, description: 'Hot', additives: ['1'] },
      { name: 'Soy', allergens: { contains: ['soybeans'], traces: [] } },
    ]);
    expect(sauce.options[0]).toMatchObject({ description: 'Hot', additives: ['1'] });
    const allergens = { contains: ['buckwheat'], traces: ['peanuts', 'milk'] };
    const more = { number: '23a', allergens, additives: ['1'], modifierGroupIds: [sauce.id] };
    const itemId = await service.dish('Skewer', more);
    const { hot } = service;
    const station = (await service.manager.must('station:list')).find(({ id }: { id: string }) => id === hot);
    await service.manager.must('station:update', {
      ...{ stationId: hot, routes: { categoryIds: [], itemIds: [...station.routes.itemIds, itemId] } },
    });
    const [satay, soy] = sauce.options.map(({ id }: { id: string }) => ({ groupId: sauce.id, optionId: id }));
    const order = await service.order([{ itemId, modifiers: [satay] }], { fire: 'hold' });
    const said = { allergens: ['buckwheat', 'peanuts'], traces: ['milk', 'nuts'], number: '23a' };
    expect(order.lines[0]).toMatchObject(said);
    const change = { orderId: order.id, lineId: order.lines[0]?.id, modifiers: [soy] };
    const other = { allergens: ['buckwheat', 'soybeans'], traces: ['peanuts', 'milk'] };
    expect((await ask('order:change-line', change)).data.lines[0]).toMatchObject(other);
    await ask('order:change-line', { ...change, modifiers: [satay] });
    await ask('order:fire', { orderId: order.id });
    expect((await ticketsOf(order.id))[0]?.lines[0]).toMatchObject(said);
  });

  it.each([
    ['allergens.contains.0', { allergens: { contains: ['plastic'], traces: [] } }],
    ['additives.0', { additives: ['99'] }],
    ['openPrice', { openPrice: true, price: undefined, sizes: [{ name: 'S', price: eur(1) }] }],
    ['price', { price: undefined }],
    ['price.amount', { price: eur(100_000_001) }],
    ['decimals', { decimals: 4 }],
  ])('a dish with a wrong %s is refused', async (field, wrong) => {
    const { categoryId } = await service.waiter.must('menu:get-item', { itemId: service.soup });
    const input = { name: 'X', categoryId, taxClass: 'food', price: eur(1), ...wrong };
    const { problem } = await service.manager.via(transport, 'menu:create-item', JSON.parse(JSON.stringify(input)));
    expect(problem?.errors?.[0]?.field).toBe(field);
  });

  it('what the house has declared cannot go while the menu may name it', async () => {
    const gone = await service.house.owner.via(transport, 'restaurant:update', { allergens: [] });
    expect(gone.problem?.errors?.[0]?.field).toBe('allergens');
  });
});

describe.each(transports)('weights and open prices, over %s', (transport) => {
  const ask = (name: string, input: object) => service.waiter.via(transport, name, input);
  const place = async (line: object, who = service.waiter) =>
    who.via(transport, 'order:place', { channel: 'takeaway', lines: [line] });

  it('a kilo price times a weight is rounded once; parts of it are voided and made', async () => {
    const itemId = await service.dish('Sea bass', { price: eur(6_799), unit: 'kg', decimals: 3 });
    await service.manager.must('menu:set-availability', { itemId, available: true, remaining: 2.5 });
    const { data } = await place({ itemId, quantity: 0.642 });
    expect(data.lines[0]).toMatchObject({ quantity: 0.642, unit: 'kg', total: eur(4_365) });
    expect((await service.waiter.must('menu:get-item', { itemId })).remaining).toBe(1.858);
    const line = { orderId: data.id, lineId: data.lines[0].id };
    const { data: less } = await service.manager.via(transport, 'order:void-line', {
      ...line,
      quantity: 0.1,
      reason: 'Bones',
    });
    expect(less.lines.map(({ quantity }: { quantity: number }) => quantity)).toEqual([0.542, 0.1]);
    expect((await place({ itemId, quantity: 2 })).problem?.code).toBe('sold_out');
  });

  it('a dish takes the decimals it allows', async () => {
    const [whole, half] = [await service.dish('Egg', { decimals: 0 }), await service.dish('Cake', { decimals: 1 })];
    const field = (answer: { problem: { errors?: { field: string }[] } | undefined }) =>
      answer.problem?.errors?.[0]?.field;
    expect(field(await place({ itemId: whole, quantity: 1.5 }))).toBe('lines.0.quantity');
    expect(field(await place({ itemId: half, quantity: 0.25 }))).toBe('lines.0.quantity');
    expect((await place({ itemId: half, quantity: 0.5 })).data.totals.total).toEqual(eur(500));
    for (const quantity of [0, -1, 201, 0.0005])
      expect(field(await place({ itemId: half, quantity }))).toBe('lines.0.quantity');
    const held = await service.order([{ itemId: whole, quantity: 2 }], { fire: 'hold' });
    const change = await ask('order:change-line', { orderId: held.id, lineId: held.lines[0]?.id, quantity: 1.5 });
    expect(field(change)).toBe('quantity');
    const grams = await service.dish('Ham', { unit: 'g', price: eur(7) });
    expect((await place({ itemId: grams, quantity: 640 })).data.totals.total).toEqual(eur(4_480));
  });

  it('an open price is said when it is ordered, by who may, and stays', async () => {
    const itemId = await service.dish('Lobster', { price: undefined, openPrice: true });
    const { manager } = service;
    expect((await place({ itemId }, manager)).problem?.errors?.[0]?.field).toBe('lines.0.price');
    expect((await place({ itemId, price: eur(5_800) })).problem?.code).toBe('forbidden');
    const cheap = await place({ itemId: service.soup, price: eur(1) }, manager);
    expect(cheap.problem?.errors?.[0]?.field).toBe('lines.0.price');
    const abroad = await place({ itemId, price: { amount: 1, currency: 'USD' } }, manager);
    expect(abroad.problem?.errors?.[0]?.field).toBe('lines.0.price.currency');
    const input = { channel: 'takeaway', fire: 'hold', lines: [{ itemId, price: eur(5_800) }] };
    const { data } = await manager.via(transport, 'order:place', input);
    expect(data.lines[0]).toMatchObject({ unitPrice: eur(5_800), openPrice: true });
    const more = await ask('order:change-line', { orderId: data.id, lineId: data.lines[0].id, quantity: 2 });
    expect(more.data.totals.total).toEqual(eur(11_600));
    const again = await manager.via(transport, 'order:repeat', { orderId: data.id, lineIds: [data.lines[0].id] });
    expect(again.data.totals.total).toEqual(eur(23_200));
    const priced = await service.dish('Turbot', { openPrice: true });
    expect((await place({ itemId: priced })).data.totals.total).toEqual(eur(1_000));
  });
});

it('a banquet in rupiah can be ordered and shown; what is too much is refused where it is ordered', async () => {
  const currency = 'IDR';
  const house = await openHouse(brigade, { currency });
  const { owner } = house;
  const money = (amount: number) => ({ amount, currency });
  const category = await owner.must('menu:create-category', { name: 'Dishes', taxClass: 'food' });
  const item = { name: 'Feast', categoryId: category.id, price: money(60_000_000) };
  const { id: itemId } = await owner.must('menu:create-item', item);
  const place = (quantity: number, lines = 1) =>
    owner.rest('order:place', {
      channel: 'takeaway',
      lines: Array.from({ length: lines }, () => ({ itemId, quantity })),
    });
  const { data: order } = await place(20);
  expect(order.totals.total).toEqual(money(1_200_000_000));
  await owner.must('menu:update-item', { itemId, price: money(1_000_000_000_000) });
  expect((await place(10.001)).problem?.errors?.[0]?.field).toBe('lines.0.quantity');
  expect((await place(10, 2)).problem?.errors?.[0]?.field).toBe('lines');
  const { data: largest } = await place(10);
  expect(largest.totals.total).toEqual(money(10_000_000_000_000));
  expect((await owner.must('sync:snapshot')).replicas.orders).toHaveLength(2);
  await house.close();
});
