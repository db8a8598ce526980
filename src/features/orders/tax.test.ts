import { type Brigade, startBrigade, transports } from '../../../tests/harness/index.js';
import { eur, openService, type Service } from '../../../tests/harness/service.js';

const DAY = 86_400_000;
const day = (offset: number) => new Date(Date.now() + offset * DAY).toISOString().slice(0, 10);
const gst = [
  { name: 'CGST', ratePpm: 25_000 },
  { name: 'SGST', ratePpm: 25_000 },
];
const taxClasses = [
  { code: 'food', name: 'In the house', ratePpm: 190_000 },
  { code: 'away', name: 'Taken away', ratePpm: 70_000 },
  { code: 'gst', name: 'GST', components: gst },
  {
    ...{ code: 'new', name: 'Changes', ratePpm: 100_000 },
    rates: [
      { from: day(3), ratePpm: 120_000 },
      { channel: 'delivery', ratePpm: 50_000 },
    ],
  },
];

let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade, { timeZone: 'UTC', taxClasses });
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});

const taken = async (itemId: string, more: object = { channel: 'takeaway' }, quantity = 1) =>
  service.waiter.must('order:place', { lines: [{ itemId, quantity }], ...more });
const rateOf = (order: { totals: { taxes: { ratePpm: number }[] } }) =>
  order.totals.taxes.map(({ ratePpm }) => ratePpm);

describe.each(transports)('taxes, over %s', (transport) => {
  it('go by channel: of the item, else of its category; the line keeps class and rate', async () => {
    const latte = await service.dish('Latte', { channelTaxClasses: { takeaway: 'away' } });
    expect(rateOf(await taken(latte))).toEqual([70_000]);
    const order = await service.order([{ itemId: latte }]);
    expect(order.lines[0]).toMatchObject({ taxClass: 'food', ratePpm: 190_000 });
    await service.manager.must('menu:update-item', { itemId: latte, channelTaxClasses: null });
    expect(rateOf(await taken(latte))).toEqual([190_000]);
    const category = await service.manager.via(transport, 'menu:create-category', {
      ...{ name: `Coffee ${transport}`, taxClass: 'food', channelTaxClasses: { takeaway: 'away' } },
    });
    const item = { name: 'Mocha', categoryId: category.data.id, price: eur(400) };
    expect((await service.manager.must('menu:create-item', item)).channelTaxClasses).toEqual({ takeaway: 'away' });
    const own = await service.manager.must('menu:create-item', { ...item, taxClass: 'gst' });
    expect(own.channelTaxClasses).toBeUndefined();
    const wrong = await service.manager.via(transport, 'menu:create-item', {
      ...{ ...item, channelTaxClasses: { delivery: 'nowhere' } },
    });
    expect(wrong.problem?.errors?.[0]?.field).toBe('channelTaxClasses.delivery');
  });

  it('change on a day, for the day on which it is picked up, and have rates by channel', async () => {
    const itemId = await service.dish('Pie', { taxClass: 'new' });
    expect(rateOf(await taken(itemId))).toEqual([100_000]);
    const at = (days: number) => new Date(Date.now() + days * DAY).toISOString();
    const order = await taken(itemId, { channel: 'takeaway', pickupAt: at(4) });
    expect(rateOf(order)).toEqual([120_000]);
    const customer = { name: 'Jo', address: '1 Mill Lane' };
    expect(rateOf(await taken(itemId, { channel: 'delivery', customer, pickupAt: at(4) }))).toEqual([50_000]);
    const sooner = await service.waiter.via(transport, 'order:update', { orderId: order.id, pickupAt: at(1) });
    expect(rateOf(sooner.data)).toEqual([100_000]);
  });

  it('show their components, which add up', async () => {
    const itemId = await service.dish('Thali', { taxClass: 'gst', price: eur(999) });
    const order = await taken(itemId, { channel: 'takeaway' }, 3);
    const tax = order.totals.taxes[0];
    expect(tax).toMatchObject({ ratePpm: 50_000, base: eur(2_997), amount: eur(142) });
    expect(tax.components).toEqual(gst.map((part) => ({ ...part, amount: eur(71) })));
    expect(order.lines[0].taxComponents).toEqual(gst);
  });
});

it('a new pick-up time is judged for what is held, and prices it', async () => {
  const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  const span = (from: number, to: number) => ({ weekdays: [1, 2, 3, 4, 5, 6, 7], from: clock(from), to: clock(to) });
  const hence = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const happy = { name: 'Happy hour', ...span(2, 4), percentOff: 50 };
  const availability = { channels: ['takeaway'], dayparts: [span(1, 8)] };
  const itemId = await service.dish('Spritz', { priceRules: [happy], availability });
  const { id: orderId, totals } = await taken(itemId, { channel: 'takeaway', pickupAt: hence(3) });
  expect(totals.total).toEqual(eur(500));
  await service.manager.must('menu:update-item', { itemId, price: eur(5_000) });
  const still = await service.waiter.must('order:update', { orderId, pickupAt: hence(3.5) });
  expect(still.totals.total).toEqual(eur(500));
  const later = await service.waiter.must('order:update', { orderId, pickupAt: hence(6) });
  expect(later.totals.total).toEqual(eur(5_000));
  const { problem } = await service.waiter.rest('order:update', { orderId, pickupAt: hence(10) });
  expect(problem).toMatchObject({ code: 'unavailable_item', errors: [{ field: 'pickupAt' }] });
});
