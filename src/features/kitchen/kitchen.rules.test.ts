import fc from 'fast-check';
import { stepFrom } from '../orders/index.js';
import { type TicketLine, ticketChanges, ticketLineStatuses, ticketStatuses } from './kitchen.model.js';
import {
  allDayOf,
  byStation,
  isFood,
  isOrderReady,
  isRouted,
  isScreenOf,
  isToMake,
  paceOf,
  type Route,
  stationFor,
  statusOf,
  statusWithout,
  type TicketStep,
  ticketSteps,
  withLineStatus,
} from './kitchen.rules.js';

const route = (_id: string, position: number, more: Partial<Route> = {}): Route => ({
  _id,
  kind: 'prep',
  position,
  routes: { categoryIds: [], itemIds: [] },
  isDefault: false,
  ...more,
});
const grill = route('grill', 2, { routes: { categoryIds: ['mains'], itemIds: ['burger'] } });
const cold = route('cold', 1, { routes: { categoryIds: ['starters', 'mains'], itemIds: ['tartare'] } });
const bar = route('bar', 3, { isDefault: true });
const pass = route('pass', 0, { kind: 'expo', routes: { categoryIds: ['mains'], itemIds: ['burger'] } });

const line = (lineId: string, more: Partial<TicketLine> = {}): TicketLine => ({
  lineId,
  itemId: 'soup',
  name: 'Soup',
  modifiers: [],
  quantity: 1,
  course: 1,
  note: '',
  allergens: [],
  change: 'add',
  status: 'queued',
  ...more,
});
const someLine = fc.record({
  lineId: fc.constantFrom('a', 'b', 'c'),
  change: fc.constantFrom(...ticketChanges),
  status: fc.constantFrom(...ticketLineStatuses),
  quantity: fc.integer({ min: 1, max: 9 }),
  itemId: fc.constantFrom('soup', 'steak'),
});
const someLines = fc.array(someLine, { maxLength: 8 }).map((all) => all.map((one) => line(one.lineId, one)));

describe('routing', () => {
  it('goes by item, then by category, then to the default; the first by position', () => {
    const all = [grill, bar, cold, pass];
    expect(stationFor(all, { itemId: 'burger', categoryId: 'starters' })).toBe('grill');
    expect(stationFor(all, { itemId: 'steak', categoryId: 'mains' })).toBe('cold');
    expect(stationFor(all, { itemId: 'water', categoryId: 'drinks' })).toBe('bar');
  });

  it('gives what no route names to the first station and says so, and what needs nobody to nobody', () => {
    const water = { itemId: 'water', categoryId: 'drinks' };
    const fridge = route('fridge', 0, { kind: 'none', routes: { categoryIds: ['drinks'], itemIds: [] } });
    expect([stationFor([grill, cold, pass], water), isRouted([grill, cold, pass], water)]).toEqual(['cold', false]);
    expect([stationFor([grill, fridge], water), isRouted([grill, fridge], water)]).toEqual([undefined, true]);
    expect([stationFor([grill, bar], water), isRouted([grill, bar], water)]).toEqual(['bar', true]);
    for (const none of [[], [pass], [fridge]])
      expect([stationFor(none, water), isRouted(none, water)]).toEqual([undefined, true]);
  });

  it('gives every line to exactly one station, and none to an expo', () => {
    const item = fc.record({
      itemId: fc.constantFrom('burger', 'tartare', 'water'),
      categoryId: fc.constantFrom('mains', 'starters', 'drinks'),
    });
    const stations = fc.subarray([grill, cold, bar, pass]);
    fc.assert(
      fc.property(fc.array(item), stations, (items, all) => {
        const groups = byStation(all, items);
        expect([...groups.values()].flat()).toHaveLength(items.length);
        expect(groups.has('pass')).toBe(false);
      }),
    );
  });
});

