import type { UnitContext } from '../../kernel/context.js';
import type { Doc, Kind } from '../../kernel/documents.js';
import { linesForChannel } from './orders.lines.js';
import type { OrderDoc, OrderLine } from './orders.model.js';

const settings = {
  ...{ _id: 'r', currency: 'EUR', timeZone: 'UTC', dayStartHour: 4 },
  taxClasses: [
    { code: 'inhouse', name: '19 %', ratePpm: 190_000 },
    { code: 'away', name: '7 %', ratePpm: 70_000 },
  ],
};
const everywhere = { channels: ['dine-in', 'takeaway', 'delivery'], dayparts: [] };
const happy = { name: 'Happy hour', weekdays: [1, 2, 3, 4, 5, 6, 7], from: '17:00', to: '19:00', percentOff: 50 };
const dish = { categoryId: 'c', sizes: [], priceRules: [happy], taxClass: 'inhouse', availability: everywhere };
const items = new Map<string, object>([
  ['latte', { ...dish, _id: 'latte', name: 'Latte', price: 400, channelTaxClasses: { takeaway: 'away' } }],
  ['soup', { ...dish, _id: 'soup', name: 'Soup', price: 900, channelPrices: { takeaway: 700 } }],
  [
    'oysters',
    { ...dish, _id: 'oysters', name: 'Oysters', price: 2_000, availability: { ...everywhere, channels: ['dine-in'] } },
  ],
]);
const get = async (kind: Kind<Doc>, id: string) => (kind.collection === 'restaurants' ? settings : items.get(id));
const ctx = { restaurantId: 'r', now: new Date('2026-03-10T20:00:00Z'), get, lookup: get } as unknown as UnitContext;

/** Ordered in the happy hour, at a price that is on the menu no more. */
const line = (itemId: string, unitPrice: number, more: Partial<OrderLine> = {}): OrderLine =>
  ({
    ...{ id: itemId, itemId, name: itemId, unitPrice, quantity: 1, modifiers: [], status: 'served' },
    ...{ taxClass: 'inhouse', ratePpm: 190_000, pricedFor: new Date('2026-03-10T18:00:00Z') },
    ...more,
  }) as OrderLine;
const order = (lines: OrderLine[]) => ({ channel: 'dine-in', lines, openedAt: ctx.now }) as unknown as OrderDoc;

describe('an order that leaves by another channel', () => {
  it('has what the channel changes, at the hour it was ordered: the rest keeps its price', async () => {
    const after = await linesForChannel(ctx, order([line('latte', 123), line('soup', 450)]), 'takeaway');
    expect(after[0]).toMatchObject({ unitPrice: 123, taxClass: 'away', ratePpm: 70_000 });
    expect(after[1]).toMatchObject({ unitPrice: 350, taxClass: 'inhouse', ratePpm: 190_000 });
    const back = await linesForChannel(ctx, { ...order(after), channel: 'takeaway' }, 'dine-in');
    expect(back[0]).toMatchObject({ unitPrice: 123, taxClass: 'inhouse', ratePpm: 190_000 });
    expect(back[1]).toMatchObject({ unitPrice: 450, ratePpm: 190_000 });
  });

  it('may take away what was given to its guests, but nothing held that is not offered so', async () => {
    const eaten = line('oysters', 2_000);
    expect(await linesForChannel(ctx, order([eaten]), 'takeaway')).toMatchObject([{ unitPrice: 2_000 }]);
    await expect(linesForChannel(ctx, order([{ ...eaten, status: 'held' }]), 'takeaway')).rejects.toMatchObject({
      code: 'unavailable_item',
      details: { errors: [{ field: 'channel' }] },
    });
    const gone = line('nothing', 1, { status: 'voided' });
    expect(await linesForChannel(ctx, order([gone]), 'takeaway')).toEqual([gone]);
  });
});
