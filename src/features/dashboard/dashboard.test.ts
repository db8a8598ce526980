import {
  type Brigade,
  callRest,
  openHouse,
  Screen,
  startBrigade,
  type Transport,
  transports,
  until,
} from '../../../tests/harness/index.js';
import { openService, type Service } from '../../../tests/harness/service.js';
import type { TicketView } from '../kitchen/kitchen.views.js';
import type { AlertView } from './dashboard.views.js';

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

interface OneAlert {
  alert: AlertView;
}
const about = (orderId: string) => (event: OneAlert) => event.alert.orderId === orderId;
const ofStation = (event: OneAlert) => event.alert.kind === 'station_without_screen';
const alertsOf = (screen: Screen): AlertView[] =>
  screen.named('dashboard:alert').map(({ data }: { data: OneAlert }) => data.alert);
const ticketOf = async (orderId: string) =>
  ((await service.cook.must('ticket:list')) as TicketView[]).find((ticket) => ticket.orderId === orderId) as TicketView;
const live = () => service.manager.must('dashboard:alerts') as Promise<AlertView[]>;

/** Runs with the cook's screen on line, unbound as an expo is. */
async function withCook<T>(work: (cook: Screen) => Promise<T>): Promise<T> {
  const cook = await Screen.open(brigade.url, service.cook.token);
  try {
    return await work(cook);
  } finally {
    cook.close();
  }
}

describe.each(transports)('over %s', (transport: Transport) => {
  const manage = (name: string, input: object = {}) => service.manager.via(transport, name, input);

  it('tells managers and the waiter at once of a ticket for a kitchen without a screen, and when it arrived', async () => {
    const [manager, waiter, colleague] = [
      await service.manager.screen(),
      await service.waiter.screen(),
      await service.colleague.screen(),
    ];
    const order = await service.order([{ itemId: service.soup }]);
    const { alert } = await manager.saw('dashboard:alert', about(order.id));
    const ticket = await ticketOf(order.id);
    expect(alert).toMatchObject({
      ...{ kind: 'ticket_undelivered', status: 'open', noScreen: true, stationId: service.cold, stationName: 'Cold' },
      ...{ ticketId: ticket.id, orderNumber: order.number, tableName: ticket.tableName },
      waiterIds: [service.waiter.userId],
    });
    expect(ticket.alarmedAt).toBe(ticket.sentAt);
    expect((await waiter.saw('dashboard:alert', about(order.id))).alert).toEqual(alert);
    expect((await manage('dashboard:alerts')).data).toContainEqual(alert);
    await service.cook.must('ticket:received', { ticketIds: [ticket.id] });
    const { alert: over } = await waiter.saw('dashboard:alert-updated', about(order.id));
    expect(over).toMatchObject({ id: alert.id, status: 'resolved', resolution: 'received' });
    expect((await manage('dashboard:alerts')).data).not.toContainEqual(expect.objectContaining({ id: alert.id }));
    expect((await manage('dashboard:alerts', { show: 'resolved' })).data).toContainEqual(over);
    expect((await ticketOf(order.id)).alarmEndedAt).toBe(over.resolvedAt);
    expect(alertsOf(colleague).filter(({ orderId }) => orderId === order.id)).toEqual([]);
  });

  it('lets a manager take an alert on and end it, and says what is possible', async () => {
    const order = await service.order([{ itemId: service.soup }]);
    const alert = (await live()).find(({ orderId }) => orderId === order.id) as AlertView;
    const step = (name: string) => manage(`dashboard:${name}-alert`, { alertId: alert.id });
    const taken = await step('acknowledge');
    expect(taken.data).toMatchObject({ status: 'acknowledged', acknowledgedBy: service.manager.userId });
    expect((await step('acknowledge')).problem).toMatchObject({
      status: 409,
      code: 'illegal_step',
      legal: ['resolve'],
    });
    expect((await step('resolve')).data).toMatchObject({
      ...{ status: 'resolved', resolution: 'by_hand', resolvedBy: service.manager.userId },
    });
    expect((await step('resolve')).problem).toMatchObject({ status: 409, legal: [] });
    const stranger = await openHouse(brigade);
    const theirs = await stranger.owner.via(transport, 'dashboard:resolve-alert', { alertId: alert.id });
    expect(theirs.problem).toMatchObject({ status: 404, detail: 'No such alert' });
    await stranger.close();
  });

  it('is for managers; waiters have the alerts about their own orders in their copy', async () => {
    const order = await service.order([{ itemId: service.soup }]);
    expect((await service.waiter.via(transport, 'dashboard:alerts')).status).toBe(403);
    const copyOf = async (person: Service['waiter']) => {
      const { replicas } = await person.must('sync:snapshot');
      return (replicas.alerts as AlertView[]).map(({ orderId }) => orderId);
    };
    expect(await copyOf(service.waiter)).toContain(order.id);
    expect(await copyOf(service.manager)).toContain(order.id);
    expect(await copyOf(service.colleague)).not.toContain(order.id);
    expect(await copyOf(service.cook)).toEqual([]);
  });

  it.each([-1, 1.5, 601, 'soon'])('refuses %p seconds', async (ticketReceiptSeconds) => {
    const { status, problem } = await service.house.owner.via(transport, 'restaurant:update', { ticketReceiptSeconds });
    expect(status).toBe(400);
    expect(problem?.errors).toMatchObject([{ field: 'ticketReceiptSeconds' }]);
  });
});

