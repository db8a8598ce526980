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
  stationId: string;
  parentTicketId?: string;
  status: string;
  lines: { lineId: string; quantity: number; change: string; note: string; status: string }[];
}
const ticketsOf = async (orderId: string) =>
  ((await service.cook.must('ticket:list')) as Ticket[]).filter((ticket) => ticket.orderId === orderId);
/** How many portions of an order the kitchen is to make. */
const toMake = async (orderId: string) =>
  (await ticketsOf(orderId))
    .flatMap(({ lines }) => lines)
    .filter(
      ({ change, status }) =>
        (change === 'add' || change === 'move') && (status === 'queued' || status === 'preparing'),
    )
    .reduce((sum, { quantity }) => sum + quantity, 0);
const lineIdOf = (order: OrderView, index = 0) => order.lines[index]!.id;
const remainingOf = async (itemId: string) => (await service.waiter.must('menu:get-item', { itemId })).remaining;

describe.each(transports)('over %s', (transport) => {
  const call = (name: string, input: object, options = {}) => service.waiter.via(transport, name, input, options);

  describe('order:add-lines', () => {
    it('prices and fires new lines, in a firing of their own', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const screen = await service.colleague.screen();
      const { data } = await call('order:add-lines', {
        orderId: order.id,
        lines: [{ itemId: service.soup, quantity: 2 }],
      });
      expect(data).toMatchObject({ version: 2, totals: { total: eur(1950) } });
      expect(data.lines.map((line: { firing: number }) => line.firing)).toEqual([1, 2]);
      expect((await screen.saw('order:updated', ({ order: one }) => one.id === order.id)).order).toEqual(data);
      const [first, second] = await ticketsOf(order.id);
      expect(first).toMatchObject({ kind: 'new', lines: [{ quantity: 1 }] });
      expect(second).toMatchObject({
        kind: 'delta',
        parentTicketId: first?.id,
        lines: [{ quantity: 2, change: 'add' }],
      });
    });

    it('field 2: lines that come again under their ids are not cooked twice', async () => {
      const order = await service.order([{ itemId: service.water }]);
      const lines = [
        { id: newId(), itemId: service.soup, quantity: 2, note: 'hot' },
        { id: newId(), itemId: service.steak },
      ];
      const first = (await call('order:add-lines', { orderId: order.id, lines })).data;
      await call('order:change-line', { orderId: order.id, lineId: lines[0]!.id, note: 'very hot' });
      const more = [...lines, { id: newId(), itemId: service.soup }];
      expect((await call('order:add-lines', { orderId: order.id, lines })).data.lines).toHaveLength(first.lines.length);
      expect((await call('order:add-lines', { orderId: order.id, lines: more })).data.lines).toHaveLength(4);
      expect(await toMake(order.id)).toBe(4);
      const other = [{ ...lines[1], quantity: 2 }];
      const { problem } = await call('order:add-lines', { orderId: order.id, lines: other });
      expect(problem).toMatchObject({ status: 409, code: 'conflict', errors: [{ field: 'lines.0.id' }] });
    });

    it('field 6: two waiters add at once: both additions are there, once', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const adding = (who: typeof service.waiter, itemId: string) =>
        who.via(transport, 'order:add-lines', { orderId: order.id, lines: [{ itemId }] });
      const answers = await Promise.all([
        adding(service.waiter, service.steak),
        adding(service.colleague, service.soup),
        adding(service.waiter, service.soup),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      const after = (await service.waiter.must('order:get', { orderId: order.id })) as OrderView;
      expect(after.lines).toHaveLength(4);
      expect(after.totals.total).toEqual(eur(650 * 3 + 2890));
      expect(await toMake(order.id)).toBe(4);
    });

    it('field 8: an addition that comes after the end is refused with the reason, and the table stays closed', async () => {
      const order = await service.order([{ itemId: service.water }]);
      await service.waiter.must('order:serve', { orderId: order.id });
      await service.waiter.must('order:complete', { orderId: order.id });
      const { problem } = await call('order:add-lines', { orderId: order.id, lines: [{ itemId: service.soup }] });
      expect(problem).toMatchObject({ status: 409, code: 'illegal_step', legal: [], current: { status: 'completed' } });
      expect(problem?.detail).toContain('completed');
      expect(await ticketsOf(order.id)).toEqual([]);
    });

    it('takes portions, and leaves the order as it was when they are not there', async () => {
      const itemId = await service.dish('Oyster');
      await service.manager.must('menu:set-availability', { itemId, available: true, remaining: 3 });
      const order = await service.order([{ itemId: service.water }]);
      const add = (quantity: number) => call('order:add-lines', { orderId: order.id, lines: [{ itemId, quantity }] });
      expect((await add(2)).status).toBe(200);
      expect((await add(2)).problem).toMatchObject({ status: 409, code: 'sold_out' });
      expect(((await call('order:get', { orderId: order.id })).data as OrderView).lines).toHaveLength(2);
      expect(await remainingOf(itemId)).toBe(1);
    });
  });

  describe('order:change-line', () => {
    it('changes a held line in everything, priced anew, portions counted', async () => {
      const { steak, cooking } = service;
      const order = await service.order([{ itemId: steak, seat: 1 }], { fire: 'hold' });
      const modifiers = [
        { groupId: cooking.groupId, optionId: cooking.truffle, quantity: 1 },
        { groupId: cooking.groupId, optionId: cooking.rare, quantity: 1 },
      ];
      const line = { orderId: order.id, lineId: lineIdOf(order) };
      const { data } = await call('order:change-line', {
        ...line,
        quantity: 2,
        modifiers,
        seat: null,
        course: 3,
        note: 'x',
      });
      expect(data.lines).toMatchObject([{ quantity: 2, course: 3, note: 'x', status: 'held', total: eur(6080) }]);
      expect(data.lines[0]).not.toHaveProperty('seat');
      expect(data.totals.total).toEqual(eur(6080));
      expect((await call('order:change-line', { ...line, quantity: 2 })).data.version).toBe(data.version);
    });

    it('counts portions up and down', async () => {
      const itemId = await service.dish('Crab');
      await service.manager.must('menu:set-availability', { itemId, available: true, remaining: 5 });
      const order = await service.order([{ itemId, quantity: 2 }], { fire: 'hold' });
      const change = (quantity: number) =>
        call('order:change-line', { orderId: order.id, lineId: lineIdOf(order), quantity });
      await change(4);
      expect(await remainingOf(itemId)).toBe(1);
      expect((await change(6)).problem?.code).toBe('sold_out');
      await change(1);
      expect(await remainingOf(itemId)).toBe(4);
    });

    it('field 5: a note after firing makes no food; the kitchen is shown it', async () => {
      const order = await service.order([{ itemId: service.soup, quantity: 2 }]);
      const pass = await service.cook.screen();
      const line = { orderId: order.id, lineId: lineIdOf(order) };
      const { data } = await call('order:change-line', { ...line, note: 'no salt', quantity: 2 });
      expect(data.lines).toMatchObject([{ note: 'no salt', status: 'fired', quantity: 2 }]);
      const mine = ({ ticket }: { ticket: Ticket }) => ticket.orderId === order.id && ticket.kind === 'delta';
      const { ticket } = await pass.saw('kitchen:ticket-created', mine);
      expect(ticket.lines).toMatchObject([{ change: 'change', note: 'no salt', lineId: line.lineId }]);
      const [first] = await ticketsOf(order.id);
      expect(ticket.parentTicketId).toBe(first?.id);
      expect(first?.lines).toMatchObject([{ change: 'add', note: 'no salt', quantity: 2 }]);
      expect(await toMake(order.id)).toBe(2);
    });

    it('refuses another quantity after firing, and says what is possible', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const line = { orderId: order.id, lineId: lineIdOf(order) };
      const { problem } = await call('order:change-line', { ...line, quantity: 3 });
      expect(problem).toMatchObject({ status: 409, code: 'illegal_step', legal: ['void-line', 'add-lines', 'hold'] });
      const nothing = await call('order:change-line', line);
      expect(nothing.problem).toMatchObject({ status: 400, code: 'validation_failed' });
      const unknown = await call('order:change-line', { ...line, lineId: newId(), note: 'x' });
      expect(unknown.problem).toMatchObject({ status: 404, code: 'not_found' });
    });

    it('checks the version where the client gives one', async () => {
      const order = await service.order([{ itemId: service.soup }], { fire: 'hold' });
      const input = { orderId: order.id, lineId: lineIdOf(order), note: 'first' };
      expect((await call('order:change-line', input, { expectedVersion: 1 })).data.version).toBe(2);
      const late = await call('order:change-line', { ...input, note: 'second' }, { expectedVersion: 1 });
      expect(late.problem).toMatchObject({
        status: 409,
        code: 'version_conflict',
        current: { id: order.id, version: 2 },
      });
    });
  });

  describe('order:cancel-line', () => {
    it('cancels a held line and gives its portions back, not a fired one', async () => {
      const itemId = await service.dish('Truffle');
      await service.manager.must('menu:set-availability', { itemId, available: true, remaining: 5 });
      const order = await service.order([{ itemId, quantity: 2, hold: true }, { itemId: service.soup }]);
      const screen = await service.colleague.screen();
      expect(await remainingOf(itemId)).toBe(3);
      const { data } = await call('order:cancel-line', { orderId: order.id, lineId: lineIdOf(order) });
      expect(statusesOf(data)).toEqual(['cancelled', 'fired']);
      expect(data.totals.total).toEqual(eur(650));
      expect(await remainingOf(itemId)).toBe(5);
      const mine = ({ order: one }: { order: OrderView }) => one.id === order.id;
      expect(await screen.saw('order:line-status-changed', mine)).toEqual({
        order: data,
        lineIds: [lineIdOf(order)],
        status: 'cancelled',
      });
      const fired = await call('order:cancel-line', { orderId: order.id, lineId: lineIdOf(order, 1) });
      expect(fired.problem).toMatchObject({
        code: 'illegal_step',
        legal: ['start', 'ready', 'serve', 'hold', 'void-line'],
      });
    });
  });

  describe('order:void-line', () => {
    const voiding = (input: object) => service.manager.via(transport, 'order:void-line', input);

    it('voids a fired line with its reason, and tells the kitchen on a ticket of its own', async () => {
      const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
      const { data } = await voiding({ orderId: order.id, lineId: lineIdOf(order), reason: 'Ordered by mistake' });
      expect(data.lines[0]).toMatchObject({ status: 'voided', void: { reason: 'Ordered by mistake' } });
      expect(data.lines[0].void.by.id).toBe(service.manager.userId);
      expect(data.totals.total).toEqual(eur(2890));
      const open = await ticketsOf(order.id);
      const delta = open.find(({ kind }) => kind === 'delta');
      expect(delta).toMatchObject({ stationId: service.cold, lines: [{ change: 'cancel', quantity: 1 }] });
      expect(open.map(({ kind }) => kind).sort()).toEqual(['delta', 'new']);
      const cancelled = await service.cook.must('ticket:get', { ticketId: delta?.parentTicketId });
      expect(cancelled).toMatchObject({ status: 'cancelled', lines: [{ status: 'cancelled' }] });
      expect(await toMake(order.id)).toBe(1);
    });

    it('voids what was eaten without news for the kitchen', async () => {
      const order = await service.order([{ itemId: service.soup }]);
      const [ticket] = await ticketsOf(order.id);
      await service.cook.must('ticket:ready', { ticketId: ticket?.id });
      await service.waiter.must('order:serve', { orderId: order.id });
      const { data } = await voiding({ orderId: order.id, lineId: lineIdOf(order), reason: 'A hair in it' });
      expect(data).toMatchObject({ totals: { total: eur(0) }, lines: [{ status: 'voided' }] });
      expect(await ticketsOf(order.id)).toMatchObject([{ id: ticket?.id, status: 'ready' }]);
    });

    it('voids some portions of a line', async () => {
      const order = await service.order([{ itemId: service.soup, quantity: 3 }]);
      const input = { orderId: order.id, lineId: lineIdOf(order), reason: 'Too many' };
      const { data } = await voiding({ ...input, quantity: 1 });
      expect(data.lines).toMatchObject([
        { id: input.lineId, quantity: 2, status: 'fired' },
        { quantity: 1, status: 'voided' },
      ]);
      expect(data.totals.total).toEqual(eur(1300));
      expect(await toMake(order.id)).toBe(2);
      expect((await voiding({ ...input, quantity: 3 })).problem).toMatchObject({ errors: [{ field: 'quantity' }] });
    });

    it('needs a reason, a permission, and a fired line', async () => {
      const order = await service.order([{ itemId: service.soup, hold: true }, { itemId: service.soup }]);
      const line = { orderId: order.id, lineId: lineIdOf(order, 1) };
      expect((await voiding(line)).problem).toMatchObject({ errors: [{ field: 'reason' }] });
      expect((await call('order:void-line', { ...line, reason: 'x' })).problem).toMatchObject({ status: 403 });
      const held = await voiding({ ...line, lineId: lineIdOf(order), reason: 'x' });
      expect(held.problem).toMatchObject({ code: 'illegal_step', legal: ['fire', 'cancel-line'] });
    });
  });

  it('order:repeat orders another round at the prices of now', async () => {
    const itemId = await service.dish('Beer', { price: eur(400) });
    const order = await service.order([{ itemId, quantity: 2, seat: 3, note: 'cold' }, { itemId: service.water }]);
    await service.manager.must('menu:update-item', { itemId, price: eur(450) });
    const { data } = await call('order:repeat', { orderId: order.id, lineIds: [lineIdOf(order)] });
    expect(data.lines).toHaveLength(3);
    expect(data.lines[2]).toMatchObject({ itemId, quantity: 2, seat: 3, note: 'cold', unitPrice: eur(450) });
    expect(data.lines[0]).toMatchObject({ unitPrice: eur(400) });
    expect((await call('order:repeat', { orderId: order.id, lineIds: [newId()] })).problem).toMatchObject({
      status: 404,
    });
  });
});
