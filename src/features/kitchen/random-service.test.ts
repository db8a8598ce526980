import fc from 'fast-check';
import { type Brigade, type Person, type Screen, startBrigade, until } from '../../../tests/harness/index.js';
import { openService, type Service } from '../../../tests/harness/service.js';
import { features } from '../../features.js';
import type { OrderView } from '../orders/index.js';
import type { TicketView } from './kitchen.views.js';

let brigade: Brigade;
let service: Service;
let tables: string[];
let lobster: string;
const PORTIONS = 60;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
  tables = await Promise.all([1, 2, 3, 4].map(async () => (await service.table()).id));
  lobster = await service.dish('Lobster');
  await service.manager.must('menu:set-availability', { itemId: lobster, available: true, remaining: PORTIONS });
  await service.manager.must('station:update', {
    stationId: service.cold,
    routes: { categoryIds: [], itemIds: [service.soup, lobster] },
  });
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});

const declarations = new Map(
  features.flatMap((feature) => feature.events).map((event) => [event.name as string, event]),
);
const replicas = new Map(features.flatMap((feature) => feature.replicas).map((one) => [one.name, one]));

/** The live orders, tickets and tables as the events alone make them. */
function replay(screen: Screen): Record<string, unknown[]> {
  const state = new Map<string, Map<string, Record<string, unknown>>>();
  for (const { name, data } of screen.events) {
    for (const [field, replica = ''] of Object.entries(declarations.get(name)?.carries ?? {})) {
      const copies = state.get(replica) ?? new Map();
      state.set(replica, copies);
      for (const thing of [data[field] ?? []].flat() as Record<string, unknown>[]) {
        const live = replicas.get(replica)?.live;
        if (live === undefined || live.values.includes(String(thing[live.field]))) copies.set(thing.id, thing);
        else copies.delete(thing.id);
      }
    }
  }
  const listed = (name: string) => sorted([...(state.get(name)?.values() ?? [])]);
  return { orders: listed('orders'), tickets: listed('tickets') };
}

const sorted = (things: unknown[]) =>
  (things as { id: string }[]).sort((one, other) => (one.id < other.id ? -1 : 1)) as unknown[];

/** A step of a service: what, and numbers that choose among what there is. */
interface Step {
  what: number;
  a: number;
  b: number;
}
const step: fc.Arbitrary<Step> = fc.record({ what: fc.nat(129), a: fc.nat(999), b: fc.nat(999) });
const pick = <T>(things: readonly T[], index: number): T | undefined => things[index % Math.max(1, things.length)];

