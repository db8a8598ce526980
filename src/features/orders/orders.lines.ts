import { createHash } from 'node:crypto';
import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { totalLimit } from '../../kernel/currency.js';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import { id, price } from '../../kernel/schema.js';
import {
  type Channel,
  type LineChoice,
  type Naming,
  type Occasion,
  priceItem,
  repriceItem,
  requireOffered,
} from '../menu/index.js';
import { type OrderDoc, type OrderLine, orders } from './orders.model.js';
import { counts, lineTotal } from './orders.rules.js';
import { course, lineNote, optionQuantity, quantity, seat } from './orders.views.js';

/** What a waiter says of a line; the price is theirs to say only where the menu leaves it open, and who may. */
export interface LineInput extends Omit<LineChoice, 'price'> {
  price?: Money;
  id?: string;
  seat?: number;
  course?: number;
  note: string;
  hold?: boolean;
}

const MAX_LINES = 500;

const modifierChoice = Joi.object<LineChoice['modifiers'][number], true>({
  groupId: id('the modifier group').required(),
  optionId: id('the option').required(),
  quantity: optionQuantity.default(1),
}).meta({ typeName: 'ModifierChoice' });

export const modifierChoices = Joi.array().items(modifierChoice).max(50).description('What is chosen with it');

export const lineInput = Joi.object<LineInput, true>({
  id: id('the line').description(
    'Id of the line, chosen by the client: a line that comes again under its id is not made again',
  ),
  itemId: id('the menu item').required(),
  sizeId: id('the size').description('Required for an item that has sizes'),
  modifiers: modifierChoices.default([]),
  quantity: quantity.default(1),
  price: price.description('Of one; for an item with `openPrice`, and only with the permission `order:open-price`'),
  seat,
  course: course.description("Course it is served in; the item's own when not given"),
  note: lineNote.default(''),
  hold: Joi.boolean().description('Not sent to the kitchen yet, whatever `fire` says'),
}).meta({ typeName: 'OrderLineInput' });

export const lineInputs = Joi.array()
  .items(lineInput)
  .min(1)
  .max(100)
  .unique('id', { ignoreUndefined: true })
  .required()
  .description('The lines');

/** Which of the new lines are sent to the kitchen at once. */
export interface FireInput {
  fire: 'now' | 'hold';
  fireCourses?: number[];
}
export const fire = Joi.string().valid('now', 'hold').description('Send to the kitchen at once, or hold all lines');
export const fireCourses = Joi.array()
  .items(course)
  .min(1)
  .unique()
  .description('With `fire: now`: only these courses are sent, the others are held');

const isSentAtOnce = (input: LineInput, line: OrderLine, { fire: when, fireCourses: courses }: FireInput): boolean =>
  when === 'now' && input.hold !== true && (courses?.includes(line.course) ?? true);

export interface NewLines {
  /** Priced, and held. */
  added: OrderLine[];
  /** Those of them to be fired in the same step. */
  firing: OrderLine[];
}

/** The part of an order that new lines depend on. */
type Target = Pick<OrderDoc, 'channel' | 'pickupAt' | 'currency' | 'lines' | 'movedLines'>;

/** What the lines of an order are for: an order for later is judged and priced for its pick-up time, any other for now. */
export const occasionOf = ({ channel, pickupAt }: Pick<OrderDoc, 'channel' | 'pickupAt'>, now: Date): Occasion => ({
  channel,
  at: pickupAt !== undefined && pickupAt > now ? pickupAt : now,
});

/** Prices new lines; those that the order has already are left out. @throws conflict, unavailable_item, validation_failed */
export async function priceLines(
  ctx: UnitContext,
  target: Target,
  inputs: readonly LineInput[],
  when: FireInput,
  field = 'lines',
): Promise<NewLines> {
  const lines: NewLines = { added: [], firing: [] };
  const unknown = [...inputs.entries()].filter(([index, input]) => !isKnown(target, input, `${field}.${index}`));
  await checkIdsAreFree(ctx, unknown, field);
  for (const [index, input] of unknown) {
    const line = await priceLine(ctx, target, input, (name) => `${field}.${index}.${name}`);
    lines.added.push(line);
    if (isSentAtOnce(input, line, when)) lines.firing.push(line);
  }
  if (target.lines.length + lines.added.length > MAX_LINES)
    throw invalid(field, `an order has at most ${MAX_LINES} lines`);
  return lines;
}

/** A line's id is unique in the house, whatever order the line is in or goes to. @throws duplicate naming the line */
async function checkIdsAreFree(ctx: UnitContext, inputs: [number, LineInput][], field: string): Promise<void> {
  const ids = inputs.flatMap(([, { id: chosen }]) => (chosen === undefined ? [] : [chosen]));
  if (ids.length === 0) return;
  const [other] = await ctx.find(orders, { 'lines.id': { $in: ids } }, { limit: 1 });
  if (other === undefined) return;
  const [index] = inputs.find(([, input]) => other.lines.some((line) => line.id === input.id)) ?? [0];
  throw fail('duplicate', `A line of order ${other.number} has this id already`, {
    errors: [{ field: `${field}.${index}.id`, message: 'is the id of a line in another order' }],
  });
}

