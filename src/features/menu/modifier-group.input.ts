import Joi from 'joi';
import { newId } from '../../kernel/ids.js';
import { type Money, money } from '../../kernel/money.js';
import { id, label, price } from '../../kernel/schema.js';
import type { Complain } from './menu.findings.js';
import type { ModifierGroupDoc, ModifierOption } from './menu.model.js';
import { code, groupMax, groupMin, present } from './menu.views.js';

export interface OptionContent {
  name: string;
  price?: Money;
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
  price: price.description('Added to the item; nothing when not given'),
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
}
export const groupContentFields = { code, name: label(), min: groupMin, max: groupMax };

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
  currency: string,
  complain: Complain,
): void {
  if (min > max) complain('max', `must not be less than min, which is ${min}`);
  const preset = options.filter((option) => option.default === true).length;
  if (preset > max) complain('options', `${preset} are chosen by default, which is more than max`);
  const names = new Set<string>();
  for (const [index, option] of options.entries()) {
    if (names.has(option.name.toLowerCase())) complain(`options.${index}.name`, 'is there twice');
    names.add(option.name.toLowerCase());
    if (option.price !== undefined && option.price.currency !== currency) {
      complain(`options.${index}.price.currency`, `must be ${currency}, the restaurant's currency`);
    }
  }
}

export type GroupFields = Pick<ModifierGroupDoc, keyof GroupInput>;

/** The fields of a group's document from a checked input; options that stay keep their ids and stay sold out. */
export function groupFields(input: GroupInput, before: readonly ModifierOption[] = []): GroupFields {
  const { code: own, name, min, max } = input;
  const options = input.options.map((option) => {
    const same = before.find((one) =>
      option.id === undefined ? one.name.toLowerCase() === option.name.toLowerCase() : one.id === option.id,
    );
    return {
      id: option.id ?? same?.id ?? newId(),
      name: option.name,
      price: option.price?.amount ?? 0,
      default: option.default ?? false,
      soldOut: same?.soldOut ?? option.soldOut ?? false,
      nestedGroupIds: option.nestedGroupIds ?? [],
    };
  });
  return present<GroupFields>({ code: own, name, min, max, options });
}

/** A document as the input that would make it again. */
export function groupInputOf(doc: ModifierGroupDoc, currency: string): GroupInput {
  const options = doc.options.map(({ soldOut: _soldOut, ...option }) => ({
    ...option,
    price: money(option.price, currency),
  }));
  return present<GroupInput>({ code: doc.code, name: doc.name, min: doc.min, max: doc.max, options });
}
