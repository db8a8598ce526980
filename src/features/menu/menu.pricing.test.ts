import fc from 'fast-check';
import type { UnitContext } from '../../kernel/context.js';
import type { Doc, Kind, Reads } from '../../kernel/documents.js';
import { type BrigadeError, errorTable } from '../../kernel/errors.js';
import { type ItemDoc, type ModifierGroupDoc, menuItems, modifierGroups } from './menu.model.js';
import { priceItem, returnPortions, takePortions } from './menu.pricing.js';

const stamp = { restaurantId: 'r', version: 1, createdAt: new Date(0), updatedAt: new Date(0) };
const settings = {
  _id: 'r',
  ...stamp,
  currency: 'EUR',
  timeZone: 'Europe/Paris',
  taxClasses: [{ code: 'food', name: 'Food', ratePpm: 100_000 }],
};
const happyHour = { name: 'Happy hour', weekdays: [1, 2, 3, 4, 5], from: '17:00', to: '19:00', percentOff: 30 };
const group: ModifierGroupDoc = {
  ...{ _id: 'milk', ...stamp, name: 'Milk', min: 1, max: 1 },
  options: [
    { id: 'whole', name: 'Whole', price: 0, default: true, soldOut: false, nestedGroupIds: [] },
    { id: 'oat', name: 'Oat', price: 50, default: false, soldOut: false, nestedGroupIds: [] },
    { id: 'soy', name: 'Soy', price: 50, default: false, soldOut: true, nestedGroupIds: [] },
  ],
};
const latte: ItemDoc = {
  ...{
    _id: 'latte',
    ...stamp,
    name: 'Latte',
    categoryId: 'hot',
    position: 1,
    taxClass: 'food',
    course: 1,
    prepSeconds: 180,
  },
  ...{ dietary: [], allergens: { contains: ['milk'], traces: ['nuts'] }, archived: false, modifierGroupIds: ['milk'] },
  sizes: [
    { id: 's', name: 'Small', price: 350 },
    { id: 'l', name: 'Large', price: 450, channelPrices: { takeaway: 400 } },
  ],
  priceRules: [happyHour],
  availability: { channels: ['dine-in', 'takeaway'], dayparts: [] },
};

function reads(item: ItemDoc): Reads {
  const held = new Map<string, readonly Doc[]>([
    ['restaurants', [settings]],
    [menuItems.collection, [item]],
    [modifierGroups.collection, [group]],
  ]);
  const all = async <T extends Doc>(kind: Kind<T>) => (held.get(kind.collection) ?? []) as readonly T[];
  const lookup = async <T extends Doc>(kind: Kind<T>, id: string) => (await all(kind)).find(({ _id }) => _id === id);
  return {
    all,
    lookup,
    get: async (kind, id) => (await lookup(kind, id)) ?? Promise.reject(new Error(`no ${kind.title} ${id}`)),
    find: () => Promise.reject(new Error('the menu is held whole')),
  };
}

/** 12:00 on a Tuesday in Paris. */
const noon = new Date('2026-03-10T11:00:00Z');
const large = { itemId: 'latte', sizeId: 'l', modifiers: [], quantity: 1 };
const price = (
  choice = large as Parameters<typeof priceItem>[1],
  now = noon,
  item = latte,
  channel: 'dine-in' | 'takeaway' | 'delivery' = 'dine-in',
) => priceItem({ ...reads(item), restaurantId: 'r' }, choice, { channel, at: now }, (field) => `lines.2.${field}`);
const refusal = async (wanted: Promise<unknown>) => {
  const error = (await wanted.then(
    () => undefined,
    (reason) => reason,
  )) as BrigadeError;
  expect(Object.keys(errorTable)).toContain(error.code);
  return [error.code, error.details.errors?.[0]?.field];
};

