import Joi from 'joi';
import type { Reads } from '../../kernel/documents.js';
import { command, query } from '../../kernel/operation.js';
import { type Nothing, nothing } from '../../kernel/schema.js';
import { restaurants, settingsOf } from '../restaurants/index.js';
import { menuUpdated } from './menu.events.js';
import { menuCategories, menuItems, modifierGroups } from './menu.model.js';
import { codesOf } from './menu.references.js';
import { categoryView, groupView, type ItemView, itemView } from './menu.views.js';
import { type MenuFile, menuFileOf, menuFileSchema, type StoredMenu } from './menu-file.js';
import { carryOut, type ImportMode, planImport } from './menu-import.js';

const exampleFile: MenuFile = {
  format: 'brigade-menu/1',
  categories: [{ code: 'mains', name: 'Mains', position: 3, taxClass: 'food', course: 3 }],
  modifierGroups: [
    {
      code: 'doneness',
      name: 'Doneness',
      min: 1,
      max: 1,
      options: [{ name: 'Medium rare', default: true }, { name: 'Well done' }],
    },
  ],
  items: [
    {
      code: 'rib-eye',
      name: 'Rib-eye, 300 g',
      category: 'mains',
      price: { amount: 3_150, currency: 'EUR' },
      allergens: { contains: ['milk'], traces: ['mustard'] },
      prepSeconds: 900,
      modifierGroups: ['doneness'],
    },
  ],
};

async function storedMenu(reads: Reads): Promise<StoredMenu> {
  const [categories, groups, items] = await Promise.all([
    reads.all(menuCategories),
    reads.all(modifierGroups),
    reads.all(menuItems),
  ]);
  return { categories, groups, items };
}

export const exportMenu = query({
  name: 'menu:export',
  summary: 'Give the whole menu as one document',
  description: 'What `menu:import` takes. Things name each other by code; archived items are not in it.',
  rest: { method: 'get', path: '/menu/export' },
  permission: 'menu:read',
  limit: 'expensive',
  input: nothing,
  cache: { ttl: 3600, tags: [restaurants, menuItems, menuCategories, modifierGroups] },
  output: menuFileSchema,
  example: { input: {} as Nothing, output: exampleFile },
  async handle(ctx) {
    const { currency } = await settingsOf(ctx, ctx.restaurantId);
    return menuFileOf(await storedMenu(ctx), currency);
  },
});

interface ImportMenu {
  mode: ImportMode;
  menu: MenuFile;
}
/** How many of each kind were added, changed and removed. */
interface Imported {
  categories: number;
  modifierGroups: number;
  items: number;
  removed: number;
}

/** Room for every menu that `menu:export` gives. */
const MAX_FILE_BYTES = 8_388_608;

export const importMenu = command({
  name: 'menu:import',
  summary: 'Take a whole menu from one document',
  description:
    'Things are found again by their code and keep their ids, also those of sizes and options with the same name; what is sold out or counted there stays so. Checked as a whole: when anything is wrong, all of it is named and nothing is written.',
  rest: { method: 'post', path: '/menu/import' },
  permission: 'menu:write',
  limit: 'expensive',
  maxBytes: MAX_FILE_BYTES,
  input: Joi.object<ImportMenu, true>({
    mode: Joi.string()
      .valid('replace', 'merge')
      .required()
      .description('replace: what the document does not name goes (items are archived); merge: it stays'),
    menu: menuFileSchema.required(),
  }),
  output: Joi.object<Imported, true>({
    categories: Joi.number().integer().required().description('Categories added or changed'),
    modifierGroups: Joi.number().integer().required().description('Modifier groups added or changed'),
    items: Joi.number().integer().required().description('Items added or changed'),
    removed: Joi.number().integer().required().description('Categories and groups removed, and items archived'),
  }).meta({ typeName: 'MenuImported' }),
  emits: [menuUpdated],
  example: {
    input: { mode: 'merge' as const, menu: exampleFile },
    output: { categories: 1, modifierGroups: 1, items: 1, removed: 0 },
  },
  async handle(ctx) {
    const { mode, menu } = ctx.input;
    const { currency, taxClasses, allergens, additives } = await settingsOf(ctx, ctx.restaurantId);
    const declared = {
      taxClasses: codesOf(taxClasses),
      allergens: codesOf(allergens),
      additives: codesOf(additives),
    };
    const plan = planImport(menu, await storedMenu(ctx), { mode, currency, ...declared });
    await ctx.rest();
    const { categories, groups, items } = carryOut(ctx, plan);
    const views: ItemView[] = [];
    for (const item of items) {
      await ctx.rest();
      views.push(itemView(item, currency));
    }
    ctx.publish(menuUpdated, {
      categories: categories.map(categoryView),
      modifierGroups: groups.map((group) => groupView(group, currency)),
      items: views,
      removedCategoryIds: plan.gone.categories.map(({ _id }) => _id),
      removedModifierGroupIds: plan.gone.groups.map(({ _id }) => _id),
    });
    const { gone } = plan;
    return {
      categories: plan.categories.length,
      modifierGroups: plan.groups.length,
      items: plan.items.length,
      removed: gone.categories.length + gone.groups.length + gone.items.length,
    };
  },
});
