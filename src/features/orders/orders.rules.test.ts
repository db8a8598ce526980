import fc from 'fast-check';
import { features } from '../../features.js';
import { MILLION } from '../../kernel/money.js';
import { type LineStatus, lineStatuses, type OrderLine, orderStatuses } from './orders.model.js';
import {
  type Counted,
  fireTimeOf,
  isFired,
  type LineStep,
  lineSteps,
  lineTotal,
  type OrderStep,
  orderSteps,
  portionsOf,
  stageOf,
  stepFrom,
  totalsOf,
} from './orders.rules.js';

const modifier = fc.record({
  groupId: fc.constant('g'),
  optionId: fc.constant('o'),
  name: fc.constant('Extra'),
  price: fc.integer({ min: 0, max: 5_000 }),
  quantity: fc.integer({ min: 1, max: 5 }),
});
const classes = fc.constantFrom(
  { taxClass: 'food', ratePpm: 100_000 },
  { taxClass: 'food', ratePpm: 70_000 },
  { taxClass: 'alcohol', ratePpm: 200_000 },
  { taxClass: 'odd', ratePpm: 88_750 },
  { taxClass: 'none', ratePpm: 0 },
);
const line: fc.Arbitrary<Counted> = fc
  .tuple(
    classes,
    fc.record({
      unitPrice: fc.integer({ min: 0, max: 1_000_000 }),
      modifiers: fc.array(modifier, { maxLength: 3 }),
      quantity: fc.integer({ min: 1, max: 200 }),
      status: fc.constantFrom(...lineStatuses),
    }),
  )
  .map(([tax, rest]) => ({ ...tax, ...rest }));
const lines = fc.array(line, { maxLength: 20 });
const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
const paid = (all: Counted[]) => all.filter(({ status }) => status !== 'cancelled' && status !== 'voided');

describe('what an order comes to', () => {
  it('is the sum of its lines, without cancelled and voided ones', () => {
    fc.assert(
      fc.property(lines, fc.boolean(), (all, inclusive) => {
        const { subtotal, taxes } = totalsOf(all, inclusive);
        expect(subtotal).toBe(sum(paid(all).map(lineTotal)));
        expect(sum(taxes.map(({ base }) => base))).toBe(subtotal);
      }),
    );
  });

  it('contains inclusive taxes: net and tax of each class add up to its gross', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const { subtotal, taxes, total } = totalsOf(all, true);
        expect(total).toBe(subtotal);
        for (const { base, amount, ratePpm } of taxes) {
          const net = base - amount;
          expect(Math.abs(net * (MILLION + ratePpm) - base * MILLION)).toBeLessThanOrEqual((MILLION + ratePpm) / 2);
        }
      }),
    );
  });

  it('has exclusive taxes added, each right to half a unit', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const { subtotal, taxes, total } = totalsOf(all, false);
        expect(total).toBe(subtotal + sum(taxes.map(({ amount }) => amount)));
        for (const { base, amount, ratePpm } of taxes) {
          expect(Number.isInteger(amount)).toBe(true);
          expect(Math.abs(amount * MILLION - base * ratePpm)).toBeLessThanOrEqual(MILLION / 2);
        }
      }),
    );
  });

  it('does not depend on the order of the lines, nor on whether a line is one of two or two of one', () => {
    fc.assert(
      fc.property(lines, fc.boolean(), (all, inclusive) => {
        const totals = totalsOf(all, inclusive);
        expect(totalsOf([...all].reverse(), inclusive)).toEqual(totals);
        const single = all.flatMap((one) => Array.from({ length: one.quantity }, () => ({ ...one, quantity: 1 })));
        expect(totalsOf(single, inclusive)).toEqual(totals);
      }),
      { numRuns: 30 },
    );
  });

  it('is nothing for an empty order', () => {
    expect(totalsOf([], true)).toEqual({ subtotal: 0, taxes: [], total: 0 });
  });
});

