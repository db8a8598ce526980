import fc from 'fast-check';
import { type Brigade, startBrigade, transports } from '../../../tests/harness/index.js';
import { eur, openService, type Service } from '../../../tests/harness/service.js';
import type { OrderView } from './index.js';

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

const setAvailability = (itemId: string, more: object) =>
  service.manager.must('menu:set-availability', { itemId, ...more });
const HOUR = 3_600_000;
const hence = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();

describe.each(transports)('sold out, over %s', (transport) => {
  const ask = (name: string, input: object) => service.waiter.via(transport, name, input);
  const held = async (line: object) => {
    const order = await service.order([line], { fire: 'hold' });
    return { order, orderId: order.id, lineId: order.lines[0]?.id ?? '' };
  };
  /** What more of the line of an order is answered, whichever way it is asked for. */
  const asksForMore = async (orderId: string, lineId: string, line: object) => [
    await ask('order:add-lines', { orderId, lines: [line] }),
    await ask('order:repeat', { orderId, lineIds: [lineId] }),
    await ask('order:change-line', { orderId, lineId, quantity: 2 }),
  ];

  it('more of an 86ed dish is refused however it is asked for; what is held is held', async () => {
    const itemId = await service.dish('Duck');
    const { orderId, lineId } = await held({ itemId });
    await setAvailability(itemId, { available: false });
    for (const { status, problem } of await asksForMore(orderId, lineId, { itemId })) {
      expect([status, problem?.code]).toEqual([409, 'unavailable_item']);
    }
    const { problem } = await ask('order:change-line', { orderId, lineId, quantity: 2 });
    expect(problem?.errors?.[0]?.field).toBe('quantity');
    expect((await ask('order:change-line', { orderId, lineId, note: 'no skin', quantity: 1 })).status).toBe(200);
    expect((await ask('order:fire', { orderId })).data.lines[0]).toMatchObject({ firing: 1, quantity: 1 });
  });

  it('so is more than the portions that are left', async () => {
    const itemId = await service.dish('Duck');
    await setAvailability(itemId, { available: true, remaining: 1 });
    const { orderId, lineId } = await held({ itemId });
    for (const { status, problem } of await asksForMore(orderId, lineId, { itemId })) {
      expect([status, problem?.code]).toEqual([409, 'sold_out']);
    }
    expect((await ask('order:fire', { orderId })).status).toBe(200);
  });

  it('so is more of a dish with a sold-out option; a line that has the option keeps it', async () => {
    const { groupId, rare, truffle } = service.cooking;
    const itemId = service.steak;
    const withTruffle = { itemId, modifiers: [{ groupId, optionId: truffle }] };
    const [rich, plain] = [await held(withTruffle), await held({ itemId })];
    await service.manager.must('menu:set-option-availability', { groupId, optionId: truffle, available: false });
    for (const { status, problem } of await asksForMore(rich.orderId, rich.lineId, withTruffle)) {
      expect([status, problem?.code]).toEqual([409, 'unavailable_item']);
    }
    const toTruffle = { orderId: plain.orderId, lineId: plain.lineId, modifiers: withTruffle.modifiers };
    expect((await ask('order:change-line', toTruffle)).problem?.code).toBe('unavailable_item');
    const both = [...withTruffle.modifiers, { groupId, optionId: rare }];
    const kept = await ask('order:change-line', { orderId: rich.orderId, lineId: rich.lineId, modifiers: both });
    expect(kept.data.lines[0].modifiers).toHaveLength(2);
    await service.manager.must('menu:set-option-availability', { groupId, optionId: truffle, available: true });
  });

  it('so is a size that is sold out, alone', async () => {
    const sizes = [
      { name: 'Half', price: eur(900) },
      { name: 'Whole', price: eur(1_700) },
    ];
    const itemId = await service.dish('Chicken', { price: undefined, sizes });
    const [half, whole] = (await service.waiter.must('menu:get-item', { itemId })).sizes;
    const { orderId, lineId } = await held({ itemId, sizeId: half.id });
    const item = await setAvailability(itemId, { sizeId: whole.id, available: false });
    expect(item.sizes).toEqual([half, { ...whole, soldOut: true }]);
    const { problem } = await ask('order:change-line', { orderId, lineId, sizeId: whole.id });
    expect(problem).toMatchObject({ code: 'unavailable_item', errors: [{ field: 'sizeId' }] });
    expect((await ask('order:change-line', { orderId, lineId, quantity: 2 })).status).toBe(200);
    const renamed = await service.manager.must('menu:update-item', { itemId, sizes: [half, { ...sizes[1] }] });
    expect(renamed.sizes[1].soldOut).toBe(true);
    expect((await setAvailability(itemId, { sizeId: whole.id, available: true })).sizes[1]).toEqual(whole);
    const wrong = await service.manager.via(transport, 'menu:set-availability', {
      ...{ itemId, sizeId: orderId, available: false },
    });
    expect(wrong.problem?.errors?.[0]?.field).toBe('sizeId');
  });
});