describe('pricing a line', () => {
  it('copies what an order keeps: names, price, tax rate, course, allergens, and the default of a required group', async () => {
    expect(await price()).toEqual({
      ...{ itemId: 'latte', categoryId: 'hot', name: 'Latte', sizeName: 'Large', unitPrice: 450 },
      modifiers: [{ groupId: 'milk', optionId: 'whole', name: 'Whole', price: 0, quantity: 1 }],
      ...{ taxClass: 'food', ratePpm: 100_000, course: 1, prepSeconds: 180, allergens: ['milk'], traces: ['nuts'] },
    });
  });

  it('goes by channel and local hour', async () => {
    expect((await price(large, noon, latte, 'takeaway')).unitPrice).toBe(400);
    expect((await price(large, new Date('2026-03-10T16:00:00Z'))).unitPrice).toBe(315);
    // An hour later on the same wall clock: the clocks changed on 29 March.
    expect((await price(large, new Date('2026-03-31T15:00:00Z'))).unitPrice).toBe(315);
    expect((await price(large, new Date('2026-03-31T17:00:00Z'))).unitPrice).toBe(450);
  });

  it('names the field that is wrong', async () => {
    expect(await refusal(price({ ...large, itemId: 'mocha' }))).toEqual(['validation_failed', 'lines.2.itemId']);
    expect(await refusal(price({ itemId: 'latte', modifiers: [], quantity: 1 }))).toEqual([
      'validation_failed',
      'lines.2.sizeId',
    ]);
    expect(await refusal(price({ ...large, sizeId: 'xl' }))).toEqual(['validation_failed', 'lines.2.sizeId']);
    const modifiers = [{ groupId: 'milk', optionId: 'goat', quantity: 1 }];
    expect(await refusal(price({ ...large, modifiers }))).toEqual([
      'validation_failed',
      'lines.2.modifiers.0.optionId',
    ]);
    const both = [
      { groupId: 'milk', optionId: 'oat', quantity: 1 },
      { groupId: 'milk', optionId: 'whole', quantity: 1 },
    ];
    expect(await refusal(price({ ...large, modifiers: both }))).toEqual(['validation_failed', 'lines.2.modifiers']);
  });

  it('refuses what cannot be had now', async () => {
    const gone = ['unavailable_item', 'lines.2.itemId'];
    expect(await refusal(price(large, noon, { ...latte, archived: true }))).toEqual(gone);
    expect(await refusal(price(large, noon, { ...latte, soldOut: { until: null } }))).toEqual(gone);
    const soldOut = { until: new Date('2026-03-10T11:30:00Z') };
    expect(await refusal(price(large, noon, { ...latte, soldOut }))).toEqual(gone);
    expect((await price(large, soldOut.until, { ...latte, soldOut })).unitPrice).toBe(450);
    expect(await refusal(price(large, noon, latte, 'delivery'))).toEqual(gone);
    const modifiers = [{ groupId: 'milk', optionId: 'soy', quantity: 1 }];
    expect(await refusal(price({ ...large, modifiers }))).toEqual(['unavailable_item', 'lines.2.modifiers.0.optionId']);
  });
});

/** A unit of work over counted items `i0`, `i1`...; an item without a count has no limit. */
function kitchen(counts: readonly (number | undefined)[]) {
  const items = new Map<string, ItemDoc>();
  for (const [index, remaining] of counts.entries()) {
    const _id = `i${index}`;
    items.set(_id, { ...latte, _id, name: _id, ...(remaining === undefined ? {} : { remaining }) });
  }
  const lookup = async (kind: Kind<Doc>, id: string) => (kind.collection === 'restaurants' ? settings : items.get(id));
  const announced: string[] = [];
  const ctx = {
    ...{ restaurantId: 'r', now: noon, lookup, get: lookup },
    save: (_kind: Kind<ItemDoc>, doc: ItemDoc) => {
      items.set(doc._id, doc);
      return doc;
    },
    publish: (_event: unknown, { item }: { item: { id: string } }) => announced.push(item.id),
  } as unknown as UnitContext;
  return { ctx, announced, counts: () => [...items.values()].map(({ remaining }) => remaining) };
}

describe('counted portions', () => {
  const counts = fc.array(fc.option(fc.nat(9), { nil: undefined }), { minLength: 1, maxLength: 4 });
  const wish = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  const quantitiesOf = (wanted: readonly number[], items: number) =>
    new Map(wanted.slice(0, items).map((quantity, index) => [`i${index}`, quantity]));

  it('are taken whole or not at all, never below zero, and come back', async () => {
    await fc.assert(
      fc.asyncProperty(counts, wish, async (before, wanted) => {
        const { ctx, announced, counts: now } = kitchen(before);
        const quantities = quantitiesOf(wanted, before.length);
        const taken = (index: number) => quantities.get(`i${index}`) ?? 0;
        const after = before.map((count, index) => (count === undefined ? undefined : count - taken(index)));
        const short = after.some((count) => count !== undefined && count < 0);
        if (short) {
          await expect(takePortions(ctx, quantities)).rejects.toMatchObject({ code: 'sold_out' });
          expect(now()).toEqual(before);
          expect(announced).toEqual([]);
          return;
        }
        await takePortions(ctx, quantities);
        expect(now()).toEqual(after);
        await returnPortions(ctx, quantities);
        expect(now()).toEqual(before);
      }),
    );
  });

  it('that are short are all named, with what is left', async () => {
    const { ctx } = kitchen([1, 5, 0]);
    const quantities = new Map([
      ['i0', 2],
      ['i1', 5],
      ['i2', 1],
    ]);
    await expect(takePortions(ctx, quantities)).rejects.toMatchObject({
      details: {
        detail: 'i0: 2 wanted, 1 left; i2: 1 wanted, 0 left',
        current: [
          { itemId: 'i0', remaining: 1 },
          { itemId: 'i2', remaining: 0 },
        ],
      },
    });
  });
});
