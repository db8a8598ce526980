import { type Brigade, startBrigade, transports } from '../../../tests/harness/index.js';
import { eur, openService, type Service, statusesOf } from '../../../tests/harness/service.js';
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

interface Ticket {
  id: string;
  orderId: string;
  kind: string;
  status: string;
  tableName: string;
  movedFrom?: string;
  lines: { lineId: string; change: string; status: string; quantity: number }[];
}
const open = async () => (await service.cook.must('ticket:list')) as Ticket[];
const ticketsOf = async (orderId: string) => (await open()).filter((ticket) => ticket.orderId === orderId);
const allDay = async () =>
  ((await service.cook.must('kitchen:all-day')) as { quantity: number }[]).reduce((sum, one) => sum + one.quantity, 0);
const lineIdOf = (order: OrderView, index = 0) => order.lines[index]!.id;
const tableOf = async (id: string | undefined) => {
  const { tables } = await service.waiter.must('floor:get');
  return tables.find((table: { id: string }) => table.id === id);
};

describe.each(transports)('over %s', (transport) => {
  const call = (name: string, input: object, options = {}) => service.waiter.via(transport, name, input, options);

  describe('order:transfer', () => {
    it('field 3: takes an order to another table: the kitchen is told of a move, not of new food', async () => {
      const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
      const before = await allDay();
      const [old, to] = [await tableOf(order.tableId), await service.table()];
      const pass = await service.cook.screen();
      const { data } = await call('order:transfer', { orderId: order.id, tableId: to.id });
      expect(data).toMatchObject({ id: order.id, tableId: to.id, lines: order.lines });
      const moved = ({ ticket }: { ticket: Ticket }) => ticket.orderId === order.id;
      const { ticket } = await pass.saw('kitchen:ticket-updated', moved);
      expect(ticket).toMatchObject({ tableName: to.name, movedFrom: old.name, kind: 'new', status: 'queued' });
      expect(await ticketsOf(order.id)).toHaveLength(2);
      expect(await allDay()).toBe(before);
      expect(await tableOf(to.id)).toMatchObject({ status: 'occupied', orderId: order.id });
      expect(await tableOf(order.tableId)).toMatchObject({ status: 'dirty' });
    });

    it('refuses a taken table and says whose it is; nothing moves', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const other = await service.order([{ itemId: service.soup }]);
      const { problem } = await call('order:transfer', { orderId: order.id, tableId: other.tableId });
      expect(problem).toMatchObject({ status: 409, code: 'conflict', current: { orderId: other.id } });
      expect((await call('order:get', { orderId: order.id })).data.tableId).toBe(order.tableId);
      expect(await tableOf(order.tableId)).toMatchObject({ status: 'occupied', orderId: order.id });
    });

    it('hands an order over to another waiter', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const waiterId = service.colleague.userId;
      const { data } = await call('order:transfer', { orderId: order.id, waiterId });
      expect(data).toMatchObject({ waiterId, tableId: order.tableId, version: 2 });
      expect(await tableOf(order.tableId)).toMatchObject({ orderWaiterId: waiterId, orderId: order.id });
      const same = await call('order:transfer', { orderId: order.id, waiterId });
      expect(same.data.version).toBe(2);
      expect((await call('order:transfer', { orderId: order.id })).problem).toMatchObject({
        code: 'validation_failed',
      });
      expect((await call('order:transfer', { orderId: order.id, waiterId: newId() })).problem).toMatchObject({
        status: 404,
      });
    });

    it('follows its table to another waiter', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const screen = await service.colleague.screen();
      const waiterId = service.colleague.userId;
      await call('table:transfer', { tableId: order.tableId, waiterId });
      const mine = (event: { order: OrderView }) => event.order.id === order.id;
      expect((await screen.saw('order:updated', mine)).order).toMatchObject({ waiterId, version: 2 });
    });
  });

  describe('order:move-lines', () => {
    it('field 3: moves fired lines to another order: nothing is made anew, and they go on where they were', async () => {
      const from = await service.order([{ itemId: service.soup, quantity: 2 }, { itemId: service.steak }]);
      const to = await service.order([{ itemId: service.soup }]);
      const steak = (await ticketsOf(from.id)).find((ticket) => ticket.lines[0]?.lineId === lineIdOf(from, 1));
      await service.cook.must('ticket:start', { ticketId: steak?.id });
      const before = await allDay();
      const input = { orderId: from.id, lineIds: [lineIdOf(from, 1)], toOrderId: to.id };
      const { data } = await call('order:move-lines', input);
      expect(data.from.lines.map(({ id }: { id: string }) => id)).toEqual([lineIdOf(from)]);
      expect(data.from.totals.total).toEqual(eur(1300));
      expect(data.to.totals.total).toEqual(eur(650 + 2890));
      expect([statusesOf(data.to), data.to.stage]).toEqual([['fired', 'preparing'], 'preparing']);
      const [oldTable, newTable] = [await tableOf(from.tableId), await tableOf(to.tableId)];
      const arrived = (await ticketsOf(to.id)).find(({ lines }) => lines[0]?.change === 'move');
      expect(arrived).toMatchObject({ kind: 'delta', status: 'preparing', movedFrom: oldTable.name });
      expect(arrived).toMatchObject({ tableName: newTable.name, lines: [{ lineId: lineIdOf(from, 1) }] });
      expect(await service.cook.must('ticket:get', { ticketId: steak?.id })).toMatchObject({ status: 'cancelled' });
      expect(await ticketsOf(from.id)).toHaveLength(1);
      expect(await allDay()).toBe(before);
      await service.cook.must('ticket:bump', { ticketId: arrived?.id });
      const after = (await call('order:get', { orderId: to.id })).data;
      expect(statusesOf(after)).toEqual(['fired', 'ready']);
    });

    it('opens a new order at a free table', async () => {
      const from = await service.order([{ itemId: service.soup }, { itemId: service.steak, hold: true }]);
      const table = await service.table();
      const screen = await service.colleague.screen();
      const input = { orderId: from.id, lineIds: from.lines.map(({ id }) => id), tableId: table.id, guestCount: 2 };
      const { data } = await call('order:move-lines', input);
      expect(data.to).toMatchObject({ tableId: table.id, guestCount: 2, number: from.number + 1, totals: from.totals });
      expect(statusesOf(data.to)).toEqual(['fired', 'held']);
      expect(data.from).toMatchObject({ lines: [], totals: { total: eur(0) }, stage: 'pending' });
      const mine = (event: { order: OrderView }) => event.order.id === data.to.id;
      expect((await screen.saw('order:created', mine)).order).toEqual(data.to);
      expect(await ticketsOf(data.to.id)).toMatchObject([{ tableName: table.name, lines: [{ change: 'move' }] }]);
      expect(await ticketsOf(from.id)).toEqual([]);
      const cancelled = await call('order:cancel', { orderId: from.id, reason: 'All at the other table' });
      expect(cancelled.data.status).toBe('cancelled');
    });

    it('field 4: what was eaten moves to another order without a ticket', async () => {
      const from = await service.order([{ itemId: service.soup }]);
      const to = await service.order([{ itemId: service.water }]);
      const [ticket] = await ticketsOf(from.id);
      await service.cook.must('ticket:ready', { ticketId: ticket?.id });
      await call('order:serve', { orderId: from.id });
      const { data } = await call('order:move-lines', {
        orderId: from.id,
        lineIds: [lineIdOf(from)],
        toOrderId: to.id,
      });
      expect(statusesOf(data.to)).toEqual(['ready', 'served']);
      expect(await ticketsOf(to.id)).toEqual([]);
      expect(await ticketsOf(from.id)).toMatchObject([{ id: ticket?.id, status: 'ready' }]);
    });

    it('field 2: a moved line that is sent again is not made again', async () => {
      const line = { id: newId(), itemId: service.soup };
      const from = await service.order([line]);
      const to = await service.order([{ itemId: service.soup }]);
      await call('order:move-lines', { orderId: from.id, lineIds: [line.id], toOrderId: to.id });
      const { status, data } = await call('order:add-lines', { orderId: from.id, lines: [line] });
      expect([status, data.lines]).toEqual([200, []]);
    });

    it('field 38: moves one of three: the kitchen makes three as before, and each order pays for its own', async () => {
      const sent = { id: newId(), itemId: service.soup, quantity: 3, seat: 2, note: 'hot' };
      const from = await service.order([sent, { itemId: service.steak, hold: true }]);
      const lineId = sent.id;
      const table = await service.table();
      const before = await allDay();
      const part = (quantity: number, to: object) => ({ orderId: from.id, lines: [{ lineId, quantity }], ...to });
      const { data } = await call('order:move-lines', part(1, { tableId: table.id }));
      const [moved] = data.to.lines;
      expect(data.from.lines[0]).toEqual({ ...from.lines[0], quantity: 2, total: eur(1300) });
      expect(moved).toMatchObject({ quantity: 1, status: 'fired', seat: 2, note: 'hot', total: eur(650) });
      expect(moved.id).not.toBe(lineId);
      expect(await allDay()).toBe(before);
      const [stays] = await ticketsOf(from.id);
      expect(stays).toMatchObject({ kind: 'new', lines: [{ lineId, change: 'add', quantity: 2 }] });
      const arrived = [{ lineId: moved.id, change: 'move', quantity: 1 }];
      expect(await ticketsOf(data.to.id)).toMatchObject([{ kind: 'delta', tableName: table.name, lines: arrived }]);
      await service.cook.must('ticket:bump', { ticketId: stays?.id });
      expect(statusesOf((await call('order:get', { orderId: data.to.id })).data)).toEqual(['fired']);
      // Whole, and sent again: the tablet's line is where it went to.
      const rest = await call('order:move-lines', part(2, { toOrderId: data.to.id }));
      expect(rest.data.to.lines).toMatchObject([{ quantity: 1 }, { id: lineId, quantity: 2, status: 'ready' }]);
      expect((await call('order:add-lines', { orderId: from.id, lines: [sent] })).data.lines).toHaveLength(1);
      const back = { orderId: data.to.id, lineIds: [moved.id], lines: [{ lineId, quantity: 1 }], toOrderId: from.id };
      const { data: shared } = await call('order:move-lines', back);
      expect(shared.from.lines).toMatchObject([{ id: lineId, quantity: 1 }]);
      expect(shared.to.lines.map(({ quantity }: { quantity: number }) => quantity)).toEqual([1, 1, 1]);
    });

    it('a part of a held line goes held, and nobody in the kitchen hears of it', async () => {
      const from = await service.order([{ itemId: service.soup, quantity: 3, course: 3, hold: true }]);
      const to = await service.order([{ itemId: service.water }]);
      const lines = [{ lineId: lineIdOf(from), quantity: 2 }];
      const { data } = await call('order:move-lines', { orderId: from.id, lines, toOrderId: to.id });
      expect(data.to.lines[1]).toMatchObject({ quantity: 2, course: 3, status: 'held' });
      expect(data.from.lines).toMatchObject([{ quantity: 1, status: 'held' }]);
      expect(await ticketsOf(to.id)).toEqual([]);
    });

    it('refuses more than there is, a line twice, and an order somebody else has changed', async () => {
      const from = await service.order([{ itemId: service.soup, quantity: 2 }]);
      const to = await service.order([{ itemId: service.soup }]);
      const [lineId, toOrderId] = [lineIdOf(from), to.id];
      const move = (input: object, options = {}) =>
        call('order:move-lines', { orderId: from.id, toOrderId, ...input }, options);
      const three = await move({ lines: [{ lineId, quantity: 3 }] });
      expect(three.problem).toMatchObject({ status: 400, errors: [{ field: 'lines.0.quantity' }] });
      const twice = await move({ lineIds: [lineId], lines: [{ lineId, quantity: 1 }] });
      expect(twice.problem).toMatchObject({ status: 400, errors: [{ field: 'lines' }] });
      const none = await move({ lines: [{ lineId, quantity: 0 }] });
      expect(none.problem).toMatchObject({ status: 400, errors: [{ field: 'lines.0.quantity' }] });
      const stale = await move({ lines: [{ lineId, quantity: 1 }] }, { expectedVersion: from.version + 1 });
      expect(stale.problem).toMatchObject({ code: 'version_conflict', current: { id: from.id } });
    });

    it('refuses what cannot go', async () => {
      const from = await service.order([{ itemId: service.soup, hold: true }]);
      const to = await service.order([{ itemId: service.water }]);
      const move = (input: object) =>
        call('order:move-lines', { orderId: from.id, lineIds: [lineIdOf(from)], ...input });
      expect((await move({ toOrderId: from.id })).problem).toMatchObject({ errors: [{ field: 'toOrderId' }] });
      expect((await move({ toOrderId: newId() })).problem).toMatchObject({ status: 404 });
      expect((await move({ toOrderId: to.id, lineIds: [newId()] })).problem).toMatchObject({ status: 404 });
      expect((await move({})).problem).toMatchObject({ code: 'validation_failed' });
      await call('order:cancel-line', { orderId: from.id, lineId: lineIdOf(from) });
      expect((await move({ toOrderId: to.id })).problem).toMatchObject({ code: 'illegal_step' });
    });
  });

  it('field 3: tables joined after firing make no food', async () => {
    const order = await service.order([{ itemId: service.soup }]);
    const before = await allDay();
    const other = await service.table();
    await call('table:join', { tableId: order.tableId, tableIds: [other.id] });
    expect(await allDay()).toBe(before);
    expect(await ticketsOf(order.id)).toHaveLength(1);
    expect(await tableOf(other.id)).toMatchObject({ status: 'occupied', orderId: order.id });
    const taken = await call('order:place', { tableId: other.id, lines: [{ itemId: service.soup }] });
    expect(taken.problem).toMatchObject({ code: 'conflict', current: { orderId: order.id } });
  });
});