describe('pace', () => {
  it('lets everything come up together: who needs longest begins at once', () => {
    const sentAt = new Date('2026-11-21T19:30:00Z');
    const soup = { prepSeconds: 300 };
    const steak = { prepSeconds: 900 };
    expect(paceOf(sentAt, [soup], [soup, steak])).toEqual({
      paceStartAt: new Date('2026-11-21T19:40:00Z'),
      dueAt: new Date('2026-11-21T19:45:00Z'),
    });
    expect(paceOf(sentAt, [steak], [soup, steak]).paceStartAt).toEqual(sentAt);
  });

  it('ends for all stations of a firing at the same moment, never before it is sent', () => {
    const preps = fc.array(
      fc.record({ prepSeconds: fc.integer({ min: 0, max: 7200 }), station: fc.constantFrom('a', 'b') }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(preps, (firing) => {
        const sentAt = new Date(0);
        for (const station of ['a', 'b']) {
          const own = firing.filter((one) => one.station === station);
          if (own.length === 0) continue;
          const { paceStartAt, dueAt } = paceOf(sentAt, own, firing);
          const longestOwn = Math.max(...own.map((one) => one.prepSeconds));
          expect(paceStartAt.getTime()).toBeGreaterThanOrEqual(0);
          expect(dueAt.getTime() - paceStartAt.getTime()).toBe(longestOwn * 1000);
        }
      }),
    );
  });
});

describe("a ticket's states", () => {
  it('take no illegal step', () => {
    const step = fc.constantFrom<TicketStep>('start', 'ready', 'bump', 'recall', 'cancel');
    fc.assert(
      fc.property(fc.constantFrom(...ticketStatuses), step, (status, taken) => {
        const legal = ticketSteps[status][taken];
        if (legal !== undefined) expect(stepFrom(ticketSteps, status, taken, 'The ticket')).toBe(legal);
        else expect(() => stepFrom(ticketSteps, status, taken, 'The ticket')).toThrow(/is not possible/);
      }),
    );
  });

  it('go back by recall only', () => {
    const order = ['queued', 'preparing', 'ready', 'done', 'cancelled'];
    for (const [status, steps] of Object.entries(ticketSteps)) {
      for (const [step, next] of Object.entries(steps))
        if (step !== 'recall') expect(order.indexOf(next)).toBeGreaterThan(order.indexOf(status));
    }
  });

  it('is cancelled when no food is left on it, and ready when what is left is', () => {
    fc.assert(
      fc.property(someLines, (lines) => {
        const status = statusWithout('preparing', lines);
        const food = lines.filter(isFood);
        if (food.length === 0) expect(status).toBe('cancelled');
        else expect(status).toBe(food.some(isToMake) ? 'preparing' : 'ready');
      }),
    );
  });

  it('begins, after a move, where its lines are', () => {
    expect(statusOf([line('a'), line('b')])).toBe('queued');
    expect(statusOf([line('a', { status: 'ready' }), line('b')])).toBe('preparing');
    expect(statusOf([line('a', { status: 'ready' })])).toBe('ready');
  });
});

describe('what is still to make', () => {
  it('never counts news of a line, cancelled or moved ones, or what is ready', () => {
    fc.assert(
      fc.property(someLines, (lines) => {
        const counted = allDayOf([{ stationId: 's', lines }]).reduce((sum, { quantity }) => sum + quantity, 0);
        const expected = lines
          .filter(({ change, status }) => ['add', 'move'].includes(change) && ['queued', 'preparing'].includes(status))
          .reduce((sum, { quantity }) => sum + quantity, 0);
        expect(counted).toBe(expected);
      }),
    );
  });

  it('is counted by station, item and size', () => {
    const large = line('c', { sizeName: 'Large', quantity: 3 });
    const tickets = [
      { stationId: 'hot', lines: [line('a', { quantity: 2 }), large] },
      { stationId: 'hot', lines: [line('b')] },
      { stationId: 'cold', lines: [line('d')] },
    ];
    expect(allDayOf(tickets)).toEqual([
      { stationId: 'hot', itemId: 'soup', name: 'Soup', quantity: 3 },
      { stationId: 'hot', itemId: 'soup', name: 'Soup', sizeName: 'Large', quantity: 3 },
      { stationId: 'cold', itemId: 'soup', name: 'Soup', quantity: 1 },
    ]);
  });

  it('a moved or cancelled line cannot be made ready any more', () => {
    const gone = [line('a', { status: 'moved' }), line('b', { status: 'cancelled' }), line('c', { change: 'cancel' })];
    expect(withLineStatus(gone, new Set(['a', 'b', 'c']), 'ready')).toEqual(gone);
  });
});

it('a screen of no station speaks for the stations that have none of their own', () => {
  const withScreens = new Set(['grill']);
  const pass = { role: 'kitchen' as const, stationIds: [] };
  expect(isScreenOf('cold', pass, withScreens)).toBe(true);
  expect(isScreenOf('grill', pass, withScreens)).toBe(false);
  expect(isScreenOf('grill', { role: 'kitchen', stationIds: ['grill'] }, withScreens)).toBe(true);
  expect(isScreenOf('cold', { role: 'waiter', stationIds: [] }, withScreens)).toBe(false);
});

it('expo sees an order ready when all that was not served is ready or bumped', () => {
  expect(isOrderReady([{ status: 'ready' }, { status: 'done' }])).toBe(true);
  expect(isOrderReady([{ status: 'ready' }, { status: 'queued' }])).toBe(false);
  expect(isOrderReady([])).toBe(false);
});