describe('the state machines', () => {
  const lineStep = fc.constantFrom<LineStep>(
    'fire',
    'hold',
    'start',
    'ready',
    'serve',
    'recall',
    'cancel-line',
    'void-line',
  );
  const forward = ['held', 'fired', 'preparing', 'ready', 'served'];

  it('let no line take an illegal step, and name the legal ones', () => {
    fc.assert(
      fc.property(fc.constantFrom(...lineStatuses), lineStep, (status, step) => {
        const legal = lineSteps[status][step];
        if (legal !== undefined) expect(stepFrom(lineSteps, status, step, 'Soup')).toBe(legal);
        else
          expect(() => stepFrom(lineSteps, status, step, 'Soup')).toThrow(
            expect.objectContaining({
              code: 'illegal_step',
              details: expect.objectContaining({ legal: Object.keys(lineSteps[status]) }),
            }),
          );
      }),
    );
  });

  it('move a line forward only, but for recall and hold', () => {
    for (const [status, steps] of Object.entries(lineSteps)) {
      for (const [step, next] of Object.entries(steps)) {
        if (step === 'recall' || step === 'hold' || !forward.includes(next)) continue;
        expect(forward.indexOf(next)).toBeGreaterThan(forward.indexOf(status));
      }
    }
  });

  it('cancel only what was never fired, void only what was', () => {
    for (const status of lineStatuses) {
      expect(lineSteps[status]['cancel-line'] !== undefined).toBe(status === 'held');
      expect(lineSteps[status]['void-line'] !== undefined).toBe(isFired({ status }));
    }
  });

  it('end: nothing leads out of cancelled, voided, completed', () => {
    expect([lineSteps.cancelled, lineSteps.voided, orderSteps.completed, orderSteps.cancelled]).toEqual([
      {},
      {},
      {},
      {},
    ]);
  });

  it('let no order take an illegal step', () => {
    const step = fc.constantFrom<OrderStep>('release', 'complete', 'cancel');
    fc.assert(
      fc.property(fc.constantFrom(...orderStatuses), step, (status, taken) => {
        const legal = orderSteps[status][taken];
        if (legal === undefined)
          expect(() => stepFrom(orderSteps, status, taken, 'Order 1')).toThrow(/is not possible/);
        else expect(stepFrom(orderSteps, status, taken, 'Order 1')).toBe(legal);
      }),
    );
  });
});

it("every step that `legal` may name is an operation: the kitchen's on a ticket, the others on an order", () => {
  const names = new Set(features.flatMap(({ operations }) => operations.map(({ name }) => name as string)));
  const steps = [...Object.values(orderSteps), ...Object.values(lineSteps)].flatMap((legal) => Object.keys(legal));
  for (const step of steps) {
    const owner = ['start', 'ready', 'recall'].includes(step) ? 'ticket' : 'order';
    expect(names).toContain(`${owner}:${step}`);
  }
});

describe('when a scheduled order goes to the kitchen', () => {
  const seconds = fc.nat(7_200);
  const ahead = fc.integer({ min: -7_000, max: 400_000 });
  const held = fc.array(fc.record({ prepSeconds: seconds, status: fc.constantFrom<LineStatus>('held', 'cancelled') }));

  it('is never past, and early enough for what takes longest', () => {
    fc.assert(
      fc.property(held, seconds, ahead, (some, marginSeconds, hence) => {
        const now = new Date('2026-11-30T18:00:00Z');
        const pickupAt = new Date(now.getTime() + hence * 1000);
        const order = { status: 'scheduled' as const, pickupAt, marginSeconds, lines: some as OrderLine[] };
        const at = fireTimeOf(order, now)?.getTime() ?? Number.NaN;
        expect(at).toBeGreaterThanOrEqual(now.getTime());
        for (const { prepSeconds, status } of some)
          if (status === 'held' && at > now.getTime())
            expect(at + (prepSeconds + marginSeconds) * 1000).toBeLessThanOrEqual(pickupAt.getTime());
        expect(fireTimeOf({ ...order, status: 'open' }, now)).toBeUndefined();
      }),
    );
  });
});

describe('the stage of an order', () => {
  const of = (...statuses: LineStatus[]) => stageOf(statuses.map((status) => ({ status })));

  it.each([
    ['nothing fired', ['held', 'held'], 'pending'],
    ['fired, not begun', ['fired', 'held'], 'pending'],
    ['one begun', ['fired', 'preparing'], 'preparing'],
    ['one ready, one not begun', ['ready', 'fired'], 'preparing'],
    ['all fired ones ready', ['ready', 'ready', 'held'], 'ready'],
    ['starters served, mains held', ['served', 'held'], 'pending'],
    ['starters served, mains ready', ['served', 'ready'], 'ready'],
    ['all served', ['served', 'served', 'voided'], 'served'],
    ['all voided', ['voided', 'cancelled'], 'pending'],
    ['no lines', [], 'pending'],
  ] as [string, LineStatus[], string][])('%s', (_what, statuses, stage) => {
    expect(of(...statuses)).toBe(stage);
  });

  it('depends on which lines there are, not on their order, and not on cancelled or voided ones', () => {
    const some = fc.array(fc.constantFrom(...lineStatuses), { maxLength: 12 });
    fc.assert(
      fc.property(some, some, (statuses, shuffle) => {
        const stage = of(...statuses);
        expect(of(...[...statuses].reverse())).toBe(stage);
        expect(of(...statuses, ...shuffle.filter((status) => status === 'voided' || status === 'cancelled'))).toBe(
          stage,
        );
        if (stage === 'ready') expect(statuses).toContain('ready');
        if (stage === 'served') expect(statuses).not.toContain('held');
      }),
    );
  });
});

it('portions are counted by item', () => {
  const portions = portionsOf([
    { itemId: 'soup', quantity: 2 },
    { itemId: 'steak', quantity: 1 },
    { itemId: 'soup', quantity: 3 },
  ]);
  expect([...portions]).toEqual([
    ['soup', 5],
    ['steak', 1],
  ]);
});