describe('after an outage', () => {
  it('a screen receives two hundred alarmed tickets at once, and each alert is over', async () => {
    const house = await openService(brigade);
    const stations = 20;
    const itemIds = await Promise.all(Array.from({ length: stations }, (_, i) => house.dish(`Dish ${i}`)));
    for (const [i, id] of itemIds.entries())
      await house.house.owner.must('station:create', { name: `S${i}`, routes: { categoryIds: [], itemIds: [id] } });
    for (let i = 0; i < 10; i += 1) await house.order(itemIds.map((itemId) => ({ itemId })));
    const tickets: TicketView[] = await house.cook.must('ticket:list');
    expect(tickets.filter(({ alarmedAt }) => alarmedAt !== undefined)).toHaveLength(200);
    const ticketIds = tickets.map(({ id }) => id);
    expect(await house.cook.must('ticket:received', { ticketIds })).toEqual({ ticketIds });
    expect(await house.manager.must('dashboard:alerts')).toEqual([]);
    const over: AlertView[] = await house.manager.must('dashboard:alerts', { show: 'resolved' });
    expect(over.every(({ resolution }) => resolution === 'received')).toBe(true);
    expect(over.length).toBeGreaterThan(0);
    await house.house.close();
  });
});

describe('the clock of a ticket', () => {
  it('runs while a screen is on line, raises one alert after ten seconds, and none for what was received', async () => {
    await withCook(async (cook) => {
      const manager = await service.manager.screen();
      const [lost, received] = [
        await service.order([{ itemId: service.soup }]),
        await service.order([{ itemId: service.soup }]),
      ];
      await cook.call('ticket:received', { ticketIds: [(await ticketOf(received.id)).id] });
      expect((await ticketOf(lost.id)).alarmedAt).toBeUndefined();
      brigade.clock.advance(9_000);
      brigade.clock.advance(2_000);
      const { alert } = await manager.saw('dashboard:alert', about(lost.id));
      expect(alert).toMatchObject({ kind: 'ticket_undelivered', noScreen: false, orderId: lost.id });
      const { sentAt } = await ticketOf(lost.id);
      expect(Date.parse(alert.raisedAt) - Date.parse(sentAt)).toBeGreaterThanOrEqual(10_000);
      await cook.call('ticket:start', { ticketId: alert.ticketId });
      expect((await manager.saw('dashboard:alert-updated', about(lost.id))).alert.resolution).toBe('not_needed');
      expect(alertsOf(manager).filter(({ orderId }) => orderId === lost.id)).toHaveLength(1);
      expect(alertsOf(manager).filter(({ orderId }) => orderId === received.id)).toEqual([]);
    });
  });

  it('keeps the seconds that the restaurant chose, or does not run at all', async () => {
    await withCook(async () => {
      const manager = await service.manager.screen();
      await service.house.owner.must('restaurant:update', { ticketReceiptSeconds: 60 });
      const patient = await service.order([{ itemId: service.soup }]);
      await service.house.owner.must('restaurant:update', { ticketReceiptSeconds: 0 });
      const never = await service.order([{ itemId: service.soup }]);
      await service.house.owner.must('restaurant:update', { ticketReceiptSeconds: 10 });
      brigade.clock.advance(30_000);
      const prompt = await service.order([{ itemId: service.soup }]);
      brigade.clock.advance(11_000);
      await manager.saw('dashboard:alert', about(prompt.id));
      expect(alertsOf(manager).filter(({ orderId }) => [patient.id, never.id].includes(orderId ?? ''))).toEqual([]);
      brigade.clock.advance(20_000);
      await manager.saw('dashboard:alert', about(patient.id));
      expect(alertsOf(manager).filter(({ orderId }) => orderId === never.id)).toEqual([]);
    });
  });

  it('stops when the food is cancelled', async () => {
    const manager = await service.manager.screen();
    const order = await service.order([{ itemId: service.soup }]);
    const line = { orderId: order.id, lineId: order.lines[0]?.id, reason: 'mistake' };
    await service.manager.must('order:void-line', line);
    const { alert } = await manager.saw('dashboard:alert-updated', about(order.id));
    expect(alert).toMatchObject({ status: 'resolved', resolution: 'not_needed' });
  });
});

