import { type Brigade, startBrigade, transports } from '../../../tests/harness/index.js';
import { eur, openService, type Service, statusesOf } from '../../../tests/harness/service.js';

let brigade: Brigade;
let service: Service;
/** 4.00 at a table, 3.50 taken away; and what is eaten here only. */
let coffee: string;
let flambe: string;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
  coffee = await service.dish('Coffee', { price: eur(400), channelPrices: { takeaway: eur(350) } });
  const availability = { channels: ['dine-in'], dayparts: [] };
  flambe = await service.dish('Flambé', { price: eur(1500), availability });
  await service.manager.must('station:update', {
    stationId: service.cold,
    routes: { categoryIds: [], itemIds: [service.soup, coffee, flambe] },
  });
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});
const tableOf = async (id: string | undefined) =>
  (await service.waiter.must('floor:get')).tables.find((table: { id: string }) => table.id === id);
const ticketsOf = (orderId: string) => service.cook.must('ticket:list', { orderId });

describe.each(transports)('over %s', (transport) => {
  const call = (name: string, input: object, options = {}) => service.manager.via(transport, name, input, options);

  it('field 37: guests have it packed: prices follow, the table is free, the kitchen is told, nothing is made anew', async () => {
    const order = await service.order([{ itemId: coffee, quantity: 2 }, { itemId: service.soup }]);
    const { name } = await tableOf(order.tableId);
    await service.manager.must('menu:update-item', { itemId: service.soup, price: eur(9900) });
    const pass = await service.cook.screen();
    const { data, status } = await call('order:update', { orderId: order.id, channel: 'takeaway' });
    await service.manager.must('menu:update-item', { itemId: service.soup, price: eur(650) });
    expect(status).toBe(200);
    expect(data).toMatchObject({ channel: 'takeaway', totals: { total: eur(700 + 650) } });
    expect(data).not.toHaveProperty('tableId');
    expect(statusesOf(data)).toEqual(['fired', 'fired']);
    expect(await tableOf(order.tableId)).toMatchObject({ status: 'dirty' });
    expect(await tableOf(order.tableId)).not.toHaveProperty('orderId');
    const mine = ({ ticket }: { ticket: { orderId: string; channel: string } }) =>
      ticket.orderId === order.id && ticket.channel === 'takeaway';
    expect((await pass.saw('kitchen:ticket-updated', mine)).ticket.movedFrom).toBe(name);
    const tickets = await ticketsOf(order.id);
    expect(tickets).toMatchObject([{ channel: 'takeaway', kind: 'new', lines: [{ quantity: 2 }, { quantity: 1 }] }]);
    expect(tickets[0]).not.toHaveProperty('tableName');
  });

  it('a take-away sits down, and back again: what it cost at first it costs at last', async () => {
    const lines = [{ itemId: coffee }, { itemId: service.steak, hold: true }];
    const order = (await call('order:place', { channel: 'takeaway', lines, customer: { name: 'Ana' } })).data;
    const table = await service.table();
    const { data } = await call('order:transfer', { orderId: order.id, tableId: table.id });
    expect(data).toMatchObject({ channel: 'dine-in', tableId: table.id, totals: { total: eur(400 + 2890) } });
    expect(await tableOf(table.id)).toMatchObject({ status: 'occupied', orderId: order.id });
    expect(await ticketsOf(order.id)).toMatchObject([{ channel: 'dine-in', tableName: table.name }]);
    const back = await call('order:update', { orderId: order.id, channel: 'takeaway' });
    expect(back.data.totals).toEqual(order.totals);
    expect(await tableOf(table.id)).toMatchObject({ status: 'dirty' });
  });

  it('who ordered for later and sits down is served as a table is: open, held until the waiter fires', async () => {
    const pickupAt = new Date(brigade.clock.now().getTime() + 7_200_000).toISOString();
    const order = (await call('order:place', { channel: 'takeaway', pickupAt, lines: [{ itemId: service.soup }] }))
      .data;
    const { data } = await call('order:transfer', { orderId: order.id, tableId: (await service.table()).id });
    expect(data).toMatchObject({ status: 'open', channel: 'dine-in', lines: [{ status: 'held' }] });
    for (const gone of ['pickupAt', 'fireAt']) expect(data).not.toHaveProperty(gone);
    expect((await call('order:fire', { orderId: order.id })).data.lines).toMatchObject([{ status: 'fired' }]);
  });

  it('nothing fired yet: the table is as if nobody had sat there', async () => {
    const order = await service.order([{ itemId: coffee, hold: true }]);
    await call('order:update', { orderId: order.id, channel: 'takeaway' });
    expect(await tableOf(order.tableId)).toMatchObject({ status: 'available' });
  });

  it('asks whether a dish is offered there of what is held only; what was made is made', async () => {
    const order = await service.order([{ itemId: flambe }, { itemId: flambe, hold: true }]);
    const refused = await call('order:update', { orderId: order.id, channel: 'takeaway' });
    expect(refused.problem).toMatchObject({ code: 'unavailable_item', errors: [{ field: 'channel' }] });
    expect(await tableOf(order.tableId)).toMatchObject({ status: 'occupied' });
    await call('order:cancel-line', { orderId: order.id, lineId: order.lines[1]?.id });
    expect((await call('order:update', { orderId: order.id, channel: 'takeaway' })).status).toBe(200);
  });

  it('refuses a table by update, a delivery to nowhere, a taken table and a stale version; nothing changes', async () => {
    const away = (await call('order:place', { channel: 'takeaway', lines: [{ itemId: coffee }] })).data;
    const orderId = away.id;
    const here = await service.order([{ itemId: coffee }]);
    const sit = await call('order:update', { orderId, channel: 'dine-in' });
    expect(sit.problem).toMatchObject({ status: 400, errors: [{ field: 'channel' }] });
    const nowhere = await call('order:update', { orderId, channel: 'delivery', customer: { name: 'Ana' } });
    expect(nowhere.problem).toMatchObject({ status: 400, errors: [{ field: 'customer.address' }] });
    const taken = await call('order:transfer', { orderId, tableId: here.tableId });
    expect(taken.problem).toMatchObject({ status: 409, current: { orderId: here.id } });
    const stale = await call(
      'order:update',
      { orderId: here.id, channel: 'takeaway' },
      { expectedVersion: here.version + 1 },
    );
    expect(stale.problem).toMatchObject({ code: 'version_conflict', current: { id: here.id } });
    expect((await call('order:get', { orderId })).data).toEqual(away);
    const address = { name: 'Ana', address: 'Rue de la Paix 1' };
    const sent = await call('order:update', { orderId, channel: 'delivery', customer: address });
    expect(sent.data).toMatchObject({ channel: 'delivery', customer: address, totals: { total: eur(400) } });
  });

  it('what moves to an order of another channel costs what it costs there', async () => {
    const from = await service.order([{ itemId: coffee, quantity: 3 }]);
    const to = (await call('order:place', { channel: 'takeaway', lines: [{ itemId: service.soup }] })).data;
    const lines = [{ lineId: from.lines[0]?.id, quantity: 1 }];
    const { data } = await call('order:move-lines', { orderId: from.id, lines, toOrderId: to.id });
    expect([data.from.totals.total, data.to.totals.total]).toEqual([eur(800), eur(650 + 350)]);
  });
});