async function take(who: Person, { what, a, b }: Step): Promise<void> {
  const open = (await service.waiter.must('order:list', { status: 'open', limit: 100 })).items as OrderView[];
  const tickets = (await service.cook.must('ticket:list')) as TicketView[];
  const [order, other] = [pick(open, a), pick(open, b)];
  const isRecall = what >= 98 && what < 107;
  const done = isRecall
    ? pick((await service.cook.must('ticket:list', { show: 'done' })) as TicketView[], b)
    : undefined;
  const [line, ticket] = [pick(order?.lines ?? [], b), pick(tickets, a)];
  const itemId = pick([service.soup, service.steak, service.water, lobster], b);
  const lines = [{ itemId, quantity: 1 + (a % 3), hold: b % 4 === 0 }, { itemId: service.soup }];
  const one = { orderId: order?.id, lineId: line?.id };
  const steps: [number, Person, string, object][] = [
    [16, who, 'order:place', b % 5 === 0 ? { channel: 'takeaway', lines } : { tableId: pick(tables, a), lines }],
    [12, who, 'order:add-lines', { orderId: order?.id, lines }],
    [6, who, 'order:fire', { orderId: order?.id }],
    [4, who, 'order:hold', { orderId: order?.id }],
    [10, who, 'order:serve', { orderId: order?.id }],
    [6, who, 'order:change-line', b % 2 ? { ...one, note: `note ${a}` } : { ...one, quantity: 1 + (a % 4) }],
    [3, who, 'order:cancel-line', one],
    [5, service.manager, 'order:void-line', { ...one, reason: 'random', ...(b % 2 ? { quantity: 1 } : {}) }],
    [4, who, 'order:transfer', { orderId: order?.id, tableId: pick(tables, b) }],
    [
      6,
      who,
      'order:move-lines',
      {
        ...{ orderId: order?.id, toOrderId: other?.id },
        ...(a % 2 ? { lineIds: [line?.id] } : { lines: [{ lineId: line?.id, quantity: 1 + (a % 3) }] }),
      },
    ],
    [2, who, 'order:complete', { orderId: order?.id }],
    [2, who, 'order:cancel', { orderId: order?.id, reason: 'random' }],
    [7, service.cook, 'ticket:start', { ticketId: ticket?.id }],
    [
      6,
      service.cook,
      'ticket:ready',
      { ticketId: ticket?.id, ...(b % 2 ? { lineIds: [ticket?.lines[0]?.lineId] } : {}) },
    ],
    [9, service.cook, 'ticket:bump', { ticketId: ticket?.id }],
    [9, service.cook, 'ticket:recall', { ticketId: done?.id }],
    [5, who, 'order:update', { orderId: order?.id, guestCount: 1 + (a % 9), note: `for ${b}` }],
    [4, service.manager, 'table:update', { tableId: pick(tables, a), name: `T ${b}` }],
    [4, who, 'order:serve', { orderId: order?.id, lineIds: [line?.id] }],
    [2, service.manager, 'staff:update', { staffId: who.userId, name: `Waiter ${a}` }],
    [2, who, 'order:transfer', { orderId: order?.id, waiterId: who.userId }],
    [2, who, 'table:join', { tableId: pick(tables, a), tableIds: [pick(tables, b)] }],
    [2, who, 'table:split', { tableId: pick(tables, a) }],
    [2, who, 'table:set-status', { tableId: pick(tables, a), status: 'available' }],
  ];
  let left = what;
  const chosen = steps.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  if (chosen === undefined) return;
  const [, person, name, input] = chosen;
  const { problem } = await person.rest(name, JSON.parse(JSON.stringify(input)));
  if (problem !== undefined && problem.status >= 500) throw new Error(`${name}: ${JSON.stringify(problem)}`);
}

