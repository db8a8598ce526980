import Joi from 'joi';
import { newId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import { id, label, note, priceDifference } from '../../kernel/schema.js';
import { checkDeclared, type Known } from './item.input.js';
import type { Complain } from './menu.findings.js';
import type { Allergens, ModifierGroupDoc, ModifierOption } from './menu.model.js';
import {
  additives,
  allergensSchema,
  code,
  groupFree,
  groupMax,
  groupMin,
  groupView,
  optionMax,
  present,
  type SizePrices,
  sizePrices,
} from './menu.views.js';

export interface OptionContent {
  name: string;
  description?: string;
  price?: Money;
  prices?: SizePrices;
  max?: number;
  allergens?: Allergens;
  additives?: string[];
  default?: boolean;
}
export interface OptionInput extends OptionContent {
  id?: string;
  nestedGroupIds?: string[];
  /** From a file only: of an option that is new here. */
  soldOut?: boolean;
}
export const optionContentFields = {
  name: label().required(),
  description: note(300),
  price: priceDifference.description('Added to the item, or taken off it; nothing when not given'),
  prices: sizePrices,
  max: optionMax,
  allergens: allergensSchema,
  additives,
  default: Joi.boolean().description('Chosen unless the guest says otherwise'),
};
const optionInput = Joi.object<OptionInput>({
  ...optionContentFields,
  id: id('the option').description('Of an option the group has; without it an option of the same name keeps its id'),
  nestedGroupIds: Joi.array().items(id('a modifier group')).max(10).unique().description('Asked once this is chosen'),
}).meta({ typeName: 'ModifierOptionInput' });

interface GroupContent {
  code?: string;
  name: string;
  min: number;
  max: number;
  free?: number;
}
export const groupContentFields = { code, name: label(), min: groupMin, max: groupMax, free: groupFree };

export interface GroupInput extends GroupContent {
  options: OptionInput[];
}
export const groupInputFields = {
  ...groupContentFields,
  options: Joi.array().items(optionInput).min(1).max(100).description('In the order they are shown'),
};

/** Complains about what a schema cannot see. References to nested groups are the caller's. */
export function checkGroup(
  { min, max, options }: GroupContent & { options: readonly OptionContent[] },
  known: Known & { currency: string },
  complain: Complain,
): void {
  if (min > max) complain('max', `must not be less than min, which is ${min}`);
  const preset = options.filter((option) => option.default === true).length;
  if (preset > max) complain('options', `${preset} are chosen by default, which is more than max`);
  const names = new Set<string>();
  for (const [index, option] of options.entries()) {
    if (names.has(option.name.toLowerCase())) complain(`options.${index}.name`, 'is there twice');
    names.add(option.name.toLowerCase());
    checkOption(option, known, (field, message) => complain(`options.${index}.${field}`, message));
  }
}

function checkOption(option: OptionContent, known: Known & { currency: string }, complain: Complain): void {
  const { currency } = known;
  const foreign = `must be ${currency}, the restaurant's currency`;
  if (option.price !== undefined && option.price.currency !== currency) complain('price.currency', foreign);
  const sizes = new Set<string>();
  for (const [size, price] of Object.entries(option.prices ?? {})) {
    if (price.currency !== currency) complain(`prices.${size}.currency`, foreign);
    if (sizes.has(size.toLowerCase())) complain(`prices.${size}`, 'is there twice');
    sizes.add(size.toLowerCase());
  }
  checkDeclared(option, known, complain);
}

export type GroupFields = Pick<ModifierGroupDoc, keyof GroupInput>;

/** The fields of a group's document from a checked input; options that stay keep their ids and stay sold out. */
export function groupFields(input: GroupInput, before: readonly ModifierOption[] = []): GroupFields {
  const { code: own, name, min, max, free } = input;
  const options = input.options.map((option) => {
    const same = before.find((one) =>
      option.id === undefined ? one.name.toLowerCase() === option.name.toLowerCase() : one.id === option.id,
    );
    return present<ModifierOption>({
      id: option.id ?? same?.id ?? newId(),
      name: option.name,
      description: option.description === '' ? undefined : option.description,
      price: option.price?.amount ?? 0,
      sizePrices: option.prices && Object.entries(option.prices).map(([size, { amount }]) => ({ size, price: amount })),
      max: option.max,
      allergens: option.allergens,
      additives: option.additives,
      default: option.default ?? false,
      soldOut: same?.soldOut ?? option.soldOut ?? false,
      nestedGroupIds: option.nestedGroupIds ?? [],
    });
  });
  return present<GroupFields>({ code: own, name, min, max, free, options });
}

/** A document as the input that would make it again. */
export function groupInputOf(doc: ModifierGroupDoc, currency: string): GroupInput {
  const { code: own, name, min, max, free, options } = groupView(doc, currency);
  const given = options.map(({ soldOut: _, ...option }) => option);
  return present<GroupInput>({ code: own, name, min, max, free, options: given });
}