/** Whether every one of these lines has come before. @throws conflict when one has come with other content */
export const areAllKnown = (target: Target, inputs: readonly LineInput[]): boolean =>
  inputs.every((input, index) => isKnown(target, input, `lines.${index}`));

async function priceLine(ctx: UnitContext, target: Target, input: LineInput, naming: Naming): Promise<OrderLine> {
  const { itemId, sizeId, modifiers } = input;
  if (input.price !== undefined) checkSaidPrice(ctx, input.price, target.currency, naming('price'));
  const said = input.price?.amount;
  const choice = {
    itemId,
    modifiers,
    quantity: input.quantity,
    ...(said !== undefined && { price: said }),
    ...(sizeId !== undefined && { sizeId }),
  };
  const occasion = occasionOf(target, ctx.now);
  const priced = await priceItem(ctx, choice, occasion, naming);
  const line: OrderLine = {
    ...priced,
    id: input.id ?? newId(),
    ...(sizeId !== undefined && { sizeId }),
    ...(input.seat !== undefined && { seat: input.seat }),
    course: input.course ?? priced.course,
    quantity: input.quantity,
    pricedFor: occasion.at,
    status: 'held',
    note: input.note,
    addedBy: { id: ctx.actor.userId, name: ctx.actor.name },
    ...(input.id !== undefined && { sentAs: digestOf(input) }),
  };
  checkLine(line, target.currency, naming('quantity'));
  return line;
}

/** @throws forbidden, validation_failed */
function checkSaidPrice({ actor }: UnitContext, said: Money, currency: string, field: string): void {
  if (!actor.permissions.has('order:open-price'))
    throw fail('forbidden', 'Needs the permission order:open-price', {
      errors: [{ field, message: 'is not yours to say' }],
    });
  if (said.currency !== currency) throw invalid(`${field}.currency`, `must be ${currency}, the restaurant's currency`);
}

/** @throws validation_failed when the line comes to more than its currency allows */
export function checkLine(line: OrderLine, currency: string, field: string): void {
  if (lineTotal(line) > totalLimit(currency)) throw invalid(field, `makes ${line.name} cost more than can be counted`);
}

/**
 * The lines of an order as another channel prices and taxes them. What its guests have already been given is theirs to
 * take away too, so whether a dish is offered there is asked of held lines only.
 * @throws unavailable_item naming `field`
 */
export async function linesForChannel(
  ctx: UnitContext,
  order: OrderDoc,
  channel: Channel,
  field = 'channel',
): Promise<OrderLine[]> {
  if (channel === order.channel) return order.lines;
  return repriced(ctx, order, order.lines.filter(counts), (line) => ({ channel, at: momentOf(order, line) }), field);
}

/** The held lines of an order for another pick-up time, the others as they are. @throws unavailable_item naming `pickupAt` */
export async function linesForPickup(ctx: UnitContext, order: OrderDoc, pickupAt: Date): Promise<OrderLine[]> {
  const to = occasionOf({ channel: order.channel, pickupAt }, ctx.now);
  return repriced(ctx, order, order.lines.filter(isHeld), () => to, 'pickupAt');
}

const isHeld = ({ status }: OrderLine): boolean => status === 'held';

/** What a line was priced for; lines from before this was kept were priced when the order was opened. */
const momentOf = (order: OrderDoc, line: OrderLine): Date => line.pricedFor ?? order.openedAt;

async function repriced(
  ctx: UnitContext,
  order: OrderDoc,
  some: readonly OrderLine[],
  occasionFor: (line: OrderLine) => Occasion,
  field: string,
): Promise<OrderLine[]> {
  const after = new Map<OrderLine, OrderLine>();
  for (const line of some) {
    const to = occasionFor(line);
    if (isHeld(line)) await requireOffered(ctx, line.itemId, to, field);
    const from = { channel: order.channel, at: momentOf(order, line) };
    const { taxComponents: _, ...kept } = line;
    after.set(line, { ...kept, ...(await repriceItem(ctx, line, from, to)), pricedFor: to.at });
  }
  return order.lines.map((line) => after.get(line) ?? line);
}

function isKnown({ lines, movedLines }: Target, input: LineInput, field: string): boolean {
  if (input.id === undefined) return false;
  if (movedLines.some((moved) => moved.id === input.id)) return true;
  const known = lines.find((line) => line.id === input.id);
  if (known === undefined) return false;
  if (known.sentAs === digestOf(input)) return true;
  throw fail('conflict', `Line ${input.id} is in this order already, with other content`, {
    errors: [{ field: `${field}.id`, message: 'belongs to a line with other content' }],
  });
}

/** What a tablet said of the line, independent of the order of its modifiers and of later changes by others. */
function digestOf(input: LineInput): string {
  const modifiers = input.modifiers.map(({ groupId, optionId, quantity: count }) => `${groupId}${optionId}${count}`);
  const said = [input.itemId, input.sizeId, modifiers.sort(), input.quantity, input.seat, input.course, input.note];
  if (input.price !== undefined) said.push(input.price.amount);
  return createHash('sha1').update(JSON.stringify(said)).digest('base64url').slice(0, 16);
}
