import {
  type Brigade,
  callRest,
  Screen,
  startBrigade,
  type Transport,
  transports,
} from '../../../tests/harness/index.js';
import { openService, type Service, statusesOf } from '../../../tests/harness/service.js';
import { newId } from '../../kernel/ids.js';
import type { TicketView } from './kitchen.views.js';

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
  ((await service.cook.must('ticket:list')) as TicketView[]).filter((ticket) => ticket.orderId === orderId);
const ofTicket = (id: string) => (event: { ticket: TicketView }) => event.ticket.id === id;
/** One ticket of one order: two soups and a soup on two lines. */
const soups = async () => {
  const order = await service.order([{ itemId: service.soup, quantity: 2 }, { itemId: service.soup }]);
  const [ticket] = await ticketsOf(order.id);
  return { order, ticket: ticket as TicketView, orderId: order.id, ticketId: ticket!.id };
};
const orderNow = async (orderId: string) => service.waiter.must('order:get', { orderId });

describe.each(transports)('over %s', (transport: Transport) => {
  const call = (name: string, input: object = {}, options = {}) => service.cook.via(transport, name, input, options);

  describe('stations', () => {
    const manage = (name: string, input: object, options = {}) => service.manager.via(transport, name, input, options);

    it('are created, changed, listed and deleted, and everybody hears of it', async () => {
      const screen = await service.waiter.screen();
      const name = `Fryer ${transport}`;
      const { status, data } = await manage('station:create', { name, position: 7, targetSeconds: 300 });
      expect(status).toBe(201);
      expect(data).toMatchObject({
        name,
        kind: 'prep',
        position: 7,
        isDefault: false,
        targetSeconds: 300,
        lateSeconds: 900,
      });
      const mine = (event: { stations: { id: string }[] }) => event.stations.some(({ id }) => id === data.id);
      expect(await screen.saw('kitchen:stations-updated', mine)).toEqual({ stations: [data], removedStationIds: [] });
      const changed = (await manage('station:update', { stationId: data.id, position: 8 }, { expectedVersion: 1 }))
        .data;
      expect(changed).toEqual({ ...data, position: 8, version: 2 });
      const late = await manage('station:update', { stationId: data.id, position: 9 }, { expectedVersion: 1 });
      expect(late.problem).toMatchObject({ code: 'version_conflict', current: { version: 2 } });
      expect((await call('station:list')).data).toContainEqual(changed);
      expect((await manage('station:delete', { stationId: data.id })).data.id).toBe(data.id);
      expect(
        await screen.saw('kitchen:stations-updated', ({ removedStationIds }) => removedStationIds.includes(data.id)),
      ).toBeDefined();
      expect((await call('station:list')).data).not.toContainEqual(changed);
    });

    it('have at most one default among them', async () => {
      const first = (await manage('station:create', { name: `A ${transport}`, isDefault: true })).data;
      const second = (await manage('station:create', { name: `B ${transport}`, isDefault: true })).data;
      const { data } = await call('station:list');
      const defaults = data.filter((station: { isDefault: boolean }) => station.isDefault);
      expect(defaults).toEqual([second]);
      for (const { id } of [first, second]) await manage('station:delete', { stationId: id });
    });

    it.each([
      ['a late time below the target', { targetSeconds: 600, lateSeconds: 500 }, 'lateSeconds'],
      ['an unknown item', { routes: { categoryIds: [], itemIds: [newId()] } }, 'routes.itemIds.0'],
      ['an unknown category', { routes: { categoryIds: [newId()], itemIds: [] } }, 'routes.categoryIds.0'],
      ['a default expo', { kind: 'expo', isDefault: true }, 'isDefault'],
      ['an unknown field', { colour: 'red' }, 'colour'],
    ])('refuse %s', async (_what, more, field) => {
      const { problem } = await manage('station:create', { name: `Wrong ${transport}`, ...more });
      expect(problem).toMatchObject({ status: 400, errors: [{ field }] });
    });

    it('refuse a name that is taken, and a cook', async () => {
      expect((await manage('station:create', { name: 'hot' })).problem).toMatchObject({
        status: 409,
        code: 'duplicate',
      });
      expect((await call('station:create', { name: 'Mine' })).problem).toMatchObject({ status: 403 });
    });

    it('stay while they have open tickets', async () => {
      const itemId = await service.dish('Waffle');
      const routes = { categoryIds: [], itemIds: [itemId] };
      const { id: stationId } = (await manage('station:create', { name: `Waffles ${transport}`, routes })).data;
      const order = await service.order([{ itemId }]);
      expect((await manage('station:delete', { stationId })).problem).toMatchObject({ status: 409, code: 'conflict' });
      await call('ticket:bump', { ticketId: (await ticketsOf(order.id))[0]?.id });
      expect((await manage('station:delete', { stationId })).status).toBe(200);
    });
  });

  describe('a ticket', () => {
    it('goes to its station with all a cook needs, paced so that the plates come up together', async () => {
      const { soup, steak, cold, hot } = service;
      const lines = [{ itemId: soup, quantity: 2, seat: 1, note: 'no salt' }, { itemId: steak }];
      const order = await service.order(lines, { guestCount: 3, note: 'Birthday' });
      const tickets = await ticketsOf(order.id);
      const starters = tickets.find(({ stationId }) => stationId === cold);
      const mains = tickets.find(({ stationId }) => stationId === hot);
      expect(tickets).toHaveLength(2);
      expect(starters).toMatchObject({
        kind: 'new',
        status: 'queued',
        firing: 1,
        priority: 0,
        orderNumber: order.number,
      });
      expect(starters).toMatchObject({
        guestCount: 3,
        orderNote: 'Birthday',
        waiterName: 'Some waiter',
        receivedBy: [],
      });
      expect(starters?.lines).toMatchObject([
        { quantity: 2, seat: 1, note: 'no salt', change: 'add', status: 'queued' },
      ]);
      expect(mains?.lines[0]?.modifiers).toEqual([{ name: 'Rare', quantity: 1 }]);
      const at = (time = '') => new Date(time).getTime();
      expect(at(mains?.paceStartAt)).toBe(at(mains?.sentAt));
      expect(at(starters?.paceStartAt) - at(starters?.sentAt)).toBe(600_000);
      expect(starters?.dueAt).toBe(mains?.dueAt);
    });

    it('is started, ready and bumped; the order follows', async () => {
      const { order, orderId, ticketId } = await soups();
      const waiters = await service.waiter.screen();
      const started = await call('ticket:start', { ticketId });
      expect(started.data).toMatchObject({
        status: 'preparing',
        lines: [{ status: 'preparing' }, { status: 'preparing' }],
      });
      expect((await waiters.saw('kitchen:ticket-updated', ofTicket(ticketId))).ticket).toEqual(started.data);
      expect(await orderNow(orderId)).toMatchObject({ stage: 'preparing' });
      const first = order.lines[0]!.id;
      const half = await call('ticket:ready', { ticketId, lineIds: [first] });
      expect(half.data).toMatchObject({ status: 'preparing', lines: [{ status: 'ready' }, { status: 'preparing' }] });
      expect(statusesOf(await orderNow(orderId))).toEqual(['ready', 'preparing']);
      expect((await call('ticket:ready', { ticketId, lineIds: [first] })).problem).toMatchObject({
        code: 'illegal_step',
      });
      expect((await call('ticket:ready', { ticketId, lineIds: [newId()] })).problem).toMatchObject({ status: 404 });
      expect((await call('ticket:ready', { ticketId })).data).toMatchObject({ status: 'ready' });
      expect(await orderNow(orderId)).toMatchObject({ stage: 'ready' });
      const ready = (event: { orderId: string; stage: string }) => event.orderId === orderId && event.stage === 'ready';
      expect((await waiters.saw('order:status-changed', ready)).previous.stage).toBe('preparing');
      expect((await call('ticket:ready', { ticketId })).problem).toMatchObject({
        code: 'illegal_step',
        legal: ['bump', 'cancel'],
      });
      expect((await call('ticket:bump', { ticketId })).data).toMatchObject({ status: 'done' });
      expect((await call('ticket:bump', { ticketId })).problem).toMatchObject({
        code: 'illegal_step',
        legal: ['recall'],
      });
      expect((await call('ticket:start', { ticketId })).problem).toMatchObject({ status: 409 });
      expect(await ticketsOf(orderId)).toEqual([]);
      const done = (await call('ticket:list', { show: 'done' })).data as TicketView[];
      expect(done.map(({ id }) => id)).toContain(ticketId);
    });

    it('bumped unstarted makes its lines ready', async () => {
      const { orderId, ticketId } = await soups();
      const { data } = await call('ticket:bump', { ticketId });
      expect(data).toMatchObject({ status: 'done', lines: [{ status: 'ready' }, { status: 'ready' }] });
      expect(await orderNow(orderId)).toMatchObject({ stage: 'ready' });
    });

    it('is recalled: what was not served yet is being prepared again', async () => {
      const { order, orderId, ticketId } = await soups();
      expect((await call('ticket:recall', { ticketId })).problem).toMatchObject({
        legal: ['start', 'ready', 'bump', 'cancel'],
      });
      await call('ticket:bump', { ticketId });
      await service.waiter.must('order:serve', { orderId, lineIds: [order.lines[0]!.id] });
      const { data } = await call('ticket:recall', { ticketId });
      expect(data).toMatchObject({ status: 'preparing', lines: [{ status: 'ready' }, { status: 'preparing' }] });
      expect(data).not.toHaveProperty('doneAt');
      const after = await orderNow(orderId);
      expect([statusesOf(after), after.stage]).toEqual([['served', 'preparing'], 'preparing']);
      await call('ticket:bump', { ticketId });
      await service.waiter.must('order:serve', { orderId });
      expect((await call('ticket:recall', { ticketId })).problem).toMatchObject({ code: 'illegal_step', legal: [] });
    });

    it('is put before the others and back', async () => {
      const { ticketId } = await soups();
      expect((await call('ticket:prioritise', { ticketId })).data.priority).toBe(1);
      expect((await call('ticket:prioritise', { ticketId, priority: 0 })).data.priority).toBe(0);
      expect((await call('ticket:prioritise', { ticketId, priority: 2 })).problem).toMatchObject({ status: 400 });
      await call('ticket:bump', { ticketId });
      expect((await call('ticket:prioritise', { ticketId })).problem).toMatchObject({ legal: ['recall'] });
    });

    it('checks the version where the client gives one, and who acts', async () => {
      const { ticketId } = await soups();
      await call('ticket:start', { ticketId }, { expectedVersion: 1 });
      const late = await call('ticket:ready', { ticketId }, { expectedVersion: 1 });
      expect(late.problem).toMatchObject({ code: 'version_conflict', current: { version: 2 } });
      expect((await service.waiter.via(transport, 'ticket:bump', { ticketId })).problem).toMatchObject({ status: 403 });
      expect((await call('ticket:bump', { ticketId: newId() })).problem).toMatchObject({
        status: 404,
        code: 'not_found',
      });
    });

    it("is nobody else's: another restaurant's cook does not find it", async () => {
      const { ticketId } = await soups();
      const other = await openService(brigade);
      const theirs = (name: string, input: object) => other.cook.via(transport, name, input);
      expect((await theirs('ticket:bump', { ticketId })).problem).toMatchObject({ status: 404, code: 'not_found' });
      expect((await theirs('ticket:get', { ticketId })).problem).toMatchObject({ status: 404 });
      expect((await theirs('ticket:received', { ticketIds: [ticketId] })).problem).toMatchObject({ status: 404 });
      expect((await theirs('ticket:list', {})).data).toEqual([]);
      await other.house.close();
    });
  });

  it.each(['received', 'seen'])('ticket:%s marks once: a second mark writes and announces nothing', async (verb) => {
    const [one, two] = [await soups(), await soups()];
    const waiters = await service.waiter.screen();
    const [at, by] = verb === 'received' ? ['receivedAt', 'receivedBy'] : ['seenAt', 'seenBy'];
    const mark = (ticketIds: string[]) => call(`ticket:${verb}`, { ticketIds });
    expect((await mark([one.ticketId])).data).toEqual({ ticketIds: [one.ticketId] });
    const { ticket } = await waiters.saw('kitchen:ticket-updated', ofTicket(one.ticketId));
    expect(ticket).toMatchObject({ [by]: [service.cook.userId], version: 2, status: 'queued' });
    expect(ticket[at]).toBeDefined();
    expect((await mark([one.ticketId, two.ticketId])).data).toEqual({ ticketIds: [two.ticketId] });
    expect((await mark([one.ticketId, two.ticketId])).data).toEqual({ ticketIds: [] });
    expect((await call('ticket:get', { ticketId: one.ticketId })).data).toEqual(ticket);
    const [updates] = [waiters.named('kitchen:ticket-updated').filter(({ data }) => ofTicket(one.ticketId)(data))];
    expect(updates).toHaveLength(1);
  });

  it('all-day counts and expo show what is left', async () => {
    const other = await openService(brigade);
    const ask = (name: string) => other.cook.via(transport, name);
    const counts = async () =>
      ((await ask('kitchen:all-day')).data as { itemId: string; quantity: number }[]).map(({ itemId, quantity }) => [
        itemId,
        quantity,
      ]);
    expect(await counts()).toEqual([]);
    const order = await other.order([{ itemId: other.soup, quantity: 2 }, { itemId: other.steak }]);
    await other.order([
      { itemId: other.soup, quantity: 3 },
      { itemId: other.steak, hold: true },
    ]);
    expect(await counts()).toEqual([
      [other.soup, 5],
      [other.steak, 1],
    ]);
    const ofFirst = ({ orderId }: { orderId: string }) => orderId === order.id;
    const tickets = ((await ask('ticket:list')).data as TicketView[]).filter(ofFirst);
    await other.cook.must('ticket:ready', { ticketId: tickets[0]?.id });
    expect((await ask('kitchen:expo')).data.find(ofFirst)).toMatchObject({ isReady: false, tickets: [{}, {}] });
    await other.cook.must('ticket:ready', { ticketId: tickets[1]?.id });
    expect((await ask('kitchen:expo')).data.find(ofFirst)).toMatchObject({ isReady: true, orderNumber: order.number });
    expect(await counts()).toEqual([[other.soup, 3]]);
    await other.house.close();
  });
});

