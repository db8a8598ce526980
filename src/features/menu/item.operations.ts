import Joi from 'joi';
import type { CommandContext } from '../../kernel/context.js';
import type { Doc } from '../../kernel/documents.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { restaurants, settingsOf } from '../restaurants/index.js';
import { type ItemInput, itemFields, itemInputFields, itemInputOf } from './item.input.js';
import { menuUpdated } from './menu.events.js';
import { exampleItem } from './menu.examples.js';
import { Findings } from './menu.findings.js';
import { type ItemDoc, menuItems } from './menu.model.js';
import { checkCode, checkItem, type References, referencesOf, settingOf } from './menu.references.js';
import { type ItemView, itemSchema, itemView, type Patch, patched } from './menu.views.js';

const itemId = id('the item').required();

/** @throws validation_failed with everything that is wrong */
function check(input: ItemInput, before: ItemDoc | undefined, all: readonly ItemDoc[], references: References): void {
  const findings = new Findings();
  const complain = findings.at('');
  checkCode(input.code, all, before?._id, complain);
  checkItem(input, references, complain);
  const ids = new Set<string>();
  for (const [index, { id: sizeId }] of (input.sizes ?? []).entries()) {
    if (sizeId === undefined) continue;
    if (!before?.sizes.some((size) => size.id === sizeId)) complain(`sizes.${index}.id`, 'is no size of this item');
    if (ids.has(sizeId)) complain(`sizes.${index}.id`, 'is there twice');
    ids.add(sizeId);
  }
  findings.refuse();
}

/** Saves, announces and answers. */
function saved(ctx: CommandContext<unknown>, doc: ItemDoc, currency: string): ItemView {
  const item = itemView(ctx.save(menuItems, doc), currency);
  ctx.publish(menuUpdated, { items: [item] });
  return item;
}

export const getItem = query({
  name: 'menu:get-item',
  summary: 'Show one item, archived ones too',
  rest: { method: 'get', path: '/menu/items/:itemId' },
  permission: 'menu:read',
  limit: 'read',
  input: Joi.object<{ itemId: string }, true>({ itemId }),
  cache: { ttl: 3600, tags: [restaurants, menuItems] },
  output: itemSchema,
  example: { input: { itemId: exampleItem.id }, output: exampleItem },
  async handle(ctx) {
    const { currency } = await settingsOf(ctx, ctx.restaurantId);
    return itemView(await ctx.get(menuItems, ctx.input.itemId), currency);
  },
});

export const createItem = command({
  name: 'menu:create-item',
  summary: 'Add an item to the menu',
  rest: { method: 'post', path: '/menu/items', status: 201 },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<ItemInput, true>({
    ...itemInputFields,
    name: itemInputFields.name.required(),
    categoryId: itemInputFields.categoryId.required(),
  }),
  output: itemSchema,
  emits: [menuUpdated],
  example: {
    input: {
      code: 'rib-eye',
      name: exampleItem.name,
      categoryId: exampleItem.categoryId,
      price: { amount: 3_150, currency: 'EUR' },
      allergens: exampleItem.allergens,
      prepSeconds: 900,
      modifierGroupIds: exampleItem.modifierGroupIds,
      availability: exampleItem.availability,
    },
    output: exampleItem,
  },
  async handle(ctx) {
    const references = await referencesOf(ctx);
    check(ctx.input, undefined, await ctx.all(menuItems), references);
    const fields = itemFields(ctx.input, settingOf(references, ctx.input));
    const item = itemView(ctx.insert(menuItems, { _id: newId(), ...fields, archived: false }), references.currency);
    ctx.publish(menuUpdated, { items: [item] });
    return item;
  },
});

type UpdateItem = { itemId: string } & Patch<ItemInput>;