describe.each(transports)('an order for later, over %s', (transport) => {
  const clock = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString().slice(11, 16);
  const span = (from: number, to: number) => ({ weekdays: [1, 2, 3, 4, 5, 6, 7], from: clock(from), to: clock(to) });
  const offered = (from: number, to: number) => ({
    availability: { channels: ['takeaway'], dayparts: [span(from, to)] },
  });
  let utc: Service;
  beforeAll(async () => {
    utc = await openService(brigade, { timeZone: 'UTC' });
  });
  afterAll(() => utc?.house.close());
  const order = (lines: object[], more: object = { pickupAt: hence(3) }) =>
    utc.waiter.via(transport, 'order:place', { channel: 'takeaway', lines, ...more });

  it('is judged for its pick-up time: by daypart, by the end of an 86, and so are lines added later', async () => {
    const lunch = await utc.dish('Lunch', offered(2, 5));
    const breakfast = await utc.dish('Breakfast', offered(-1, 1));
    const back = await utc.dish('Back soon');
    await utc.manager.must('menu:set-availability', { itemId: back, available: false, until: hence(2) });
    expect((await order([{ itemId: breakfast }])).problem?.code).toBe('unavailable_item');
    expect((await order([{ itemId: lunch }], {})).problem?.code).toBe('unavailable_item');
    expect((await order([{ itemId: back }], {})).problem?.code).toBe('unavailable_item');
    const { status, data } = await order([{ itemId: lunch }, { itemId: back }]);
    expect([status, data?.status]).toEqual([201, 'scheduled']);
    const add = (itemId: string) =>
      utc.waiter.via(transport, 'order:add-lines', { orderId: data.id, lines: [{ itemId }] });
    expect((await add(lunch)).status).toBe(200);
    expect((await add(breakfast)).problem?.code).toBe('unavailable_item');
    const raised = { orderId: data.id, lineId: data.lines[0].id, quantity: 3 };
    expect((await utc.waiter.via(transport, 'order:change-line', raised)).data.lines[0].quantity).toBe(3);
  });

  it('has the prices of its pick-up time, and no pick-up time that is past', async () => {
    const happy = { name: 'Happy hour', ...span(2, 5), percentOff: 50 };
    const itemId = await utc.dish('Spritz', { priceRules: [happy] });
    expect((await order([{ itemId }])).data.totals.total).toEqual(eur(500));
    expect((await order([{ itemId }], {})).data.totals.total).toEqual(eur(1_000));
    expect((await order([{ itemId }], { pickupAt: hence(-1) })).problem?.errors?.[0]?.field).toBe('pickupAt');
  });
});

/** What may happen to one counted dish, whose price the manager changes all the time. */
type Step = { what: number; a: number };
const step: fc.Arbitrary<Step> = fc.record({ what: fc.nat(12), a: fc.nat(9) });

it('in any service: portions add up, nothing sold out is sold, and what is priced keeps its price', async () => {
  const { waiter, manager } = service;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
      const itemId = await service.dish('Trout');
      const order = await service.order([{ itemId: service.water }]);
      const orderId = order.id;
      const colleague = await service.order([{ itemId: service.water }]);
      let [left, isOut] = [undefined as number | undefined, false];
      const lines = async () => {
        const both = [
          await waiter.must('order:get', { orderId }),
          await waiter.must('order:get', { orderId: colleague.id }),
        ];
        return (both as OrderView[]).flatMap((one) => one.lines).filter((line) => line.itemId === itemId);
      };
      const prices = new Map<string, number>();
      for (const { what, a } of steps) {
        const before = await lines();
        const live = before.filter(({ status }) => status !== 'cancelled' && status !== 'voided');
        const line = before[a % Math.max(1, before.length)];
        const one = { orderId, lineId: line?.id };
        const acts: [string, object][] = [
          ['order:add-lines', { orderId, lines: [{ itemId, quantity: 1 + (a % 3) }], fire: a % 2 ? 'now' : 'hold' }],
          ['order:add-lines', { orderId, lines: [{ itemId, quantity: 0.5 }], fire: 'hold' }],
          ['order:change-line', { ...one, quantity: 1 + (a % 5) }],
          ['order:change-line', { ...one, note: `note ${a}` }],
          ['order:repeat', { orderId, lineIds: [line?.id], fire: 'hold' }],
          ['order:cancel-line', one],
          ['order:fire', { orderId }],
          ['order:hold', { orderId }],
          ['order:move-lines', { orderId, lineIds: [line?.id], toOrderId: colleague.id, guestCount: 1 }],
        ];
        const [name, input] = acts[what] ?? [];
        if (name === undefined || input === undefined) {
          isOut = what === 10;
          left = what === 11 ? a : undefined;
          if (what < 12)
            await setAvailability(itemId, { available: !isOut, ...(left !== undefined && { remaining: left }) });
          else await manager.must('menu:update-item', { itemId, price: eur(500 + 10 * a) });
          if (what === 12) ({ left, isOut } = await state(itemId));
          continue;
        }
        const { problem } = await waiter.rest(name, JSON.parse(JSON.stringify(input)));
        if (problem !== undefined && problem.status >= 500) throw new Error(JSON.stringify(problem));
        const after = (await lines()).filter(({ status }) => status !== 'cancelled' && status !== 'voided');
        const thousandths = (some: { quantity: number }[]) =>
          some.reduce((sum, one) => sum + Math.round(one.quantity * 1000), 0);
        const grown = thousandths(after) - thousandths(live);
        if (isOut) expect(grown).toBeLessThanOrEqual(0);
        const now = await state(itemId);
        expect(now.left).toBe(left === undefined ? undefined : (left * 1000 - grown) / 1000);
        left = now.left;
        for (const { id, unitPrice } of after) {
          expect(unitPrice.amount).toBe(prices.get(id) ?? unitPrice.amount);
          prices.set(id, unitPrice.amount);
        }
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
}, 120_000);

async function state(itemId: string): Promise<{ left: number | undefined; isOut: boolean }> {
  const { remaining, soldOut } = await service.waiter.must('menu:get-item', { itemId });
  return { left: remaining, isOut: soldOut !== undefined };
}