describe('a screen bound to a station', () => {
  const pins = ['4711', '4712'];
  const openScreen = async (stationId: string, pin = pins.pop()) => {
    const { owner } = service.house;
    await owner.must('staff:create', { name: `Station cook ${pin}`, role: 'kitchen', pin });
    const device = await owner.must('device:pair', { name: 'Screen', kind: 'kitchen', stationIds: [stationId] });
    const { deviceToken } = await owner.must('device:token', { deviceId: device.id });
    const { data, problem } = await callRest(brigade.url, undefined, 'auth:pin-login', { deviceToken, pin });
    if (problem !== undefined) throw new Error(JSON.stringify(problem));
    return { screen: await Screen.open(brigade.url, data.accessToken), deviceId: device.id as string };
  };

  it("gets its station's tickets and no others, live, in lists and in the snapshot", async () => {
    const { screen } = await openScreen(service.hot);
    const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
    const mine = (event: { ticket: TicketView }) => event.ticket.orderId === order.id;
    const { ticket } = await screen.saw('kitchen:ticket-created', mine);
    expect(ticket.stationId).toBe(service.hot);
    const { data } = await screen.call('ticket:list');
    expect(new Set((data as TicketView[]).map(({ stationId }) => stationId))).toEqual(new Set([service.hot]));
    expect((await screen.call('ticket:list', { stationId: service.cold })).data).toEqual([]);
    const { replicas } = (await screen.call('sync:snapshot')).data;
    expect(replicas.tickets).toContainEqual(ticket);
    expect(replicas.tickets.every(({ stationId }: TicketView) => stationId === service.hot)).toBe(true);
    expect(replicas.orders).toEqual([]);
    expect(screen.named('order:created')).toEqual([]);
    screen.close();
  });

  it("marks by its device, and may not touch another station's ticket", async () => {
    const { screen, deviceId } = await openScreen(service.hot);
    const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
    const tickets = await ticketsOf(order.id);
    const own = tickets.find(({ stationId }) => stationId === service.hot);
    const foreign = tickets.find(({ stationId }) => stationId === service.cold);
    expect((await screen.call('ticket:received', { ticketIds: [own?.id] })).data).toEqual({ ticketIds: [own?.id] });
    const { ticket } = await screen.saw('kitchen:ticket-updated', ofTicket(own?.id ?? ''));
    expect(ticket.receivedBy).toEqual([deviceId]);
    expect((await screen.call('ticket:bump', { ticketId: foreign?.id })).problem).toMatchObject({ status: 403 });
    expect((await screen.call('ticket:bump', { ticketId: own?.id })).status).toBe(200);
    screen.close();
  });
});

it('a snapshot holds the open tickets of all stations for who sees them all', async () => {
  const { ticket } = await soups();
  const { replicas } = await service.waiter.must('sync:snapshot');
  expect(replicas.tickets).toContainEqual(ticket);
  expect(replicas.stations).toEqual((await service.waiter.must('station:list')) as object[]);
  const host = await service.house.hire('host');
  expect((await host.must('sync:snapshot')).replicas.tickets).toEqual([]);
});
