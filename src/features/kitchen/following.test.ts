import { type Brigade, startBrigade, type Transport, transports, until } from '../../../tests/harness/index.js';
import { eur, openService, type Service, statusesOf } from '../../../tests/harness/service.js';
import type { AlertView } from '../dashboard/dashboard.views.js';
import type { OrderView } from '../orders/index.js';
import type { StationView, TicketView } from './kitchen.views.js';

let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  // The clock moves past what lingers on the screens; everybody's tokens must outlive that.
  brigade = await startBrigade({ JWT_ACCESS_TTL_SECONDS: '36000' });
  service = await openService(brigade);
});
afterEach(() => brigade.clock.set(new Date()));
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});

const ticketsOf = async (orderId: string, of: Service = service) =>
  ((await of.cook.must('ticket:list')) as TicketView[]).filter((ticket) => ticket.orderId === orderId);
const lineIdOf = (order: OrderView, index = 0) => order.lines[index]!.id;
const alertsOf = async (of: Service, kind: string) =>
  ((await of.manager.must('dashboard:alerts')) as AlertView[]).filter((alert) => alert.kind === kind);

describe.each(transports)('over %s', (transport: Transport) => {
  const cook = (name: string, input: object = {}) => service.cook.via(transport, name, input);
  const manage = (name: string, input: object = {}) => service.manager.via(transport, name, input);

  /** An order of one line, whose ticket is bumped. */
  async function bumped(
    line: object,
  ): Promise<{ order: OrderView; orderId: string; lineId: string; ticketId: string }> {
    const order = await service.order([line]);
    const [ticket] = await ticketsOf(order.id);
    await service.cook.must('ticket:bump', { ticketId: ticket?.id });
    return { order, orderId: order.id, lineId: lineIdOf(order), ticketId: ticket?.id ?? '' };
  }

  describe('a bumped ticket that is called back', () => {
    it('says what the order has now: table, waiter, guests, note, and how many', async () => {
      const { orderId, lineId, ticketId } = await bumped({ itemId: service.soup, quantity: 3, note: 'no celery' });
      const table = await service.table();
      await service.waiter.must('order:transfer', { orderId, tableId: table.id });
      await service.waiter.must('order:update', { orderId, guestCount: 7, note: 'Hurry' });
      await service.manager.must('order:void-line', { orderId, lineId, reason: 'Dropped', quantity: 1 });
      await service.waiter.must('order:change-line', { orderId, lineId, note: 'ALLERGY' });
      await service.manager.must('table:update', { tableId: table.id, name: `${table.name} by the window` });
      expect(await ticketsOf(orderId)).toEqual([]);
      const { data } = await cook('ticket:recall', { ticketId });
      expect(data).toMatchObject({
        ...{ status: 'preparing', tableName: `${table.name} by the window`, guestCount: 7, orderNote: 'Hurry' },
        lines: [{ lineId, quantity: 2, note: 'ALLERGY', status: 'preparing' }],
      });
    });

    it('is not, when nothing of it is wanted any more, or its order has ended', async () => {
      const { orderId, lineId, ticketId } = await bumped({ itemId: service.soup });
      await service.manager.must('order:void-line', { orderId, lineId, reason: 'Dropped' });
      const { problem } = await cook('ticket:recall', { ticketId });
      expect(problem).toMatchObject({ status: 409, code: 'illegal_step', legal: [] });
      expect(problem?.detail).toMatch(/served, voided or moved/);
      const ended = await bumped({ itemId: service.soup });
      await service.waiter.must('order:serve', { orderId: ended.orderId });
      await service.waiter.must('order:complete', { orderId: ended.orderId });
      const late = await cook('ticket:recall', { ticketId: ended.ticketId });
      expect(late.problem).toMatchObject({ status: 409, code: 'illegal_step' });
      expect(late.problem?.detail).toMatch(/is completed/);
    });

    it('is not, when its station is gone; its lines can still be changed and voided', async () => {
      const itemId = await service.dish('Skewer');
      const routes = { categoryIds: [], itemIds: [itemId] };
      const station = await manage('station:create', { name: `Terrace ${transport}`, position: 8, routes });
      const { order, orderId, lineId, ticketId } = await bumped({ itemId });
      await service.cook.must('ticket:recall', { ticketId });
      const refused = await manage('station:delete', { stationId: station.data.id });
      expect(refused.problem).toMatchObject({ status: 409, code: 'conflict' });
      expect(refused.problem?.detail).toContain(`1 open tickets (of order ${order.number})`);
      expect((await manage('station:update', { stationId: station.data.id, kind: 'none' })).problem?.code).toBe(
        'conflict',
      );
      await service.cook.must('ticket:bump', { ticketId });
      await manage('station:delete', { stationId: station.data.id });
      const { problem } = await cook('ticket:recall', { ticketId });
      expect(problem).toMatchObject({ status: 409, code: 'illegal_step', legal: [] });
      const line = { orderId, lineId };
      expect((await service.waiter.via(transport, 'order:change-line', { ...line, note: 'well done' })).status).toBe(
        200,
      );
      expect((await manage('order:void-line', { ...line, reason: 'Cannot be made' })).status).toBe(200);
    });
  });

  it('what was bumped and then moved to another order is bumped there, and at the pass', async () => {
    const { orderId, lineId, ticketId } = await bumped({ itemId: service.soup });
    const to = await service.order([{ itemId: service.steak }]);
    await service.waiter.must('order:move-lines', { orderId, lineIds: [lineId], toOrderId: to.id });
    expect(await ticketsOf(to.id)).toHaveLength(1);
    expect((await cook('ticket:recall', { ticketId })).problem?.code).toBe('illegal_step');
    const pass: { orderId: string; tickets: { ticketId: string; status: string }[] }[] = (await cook('kitchen:expo'))
      .data;
    expect(pass.find((one) => one.orderId === orderId)).toBeUndefined();
    const there = pass.find((one) => one.orderId === to.id)?.tickets;
    expect(there?.map(({ status }) => status).sort()).toEqual(['done', 'queued']);
    const moved = there?.find(({ status }) => status === 'done')?.ticketId;
    expect((await cook('ticket:recall', { ticketId: moved })).data).toMatchObject({
      ...{ status: 'preparing', orderId: to.id, lines: [{ lineId, change: 'move', status: 'preparing' }] },
    });
  });

  it('the pass keeps what every station has bumped until it is served', async () => {
    const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
    for (const { id: ticketId } of await ticketsOf(order.id)) await service.cook.must('ticket:bump', { ticketId });
    const atPass = async () =>
      (await cook('kitchen:expo')).data.find((one: { orderId: string }) => one.orderId === order.id);
    expect(await atPass()).toMatchObject({ isReady: true, tickets: [{ status: 'done' }, { status: 'done' }] });
    await service.waiter.must('order:serve', { orderId: order.id, lineIds: [lineIdOf(order)] });
    expect(await atPass()).toMatchObject({ isReady: true, tickets: [{ status: 'done' }] });
    await service.waiter.must('order:serve', { orderId: order.id });
    expect(await atPass()).toBeUndefined();
  });

  it('open tickets follow a waiter to another name', async () => {
    const order = await service.order([{ itemId: service.soup }]);
    const name = `Jo ${transport}`;
    await manage('staff:update', { staffId: service.waiter.userId, name });
    expect(await ticketsOf(order.id)).toMatchObject([{ waiterName: name }]);
  });

  it('a kitchen without screens serves and closes, and its tickets do not stay for ever', async () => {
    const printing = await openService(brigade, { ticketReceiptSeconds: 0 });
    const serve = (input: object) => printing.waiter.via(transport, 'order:serve', input);
    const order = await printing.order([{ itemId: printing.soup }, { itemId: printing.steak }]);
    expect(statusesOf((await serve({ orderId: order.id })).data)).toEqual(['served', 'served']);
    expect(await printing.cook.must('kitchen:all-day')).toEqual([]);
    await printing.waiter.must('order:complete', { orderId: order.id });
    const { tables } = await printing.waiter.must('floor:get');
    expect(tables.find(({ id }: { id: string }) => id === order.tableId)).toMatchObject({ status: 'dirty' });
    brigade.clock.advance(601_000);
    await until('the tickets have left', async () => (await ticketsOf(order.id, printing)).length === 0);
    await printing.house.close();
  });

  it('food that no station says it makes goes to the first one, and managers and waiter are told until a route is set', async () => {
    const house = await openService(brigade);
    const waiter = await house.waiter.screen();
    const itemId = await house.dish('Waffle');
    const order = await house.order([{ itemId }, { itemId: house.soup }]);
    expect([statusesOf(order), order.stage]).toEqual([['fired', 'fired'], 'pending']);
    expect(await ticketsOf(order.id, house)).toMatchObject([{ stationId: house.cold, lines: [{ itemId }, {}] }]);
    await house.order([{ itemId }]);
    const [alert, ...more] = await alertsOf(house, 'unrouted');
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ stationId: house.cold, itemId, orderId: order.id, waiterIds: [house.waiter.userId] });
    const ofItem = (event: { alert: AlertView }) => event.alert.itemId === itemId;
    expect((await waiter.saw('dashboard:alert', ofItem)).alert).toEqual(alert);
    const routes = { categoryIds: [], itemIds: [itemId] };
    await house.manager.via(transport, 'station:create', { name: 'Shelf', kind: 'none', routes });
    expect((await waiter.saw('dashboard:alert-updated', ofItem)).alert).toMatchObject({ resolution: 'routed' });
    expect(statusesOf(await house.order([{ itemId }]))).toEqual(['ready']);
    await house.house.close();
  });

  it('a category that goes takes its routes along, and a manager is told whose they were', async () => {
    const house = await openService(brigade);
    const { id } = await house.manager.must('menu:create-category', { name: 'Grilled', taxClass: 'food' });
    const routes = { categoryIds: [id], itemIds: [house.steak] };
    await house.manager.must('station:update', { stationId: house.hot, routes });
    const manager = await house.manager.screen();
    const menu = {
      ...{ format: 'brigade-menu/1', categories: [{ code: 'HAUPT', name: 'Mains', taxClass: 'food' }] },
      ...{ modifierGroups: [], items: [{ code: 'S1', name: 'Steak', category: 'HAUPT', price: eur(2600) }] },
    };
    await house.manager.via(transport, 'menu:import', { mode: 'replace', menu });
    const stations: StationView[] = await house.manager.must('station:list');
    expect(stations.find((one) => one.id === house.hot)?.routes).toEqual({ categoryIds: [], itemIds: [house.steak] });
    const { alert } = await manager.saw('dashboard:alert', (event) => event.alert.kind === 'routes_lost');
    expect(alert).toMatchObject({ stationId: house.hot, stationName: 'Hot' });
    await house.house.close();
  });

  it('who has left looks after nothing; a manager sees what is left', async () => {
    const house = await openService(brigade);
    const leaver = await house.house.hire('waiter');
    const table = await house.table();
    const [section] = (await house.manager.must('floor:get')).sections;
    await house.manager.must('section:assign', { sectionId: section.id, waiterId: leaver.userId });
    const lines = [{ itemId: house.soup, quantity: 2 }];
    const order = await leaver.must('order:place', { tableId: table.id, lines });
    await house.manager.via(transport, 'staff:deactivate', { staffId: leaver.userId });
    const theirs = async () => {
      const { sections, tables } = await house.manager.must('floor:get');
      return [...sections, ...tables].filter(
        (one: { waiterId?: string; orderWaiterId?: string }) =>
          one.waiterId === leaver.userId || one.orderWaiterId === leaver.userId,
      );
    };
    expect(await theirs()).toEqual([]);
    const [alert] = await alertsOf(house, 'staff_left');
    expect(alert).toMatchObject({ staffId: leaver.userId, orderNumbers: [order.number] });
    expect(alert?.tableNames).toContain(table.name);
    const live: AlertView[] = await house.manager.must('dashboard:alerts');
    expect(live.some(({ waiterIds }) => waiterIds.includes(leaver.userId))).toBe(false);
    const [elsewhere, another] = [await house.table(), await house.table()];
    await house.waiter.must('order:transfer', { orderId: order.id, tableId: elsewhere.id });
    const input = { orderId: order.id, lineIds: [lineIdOf(order)], tableId: another.id };
    expect((await house.waiter.via(transport, 'order:move-lines', input)).data.to.waiterId).toBe(house.waiter.userId);
    expect(await theirs()).toEqual([]);
    await house.house.close();
  });
});