async function allOrders(): Promise<OrderView[]> {
  const found: OrderView[] = [];
  let cursor: string | undefined;
  do {
    const page = await service.waiter.must('order:list', { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

function expectKitchenToMakeWhatIsFired(orders: OrderView[], tickets: TicketView[]): void {
  const toMake = new Map<string, number>();
  for (const { orderId, lines } of tickets) {
    for (const { lineId, change, status, quantity } of lines) {
      if (!['add', 'move'].includes(change) || !['queued', 'preparing'].includes(status)) continue;
      toMake.set(`${orderId} ${lineId}`, (toMake.get(`${orderId} ${lineId}`) ?? 0) + quantity);
    }
  }
  const fired = new Map<string, number>();
  for (const { id, lines } of orders) {
    for (const line of lines)
      if (line.status === 'fired' || line.status === 'preparing') fired.set(`${id} ${line.id}`, line.quantity);
  }
  expect(Object.fromEntries(toMake)).toEqual(Object.fromEntries(fired));
}

/** Every ticket there ever was of some orders, as it is now. */
async function allTickets(screen: Screen, orders: OrderView[]): Promise<TicketView[]> {
  const created: { data: { ticket: TicketView } }[] = screen.named('kitchen:ticket-created');
  const own = created.map(({ data }) => data.ticket).filter(({ orderId }) => orders.some(({ id }) => id === orderId));
  const ids = own.map(({ id }) => id);
  const now = [...new Set(ids)].map((ticketId) => service.cook.must('ticket:get', { ticketId }));
  return Promise.all(now);
}

const madeAs = { fired: 'queued', preparing: 'preparing', ready: 'ready', served: 'ready' } as Record<string, string>;

/** What the tickets of open orders say, bumped ones too, and what they should: the orders as they are. */
async function expectTicketsToFollow(orders: OrderView[], tickets: TicketView[]): Promise<void> {
  const { tables: floor } = await service.waiter.must('floor:get');
  const roster: { id: string; name: string }[] = await service.waiter.must('staff:roster');
  const nameOf = (things: { id: string; name: string }[], id?: string) => things.find((one) => one.id === id)?.name;
  for (const order of orders) {
    const own = tickets.filter(({ orderId, status }) => orderId === order.id && status !== 'cancelled');
    for (const { tableName, waiterName, guestCount, orderNote } of own) {
      expect({ tableName, waiterName, guestCount, orderNote }).toEqual({
        tableName: nameOf(floor, order.tableId),
        waiterName: nameOf(roster, order.waiterId),
        guestCount: order.guestCount,
        orderNote: order.note,
      });
    }
    const food = own
      .flatMap(({ lines }) => lines)
      .filter(({ change, status }) => ['add', 'move'].includes(change) && !['cancelled', 'moved'].includes(status));
    const fired = order.lines.filter(({ itemId, status }) => itemId !== service.water && status in madeAs);
    // What was eaten may have come from another order, which the kitchen need not know.
    const shown = food.map(({ lineId, quantity, note, seat, status }) => ({ lineId, quantity, note, seat, status }));
    const wanted = fired.map(({ id: lineId, quantity, note, seat, status }) => ({
      ...{ lineId, quantity, note, seat },
      status: madeAs[status],
    }));
    const isServed = ({ lineId }: { lineId: string }) =>
      fired.some((line) => line.id === lineId && line.status === 'served');
    const byId = (lines: { lineId: string }[]) => sorted(lines.map((line) => ({ id: line.lineId, ...line })));
    expect(byId(shown.filter((line) => !isServed(line)))).toEqual(byId(wanted.filter((line) => !isServed(line))));
    for (const line of shown.filter(isServed)) expect(wanted).toContainEqual(line);
  }
}

/** What stands at the pass is what the guests wait for. */
async function expectPassToKnow(orders: OrderView[]): Promise<void> {
  const pass: { orderId: string; isReady: boolean }[] = await service.cook.must('kitchen:expo');
  const made = (order: OrderView) =>
    order.lines.filter(({ itemId, status }) => itemId !== service.water && status in madeAs && status !== 'served');
  const waiting = orders.filter((order) => made(order).length > 0);
  expect(sorted(pass.map(({ orderId, isReady }) => ({ id: orderId, isReady })))).toEqual(
    sorted(waiting.map((order) => ({ id: order.id, isReady: made(order).every(({ status }) => status === 'ready') }))),
  );
}

it('after any service the kitchen makes exactly what is fired, portions add up, and replayed events are the state', async () => {
  const screen = await service.colleague.screen();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 80 }), async (steps) => {
      for (let i = 0; i < steps.length; i += 3) {
        const some = steps.slice(i, i + 3);
        await Promise.all(some.map((one, index) => take(index % 2 ? service.colleague : service.waiter, one)));
      }
      const orders = await allOrders();
      const { replicas: now } = await service.waiter.must('sync:snapshot');
      expectKitchenToMakeWhatIsFired(
        orders.filter(({ status }) => status === 'open'),
        now.tickets,
      );
      const open = orders.filter(({ status }) => status === 'open');
      await expectTicketsToFollow(open, await allTickets(screen, open));
      await expectPassToKnow(open);
      const used = orders
        .flatMap(({ lines }) => lines)
        .filter(({ itemId, status }) => itemId === lobster && status !== 'cancelled')
        .reduce((sum, { quantity }) => sum + quantity, 0);
      const { remaining } = await service.waiter.must('menu:get-item', { itemId: lobster });
      expect(remaining + used).toBe(PORTIONS);
      expect(new Set(orders.map(({ number }) => number)).size).toBe(orders.length);
      const state = { orders: sorted(now.orders), tickets: sorted(now.tickets) };
      await until('the screen has it all', () => JSON.stringify(replay(screen)) === JSON.stringify(state)).catch(() => {
        expect(replay(screen)).toEqual(state);
      });
    }),
    { numRuns: 3, endOnFailure: true },
  );
}, 120_000);