export const updateItem = command({
  name: 'menu:update-item',
  summary: 'Change an item',
  description:
    'What is not given stays; null takes it away. Lists are replaced whole. Giving sizes takes a single price away, and the other way round. Orders placed before keep their names and prices.',
  rest: { method: 'patch', path: '/menu/items/:itemId' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<UpdateItem, true>({
    itemId,
    ...itemInputFields,
    code: itemInputFields.code.allow(null),
    description: itemInputFields.description.allow(null),
    price: itemInputFields.price.allow(null),
    channelPrices: itemInputFields.channelPrices.allow(null),
    channelTaxClasses: itemInputFields.channelTaxClasses.allow(null),
    number: itemInputFields.number.allow(null),
    additives: itemInputFields.additives.allow(null),
    unit: itemInputFields.unit.allow(null),
    decimals: itemInputFields.decimals.allow(null),
    imageUrl: itemInputFields.imageUrl.allow(null),
    availability: itemInputFields.availability.allow(null),
  }),
  output: itemSchema,
  emits: [menuUpdated],
  example: {
    input: { itemId: exampleItem.id, price: { amount: 3_300, currency: 'EUR' }, description: null },
    output: { ...exampleItem, version: 2, price: { amount: 3_300, currency: 'EUR' } },
  },
  async handle(ctx) {
    const { itemId: ownId, ...patch } = ctx.input;
    const before = await ctx.get(menuItems, ownId);
    const references = await referencesOf(ctx);
    checkVersion(ctx.expectedVersion, before, itemView(before, references.currency));
    const input = patched<ItemInput>(pricedOneWay(itemInputOf(before, references.currency), patch), patch);
    check(input, before, await ctx.all(menuItems), references);
    const fields = itemFields(input, settingOf(references, input), before.sizes);
    return saved(ctx, { ...unchanging(before), ...fields }, references.currency);
  },
});

/** An item's fields without the way of pricing that a patch leaves behind. */
function pricedOneWay(input: ItemInput, patch: Patch<ItemInput>): ItemInput {
  if (patch.price) return patched<ItemInput>(input, { sizes: [] });
  if (patch.sizes && patch.sizes.length > 0) return patched<ItemInput>(input, { price: null, channelPrices: null });
  return input;
}

type Unchanging = Pick<ItemDoc, keyof Doc | 'archived' | 'soldOut' | 'remaining'>;

/** What an item keeps whatever its description says. */
function unchanging(doc: ItemDoc): Unchanging {
  const { _id, restaurantId, version, createdAt, updatedAt, archived, soldOut, remaining } = doc;
  return {
    ...{ _id, restaurantId, version, createdAt, updatedAt, archived },
    ...(soldOut === undefined ? {} : { soldOut }),
    ...(remaining === undefined ? {} : { remaining }),
  };
}

export const archiveItem = command({
  name: 'menu:archive-item',
  summary: 'Take an item off the menu',
  description: 'It is kept for the orders and reports that name it, and can be restored.',
  rest: { method: 'delete', path: '/menu/items/:itemId' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<{ itemId: string }, true>({ itemId }),
  output: itemSchema,
  emits: [menuUpdated],
  example: { input: { itemId: exampleItem.id }, output: { ...exampleItem, version: 2, status: 'archived' } },
  async handle(ctx) {
    const before = await ctx.get(menuItems, ctx.input.itemId);
    const { currency } = await settingsOf(ctx, ctx.restaurantId);
    checkVersion(ctx.expectedVersion, before, itemView(before, currency));
    return saved(ctx, { ...before, archived: true }, currency);
  },
});

export const restoreItem = command({
  name: 'menu:restore-item',
  summary: 'Put an archived item back on the menu',
  description: 'Refused (validation_failed) when its category or a modifier group has gone meanwhile: change it first.',
  rest: { method: 'post', path: '/menu/items/:itemId/restore' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<{ itemId: string }, true>({ itemId }),
  output: itemSchema,
  emits: [menuUpdated],
  example: { input: { itemId: exampleItem.id }, output: { ...exampleItem, version: 3 } },
  async handle(ctx) {
    const before = await ctx.get(menuItems, ctx.input.itemId);
    const references = await referencesOf(ctx);
    checkVersion(ctx.expectedVersion, before, itemView(before, references.currency));
    check(itemInputOf(before, references.currency), before, await ctx.all(menuItems), references);
    return saved(ctx, { ...before, archived: false }, references.currency);
  },
});
