import type { Doc, Reads } from '../../kernel/documents.js';
import { settingsOf } from '../restaurants/index.js';
import { checkContent, type ItemInput, type ItemSetting, type Known } from './item.input.js';
import type { Complain } from './menu.findings.js';
import { type CategoryDoc, type ModifierGroupDoc, menuCategories, modifierGroups } from './menu.model.js';

/** What the parts of a menu may refer to. */
export interface References extends Known {
  currency: string;
  taxClasses: readonly string[];
  categories: ReadonlyMap<string, CategoryDoc>;
  groups: ReadonlyMap<string, ModifierGroupDoc>;
}

const byId = <T extends Doc>(docs: readonly T[]): Map<string, T> => new Map(docs.map((doc) => [doc._id, doc]));

/** Of things the restaurant's settings declare. */
export const codesOf = (declared: readonly { code: string }[] = []): string[] => declared.map(({ code }) => code);

export async function referencesOf(ctx: Reads & { restaurantId: string }): Promise<References> {
  const { currency, taxClasses, allergens, additives } = await settingsOf(ctx, ctx.restaurantId);
  return {
    currency,
    taxClasses: codesOf(taxClasses),
    allergens: codesOf(allergens),
    additives: codesOf(additives),
    categories: byId(await ctx.all(menuCategories)),
    groups: byId(await ctx.all(modifierGroups)),
  };
}

export function settingOf(references: References, input: ItemInput): ItemSetting {
  const { currency, taxClasses, allergens, additives, categories } = references;
  return { currency, taxClasses, allergens, additives, category: categories.get(input.categoryId) };
}

/** Everything a schema cannot see about an item that comes from a client. */
export function checkItem(input: ItemInput, references: References, complain: Complain): void {
  if (!references.categories.has(input.categoryId)) complain('categoryId', 'is no category of this menu');
  for (const [index, groupId] of (input.modifierGroupIds ?? []).entries()) {
    if (!references.groups.has(groupId)) complain(`modifierGroupIds.${index}`, 'is no modifier group of this menu');
  }
  checkContent(input, settingOf(references, input), complain);
}

/** What a thing is called in a file: its own code, or its id. */
export const codeOf = ({ code, _id }: Doc & { code?: string }): string => code ?? _id;

/** Codes are unique among things of a kind. */
export function checkCode(
  code: string | undefined,
  others: readonly (Doc & { code?: string })[],
  ownId: string | undefined,
  complain: Complain,
): void {
  if (code === undefined) return;
  if (others.some((other) => other._id !== ownId && codeOf(other) === code)) complain('code', 'belongs to another one');
}
