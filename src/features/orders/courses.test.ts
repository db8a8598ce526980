import { type Brigade, startBrigade, transports } from '../../../tests/harness/index.js';
import { eur, openService, type Service, statusesOf } from '../../../tests/harness/service.js';
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
}
const ticketsOf = async (orderId: string) =>
  ((await service.cook.must('ticket:list')) as Ticket[]).filter((ticket) => ticket.orderId === orderId);
const bumpAll = async (orderId: string) => {
  for (const { id } of await ticketsOf(orderId)) await service.cook.must('ticket:bump', { ticketId: id });
};
const mine = (id: string) => (event: { order?: OrderView; orderId?: string }) =>
  (event.order?.id ?? event.orderId) === id;
const lineIdOf = (order: OrderView, index = 0) => order.lines[index]!.id;

describe.each(transports)('over %s', (transport) => {
  const call = (name: string, input: object, options = {}) => service.waiter.via(transport, name, input, options);

  it('a dinner by courses: fire, ready, serve, complete', async () => {
    const { soup, steak, table } = service;
    const screen = await service.colleague.screen();
    const { id: tableId } = await table();
    const lines = [{ itemId: soup }, { itemId: steak }];
    const placed = (await call('order:place', { tableId, lines, fireCourses: [1] })).data as OrderView;
    expect(statusesOf(placed)).toEqual(['fired', 'held']);
    const orderId = placed.id;
    await bumpAll(orderId);
    const ready = await screen.saw('order:line-status-changed', mine(orderId));
    expect(ready).toMatchObject({ lineIds: [lineIdOf(placed)], status: 'ready', order: { stage: 'ready' } });
    expect(await screen.saw('order:status-changed', mine(orderId))).toEqual({
      orderId,
      number: placed.number,
      tableId,
      waiterId: service.waiter.userId,
      status: 'open',
      stage: 'ready',
      previous: { status: 'open', stage: 'pending' },
    });
    const served = (await call('order:serve', { orderId })).data;
    expect([statusesOf(served), served.stage]).toEqual([['served', 'held'], 'pending']);
    expect((await call('order:complete', { orderId })).problem).toMatchObject({
      code: 'illegal_step',
      legal: ['fire', 'cancel-line'],
    });
    const fired = (await call('order:fire', { orderId, courses: [2] })).data;
    expect(fired.lines[1]).toMatchObject({ status: 'fired', firing: 2 });
    await bumpAll(orderId);
    await call('order:serve', { orderId, lineIds: [lineIdOf(placed, 1)] });
    const { data } = await call('order:complete', { orderId });
    expect(data).toMatchObject({ status: 'completed', stage: 'served' });
    expect(data.closedAt).toBeDefined();
    const freed = (event: { table: { id: string; status: string } }) =>
      event.table.id === tableId && event.table.status === 'dirty';
    await screen.saw('table:status-changed', freed);
    expect((await call('order:complete', { orderId })).problem).toMatchObject({ code: 'illegal_step', legal: [] });
  });

  it('fires all that is held when nothing is named, once', async () => {
    const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }], { fire: 'hold' });
    const { data } = await call('order:fire', { orderId: order.id });
    expect(statusesOf(data)).toEqual(['fired', 'fired']);
    expect(await ticketsOf(order.id)).toHaveLength(2);
    const again = await call('order:fire', { orderId: order.id });
    expect(again.problem).toMatchObject({ status: 409, code: 'illegal_step' });
    const named = await call('order:fire', { orderId: order.id, lineIds: [lineIdOf(order)] });
    expect(named.problem).toMatchObject({
      code: 'illegal_step',
      legal: ['start', 'ready', 'serve', 'hold', 'void-line'],
    });
    const both = await call('order:fire', { orderId: order.id, lineIds: [lineIdOf(order)], courses: [1] });
    expect(both.problem).toMatchObject({ code: 'validation_failed' });
    expect(await ticketsOf(order.id)).toHaveLength(2);
  });

  it('holds what nobody has begun, and the kitchen is told', async () => {
    const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
    const steaks = (await ticketsOf(order.id)).at(-1) as Ticket;
    const begun = await service.cook.must('ticket:start', { ticketId: steaks.id });
    const { data } = await call('order:hold', { orderId: order.id });
    expect(statusesOf(data).sort()).toEqual(['held', 'preparing']);
    const held = data.lines.find((line: { status: string }) => line.status === 'held');
    expect(held).not.toHaveProperty('firing');
    expect(begun.lines[0].lineId).not.toBe(held.id);
    const late = await call('order:hold', { orderId: order.id, lineIds: [begun.lines[0].lineId] });
    expect(late.problem).toMatchObject({ code: 'illegal_step', legal: ['ready', 'serve', 'void-line'] });
    const open = await ticketsOf(order.id);
    expect(open.map(({ kind, status }) => [kind, status]).sort()).toEqual([
      ['delta', 'queued'],
      ['new', 'preparing'],
    ]);
    await call('order:fire', { orderId: order.id });
    expect(await ticketsOf(order.id)).toHaveLength(3);
  });

  it('serves what is ready; what the waiter has in hand, whatever the kitchen said; and the kitchen hears of it', async () => {
    const order = await service.order([{ itemId: service.soup, quantity: 2 }, { itemId: service.soup }]);
    const orderId = order.id;
    const none = await call('order:serve', { orderId });
    expect(none.problem).toMatchObject({
      code: 'illegal_step',
      legal: ['start', 'ready', 'serve', 'hold', 'void-line'],
    });
    const first = await call('order:serve', { orderId, lineIds: [lineIdOf(order)] });
    expect(statusesOf(first.data)).toEqual(['served', 'fired']);
    const [ticket] = (await ticketsOf(orderId)) as (Ticket & { lines: { status: string }[] })[];
    expect(ticket).toMatchObject({ status: 'preparing', lines: [{ status: 'ready' }, { status: 'queued' }] });
    await call('order:serve', { orderId, lineIds: [lineIdOf(order, 1)] });
    expect(await ticketsOf(orderId)).toMatchObject([{ id: ticket?.id, status: 'ready' }]);
    expect((await call('order:complete', { orderId })).data).toMatchObject({ status: 'completed' });
  });

  it('what needs nobody is ready at once, and the answer says so', async () => {
    const order = await service.order([{ itemId: service.water }]);
    expect([statusesOf(order), order.stage]).toEqual([['ready'], 'ready']);
    const more = await call('order:add-lines', { orderId: order.id, lines: [{ itemId: service.water, hold: true }] });
    expect(statusesOf(more.data)).toEqual(['ready', 'held']);
    expect(statusesOf((await call('order:fire', { orderId: order.id })).data)).toEqual(['ready', 'ready']);
    expect(await ticketsOf(order.id)).toEqual([]);
    const { data } = await call('order:get', { orderId: order.id });
    expect(data).toMatchObject({ stage: 'ready', lines: [{ status: 'ready' }, { status: 'ready' }] });
  });

  describe('order:cancel', () => {
    it('cancels while nothing is fired: portions and table are free again', async () => {
      const itemId = await service.dish('Eel');
      await service.manager.must('menu:set-availability', { itemId, available: true, remaining: 2 });
      const order = await service.order([{ itemId, quantity: 2 }], { fire: 'hold' });
      const screen = await service.colleague.screen();
      const input = { orderId: order.id, reason: 'The guests left' };
      const { data } = await call('order:cancel', input);
      expect(data).toMatchObject({ status: 'cancelled', cancelReason: input.reason, totals: { total: eur(0) } });
      expect(await screen.saw('order:cancelled', mine(order.id))).toEqual({ order: data, reason: input.reason });
      const freed = (event: { table: { id: string; status: string } }) =>
        event.table.id === order.tableId && event.table.status === 'available';
      await screen.saw('table:status-changed', freed);
      expect((await service.waiter.must('menu:get-item', { itemId })).remaining).toBe(2);
      expect((await call('order:cancel', input)).problem).toMatchObject({ code: 'illegal_step', legal: [] });
    });

    it('is refused once the kitchen has something, until that is voided', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const input = { orderId: order.id, reason: 'Mistake' };
      expect((await call('order:cancel', input)).problem).toMatchObject({ legal: ['void-line', 'hold'] });
      const voiding = { orderId: order.id, lineId: lineIdOf(order), reason: 'Mistake' };
      await service.manager.must('order:void-line', voiding);
      expect((await call('order:cancel', input)).data).toMatchObject({ status: 'cancelled' });
    });
  });

  it('order:update changes guests and note, and the head of the tickets', async () => {
    const order = await service.order([{ itemId: service.soup }]);
    const pass = await service.cook.screen();
    const input = { orderId: order.id, guestCount: 5, note: 'Nut allergy', customer: { name: 'Ben' } };
    const { data } = await call('order:update', input);
    expect(data).toMatchObject({ guestCount: 5, note: 'Nut allergy', customer: { name: 'Ben' }, version: 2 });
    const { ticket } = await pass.saw('kitchen:ticket-updated', (event) => event.ticket.orderId === order.id);
    expect(ticket).toMatchObject({ guestCount: 5, orderNote: 'Nut allergy', customerName: 'Ben', status: 'queued' });
    const late = await call('order:update', input, { expectedVersion: 1 });
    expect(late.problem).toMatchObject({ code: 'version_conflict', current: { version: 2 } });
    const pickup = { orderId: order.id, pickupAt: '2030-01-01T12:00:00.000Z' };
    expect((await call('order:update', pickup)).problem).toMatchObject({ code: 'illegal_step' });
  });
});
