import { type Brigade, logIn, type Person, startBrigade, transports, until } from '../../../tests/harness/index.js';
import { openService, type Service } from '../../../tests/harness/service.js';
import type { OrderView } from './orders.views.js';

// The soup takes five minutes, the steak fifteen; this house adds two.
const MINUTE = 60_000;
let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade, { pickupMarginSeconds: 120 });
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});
const hence = (minutes: number) => new Date(brigade.clock.now().getTime() + minutes * MINUTE).toISOString();
const earlier = (moment: string, minutes: number) => new Date(Date.parse(moment) - minutes * MINUTE).toISOString();
/** Log-ins end while the clock runs ahead. */
const again = ({ login }: Person) => logIn(brigade.url, login.email, login.password);
const place = async (pickupAt: string, lines: object[] = [{ itemId: service.soup }], more: object = {}) =>
  (await (
    await again(service.waiter)
  ).must('order:place', { channel: 'takeaway', pickupAt, lines, ...more })) as OrderView;
const read = async (orderId: string) =>
  (await (await again(service.waiter)).must('order:get', { orderId })) as OrderView;
const ticketsOf = async (orderId: string) => (await again(service.cook)).must('ticket:list', { orderId });
const alertsOf = async (orderId: string) =>
  ((await (await again(service.manager)).must('dashboard:alerts')) as { kind: string; orderId: string }[]).filter(
    (alert) => alert.kind === 'order_late' && alert.orderId === orderId,
  );

it('field 11: goes to the kitchen by itself, its longest preparation time and the margin before it is wanted', async () => {
  const order = await place(hence(20), [{ itemId: service.soup }, { itemId: service.steak }]);
  expect(order).toMatchObject({ status: 'scheduled', fireAt: earlier(order.pickupAt as string, 17) });
  brigade.clock.advance(2 * MINUTE);
  const bystander = await place(hence(60));
  expect(await read(order.id)).toEqual(order);
  const screen = await (await again(service.colleague)).screen();
  brigade.clock.advance(MINUTE + 1000);
  const open = await until('it is fired', async () => {
    const now = await read(order.id);
    return now.status === 'open' && now;
  });
  expect(open.lines.map(({ status }) => status)).toEqual(['fired', 'fired']);
  expect(open).not.toHaveProperty('fireAt');
  const heard = await screen.saw('order:line-status-changed', (event) => event.order.id === order.id);
  expect(heard.order.status).toBe('open');
  expect(await ticketsOf(order.id)).toHaveLength(2);
  expect(await alertsOf(order.id)).toEqual([]);
  expect(await read(bystander.id)).toMatchObject({ status: 'scheduled' });
});

it('what is wanted sooner than it can be made goes at once', async () => {
  const order = await place(hence(1));
  await until('it is fired', async () => (await read(order.id)).status === 'open');
  expect(await ticketsOf(order.id)).toHaveLength(1);
  expect(await alertsOf(order.id)).toEqual([]);
});

describe.each(transports)('over %s', (transport) => {
  const call = async (name: string, input: object) => (await again(service.waiter)).via(transport, name, input);

  it('its time follows the pick-up time and the lines', async () => {
    const order = await place(hence(100));
    const orderId = order.id;
    const later = await call('order:update', { orderId, pickupAt: hence(200) });
    expect(later.data.fireAt).toBe(earlier(later.data.pickupAt, 7));
    const more = await call('order:add-lines', { orderId, lines: [{ itemId: service.steak }] });
    expect(more.data.fireAt).toBe(earlier(later.data.pickupAt, 17));
    const less = await call('order:cancel-line', { orderId, lineId: more.data.lines[1].id });
    expect(less.data.fireAt).toBe(earlier(later.data.pickupAt, 7));
    expect((await call('order:cancel', { orderId, reason: 'Changed their mind' })).data).not.toHaveProperty('fireAt');
    const released = await call('order:release', { orderId: (await place(hence(100))).id });
    expect(released.data).toMatchObject({ status: 'open', lines: [{ status: 'fired' }] });
    expect(released.data).not.toHaveProperty('fireAt');
  });

  it.each([
    ['the past', () => hence(-1)],
    ['more than a year ahead', () => hence(60 * 24 * 367)],
    ['a day that does not exist', () => `${brigade.clock.now().getUTCFullYear() + 1}-02-30T12:00:00Z`],
    ['a time without a zone', () => hence(60).slice(0, 16)],
  ])('refuses %s, for a new order and for one there is', async (_what, pickupAt) => {
    const order = await place(hence(100), undefined, { fire: 'hold' });
    const fresh = { channel: 'takeaway', lines: [{ itemId: service.soup }], pickupAt: pickupAt() };
    for (const answer of [
      await call('order:place', fresh),
      await call('order:update', { orderId: order.id, pickupAt: pickupAt() }),
    ])
      expect(answer.problem).toMatchObject({ status: 400, errors: [{ field: 'pickupAt' }] });
  });
});

it('after an hour without a server: it goes now, and the alert says that it is late', async () => {
  const order = await place(hence(10));
  brigade.clock.advance(60 * MINUTE);
  await until('it is fired', async () => (await read(order.id)).status === 'open');
  expect(await alertsOf(order.id)).toMatchObject([
    { orderNumber: order.number, isFired: true, waiterIds: [service.waiter.userId] },
  ]);
});

it('after an evening without a server: nothing is cooked for nobody, a person is told and decides', async () => {
  const order = await place(hence(10));
  brigade.clock.advance(5 * 60 * MINUTE);
  const [alert] = await until('somebody is told', async () => {
    const alerts = await alertsOf(order.id);
    return alerts.length > 0 && alerts;
  });
  expect(alert).toMatchObject({ isFired: false });
  const missed = await read(order.id);
  expect(missed).toMatchObject({ status: 'scheduled', lines: [{ status: 'held' }] });
  expect(missed).not.toHaveProperty('fireAt');
  expect(await ticketsOf(order.id)).toEqual([]);
  const waiter = await again(service.waiter);
  expect(await waiter.must('order:update', { orderId: order.id, note: 'They called' })).not.toHaveProperty('fireAt');
  const released = await waiter.must('order:release', { orderId: order.id });
  expect(released).toMatchObject({ status: 'open', lines: [{ status: 'fired' }] });
  expect(await alertsOf(order.id)).toHaveLength(1);
});
