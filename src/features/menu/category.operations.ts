import Joi from 'joi';
import { fail } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command } from '../../kernel/operation.js';
import { id, label, note } from '../../kernel/schema.js';
import { checkTaxClasses } from './item.input.js';
import { menuUpdated } from './menu.events.js';
import { exampleCategory } from './menu.examples.js';
import { type Complain, Findings } from './menu.findings.js';
import { type CategoryDoc, type ChannelTaxClasses, menuCategories, menuItems } from './menu.model.js';
import { checkCode, referencesOf } from './menu.references.js';
import {
  categorySchema,
  categoryView,
  channelTaxClasses,
  code,
  course,
  patched,
  position,
  taxClass,
} from './menu.views.js';

export interface CategoryInput {
  code?: string;
  name: string;
  description?: string;
  position?: number;
  taxClass?: string;
  channelTaxClasses?: ChannelTaxClasses;
  course?: number;
}
export const categoryInputFields = {
  code,
  name: label(),
  description: note(1000),
  position,
  taxClass: taxClass.description('Tax class of new items that name none'),
  channelTaxClasses: channelTaxClasses.description('Tax classes by channel of new items that name no tax class'),
  course: course.description('Course of new items that name none'),
};
const categoryId = id('the category').required();
const { id: exampleId, version: _version, ...exampleInput } = exampleCategory;

/** The fields of a category's document from a checked input. */
export function categoryFields(input: CategoryInput): Pick<CategoryDoc, keyof CategoryInput & keyof CategoryDoc> {
  const { description, position: place = 0, ...rest } = input;
  return { ...rest, position: place, ...(description === undefined || description === '' ? {} : { description }) };
}

function checkCategory(
  input: CategoryInput,
  others: readonly CategoryDoc[],
  taxClasses: readonly string[],
  ownId: string | undefined,
  complain: Complain,
): void {
  checkCode(input.code, others, ownId, complain);
  checkTaxClasses(input, taxClasses, complain);
}

export const createCategory = command({
  name: 'menu:create-category',
  summary: 'Add a category to the menu',
  rest: { method: 'post', path: '/menu/categories', status: 201 },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<CategoryInput, true>({ ...categoryInputFields, name: categoryInputFields.name.required() }),
  output: categorySchema,
  emits: [menuUpdated],
  example: { input: exampleInput, output: exampleCategory },
  async handle(ctx) {
    const { categories, taxClasses } = await referencesOf(ctx);
    const findings = new Findings();
    checkCategory(ctx.input, [...categories.values()], taxClasses, undefined, findings.at(''));
    findings.refuse();
    const category = categoryView(ctx.insert(menuCategories, { _id: newId(), ...categoryFields(ctx.input) }));
    ctx.publish(menuUpdated, { categories: [category] });
    return category;
  },
});

interface UpdateCategory {
  categoryId: string;
  code?: string | null;
  name?: string;
  description?: string | null;
  position?: number;
  taxClass?: string | null;
  channelTaxClasses?: ChannelTaxClasses | null;
  course?: number | null;
}

export const updateCategory = command({
  name: 'menu:update-category',
  summary: 'Change a category',
  description: 'What is not given stays; null takes it away. Items keep the tax class and course they have.',
  rest: { method: 'patch', path: '/menu/categories/:categoryId' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<UpdateCategory, true>({
    categoryId,
    ...categoryInputFields,
    code: categoryInputFields.code.allow(null),
    description: categoryInputFields.description.allow(null),
    taxClass: categoryInputFields.taxClass.allow(null),
    channelTaxClasses: categoryInputFields.channelTaxClasses.allow(null),
    course: categoryInputFields.course.allow(null),
  }),
  output: categorySchema,
  emits: [menuUpdated],
  example: { input: { categoryId: exampleId, position: 4 }, output: { ...exampleCategory, version: 2, position: 4 } },
  async handle(ctx) {
    const { categoryId: ownId, ...patch } = ctx.input;
    const before = await ctx.get(menuCategories, ownId);
    checkVersion(ctx.expectedVersion, before, categoryView(before));
    const { id: _id, version: _counted, ...fields } = categoryView(before);
    const input = patched<CategoryInput>(fields, patch);
    const { categories, taxClasses } = await referencesOf(ctx);
    const findings = new Findings();
    checkCategory(input, [...categories.values()], taxClasses, ownId, findings.at(''));
    findings.refuse();
    const { restaurantId, version, createdAt, updatedAt } = before;
    const after = { _id: ownId, restaurantId, version, createdAt, updatedAt, ...categoryFields(input) };
    const category = categoryView(ctx.save(menuCategories, after));
    ctx.publish(menuUpdated, { categories: [category] });
    return category;
  },
});

export const deleteCategory = command({
  name: 'menu:delete-category',
  summary: 'Remove an empty category',
  description: 'Refused (conflict) while items are in it; archived items do not count.',
  rest: { method: 'delete', path: '/menu/categories/:categoryId' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<{ categoryId: string }, true>({ categoryId }),
  output: Joi.object<{ id: string }, true>({ id: id('the category that is gone').required() }),
  emits: [menuUpdated],
  example: { input: { categoryId: exampleId }, output: { id: exampleId } },
  async handle(ctx) {
    const category = await ctx.get(menuCategories, ctx.input.categoryId);
    checkVersion(ctx.expectedVersion, category, categoryView(category));
    const inside = (await ctx.all(menuItems)).filter((item) => !item.archived && item.categoryId === category._id);
    if (inside.length > 0)
      throw fail('conflict', `${category.name} still has ${inside.length} items, ${inside[0]?.name} for one`);
    ctx.remove(menuCategories, category);
    ctx.publish(menuUpdated, { removedCategoryIds: [category._id] });
    return { id: category._id };
  },
});