describe('a station', () => {
  it('whose last screen goes while it has open tickets raises an alert, which ends when a screen is back', async () => {
    const house = await openService(brigade);
    const [manager, waiter] = [await house.manager.screen(), await house.waiter.screen()];
    const cook = await Screen.open(brigade.url, house.cook.token);
    const order = await house.order([{ itemId: house.soup }, { itemId: house.steak }]);
    const tickets: TicketView[] = await house.cook.must('ticket:list');
    await cook.call('ticket:received', { ticketIds: tickets.map(({ id }) => id) });
    await cook.call('ticket:bump', { ticketId: tickets.find(({ stationId }) => stationId === house.hot)?.id });
    cook.close();
    const { alert } = await manager.saw('dashboard:alert', ofStation);
    expect(alert).toMatchObject({ stationId: house.cold, openTickets: 1, noScreen: true });
    expect(alert.waiterIds).toEqual([order.waiterId]);
    expect((await waiter.saw('dashboard:alert', ofStation)).alert).toEqual(alert);
    const { deviceId, token } = await boundScreen(house, house.cold);
    const back = await Screen.open(brigade.url, token);
    const { alert: over } = await manager.saw('dashboard:alert-updated', ofStation);
    expect(over).toMatchObject({ id: alert.id, status: 'resolved', resolution: 'screen_back' });
    expect(alertsOf(manager)).toHaveLength(1);
    expect(deviceId).toBeDefined();
    back.close();
    await until('the alert was raised anew', () => alertsOf(manager).length === 2);
    await house.house.close();
  });

  it('with a screen of its own is alarmed for that screen, whatever the pass has received', async () => {
    const house = await openService(brigade);
    const manager = await house.manager.screen();
    const bound = await boundScreen(house, house.cold);
    const pass = await Screen.open(brigade.url, house.cook.token);
    const order = await house.order([{ itemId: house.soup }, { itemId: house.steak }]);
    const { alert } = await manager.saw('dashboard:alert', about(order.id));
    expect(alert).toMatchObject({ kind: 'ticket_undelivered', stationId: house.cold, noScreen: true });
    const tickets: TicketView[] = await house.cook.must('ticket:list');
    const ticketIds = tickets.map(({ id }) => id);
    expect((await pass.call('ticket:received', { ticketIds })).data.ticketIds.sort()).toEqual(ticketIds.sort());
    const seen: TicketView[] = await house.cook.must('ticket:list');
    const receivedAt = (stationId: string) => seen.find((one) => one.stationId === stationId)?.receivedAt;
    expect([receivedAt(house.cold), typeof receivedAt(house.hot)]).toEqual([undefined, 'string']);
    expect((await house.manager.must('dashboard:alerts'))[0]).toMatchObject({ id: alert.id, status: 'open' });
    await house.manager.must('device:unpair', { deviceId: bound.deviceId });
    expect((await pass.call('ticket:received', { ticketIds })).data.ticketIds).toEqual([alert.ticketId]);
    expect((await manager.saw('dashboard:alert-updated', about(order.id))).alert.resolution).toBe('received');
    pass.close();
    await house.house.close();
  });

  it('bound to other stations is no screen of this one', async () => {
    const house = await openService(brigade);
    const manager = await house.manager.screen();
    const bound = await Screen.open(brigade.url, (await boundScreen(house, house.cold)).token);
    const order = await house.order([{ itemId: house.soup }, { itemId: house.steak }]);
    const { alert } = await manager.saw('dashboard:alert', about(order.id));
    expect(alert).toMatchObject({ stationId: house.hot, noScreen: true });
    expect(alertsOf(manager)).toHaveLength(1);
    bound.close();
    await house.house.close();
  });
});

/** A paired kitchen screen of one station, somebody logged in on it. */
async function boundScreen({ house }: Service, stationId: string): Promise<{ deviceId: string; token: string }> {
  const input = { name: `Screen ${stationId.slice(-4)}`, kind: 'kitchen', stationIds: [stationId] };
  const { id: deviceId } = await house.owner.must('device:pair', input);
  const { deviceToken } = await house.owner.must('device:token', { deviceId });
  const pin = String(Math.floor(100_000 + Math.random() * 900_000));
  await house.owner.must('staff:create', { name: `Kim ${pin}`, role: 'kitchen', pin });
  const { data, problem } = await callRest(brigade.url, undefined, 'auth:pin-login', { deviceToken, pin });
  if (problem !== undefined) throw new Error(JSON.stringify(problem));
  return { deviceId, token: data.accessToken };
}
