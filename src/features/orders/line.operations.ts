import { isDeepStrictEqual } from 'node:util';
import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { command } from '../../kernel/operation.js';
import { minus } from '../../kernel/quantity.js';
import { id } from '../../kernel/schema.js';
import {
  availabilityChanged,
  checkQuantity,
  type LineChoice,
  otherModifiers,
  priceItem,
  returnPortions,
  takePortions,
} from '../menu/index.js';
import { asItIsNow, lineOf, orderToChange, requireStatus, saveOrder, withLines, withStep } from './orders.changes.js';
import {
  orderLineChanged,
  orderLineStatusChanged,
  orderLinesWithdrawn,
  orderStatusChanged,
  orderUpdated,
} from './orders.events.js';
import { exampleOrder, orderId, soupLine, steakLine } from './orders.examples.js';
import { checkLine, modifierChoices, occasionOf } from './orders.lines.js';
import type { OrderDoc, OrderLine } from './orders.model.js';
import { isFired, lineSteps, portionsOf, stepFrom } from './orders.rules.js';
import { course, lineNote, type OrderView, orderView, quantity, reason, seat, viewOrder } from './orders.views.js';

interface ChangeLine {
  orderId: string;
  lineId: string;
  quantity?: number;
  sizeId?: string;
  modifiers?: LineChoice['modifiers'];
  seat?: number | null;
  course?: number;
  note?: string;
}

export const changeLine = command<ChangeLine, OrderView>({
  name: 'order:change-line',
  summary: 'Change a line',
  description:
    'Everything while it is held: more of it or another size is refused like a new line when it is sold out, and what ' +
    'is chosen anew is priced as of now, the rest keeps its price. Once it is fired only the note and the ' +
    'seat, which make no food: the kitchen is shown the change. A change that changes nothing is no change.',
  rest: { method: 'patch', path: '/orders/:orderId/lines/:lineId' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<ChangeLine, true>({
    orderId: id('the order').required(),
    lineId: id('the line').required(),
    quantity,
    sizeId: id('the size'),
    modifiers: modifierChoices,
    seat: seat.allow(null).description('Seat at the table; null for none'),
    course,
    note: lineNote,
  }).or('quantity', 'sizeId', 'modifiers', 'seat', 'course', 'note'),
  output: orderView,
  emits: [orderUpdated, orderLineChanged, availabilityChanged],
  example: { input: { orderId, lineId: steakLine, note: 'sauce apart', seat: 2 }, output: exampleOrder },
  async handle(ctx) {
    const { input, publish } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    requireStatus(order, 'open', 'scheduled', 'needs_approval');
    const line = lineOf(order, input.lineId);
    const changed = line.status === 'held' ? await changeHeld(ctx, order, line, input) : changeFired(line, input);
    if (isDeepStrictEqual(changed, line)) return viewOrder(order);
    const lines = order.lines.map((one) => (one === line ? changed : one));
    const view = saveOrder(ctx, order, withLines(order, lines));
    if (isFired(line)) publish(orderLineChanged, { orderId: order._id, lineId: line.id });
    return view;
  },
  answer: asItIsNow,
});

/**
 * A held line holds its portion and its price: only what a change asks for anew must be there to be had and is priced.
 * More of it, or another size, is refused as a new line would be.
 */
async function changeHeld(ctx: UnitContext, order: OrderDoc, line: OrderLine, input: ChangeLine): Promise<OrderLine> {
  const { quantity: wanted = line.quantity, sizeId = line.sizeId, modifiers } = input;
  const more = minus(wanted, line.quantity);
  const isResized = sizeId !== line.sizeId;
  const size = sizeId === undefined ? {} : { sizeId };
  const choice = {
    itemId: line.itemId,
    modifiers: modifiers ?? choicesOf(line),
    quantity: wanted,
    ...size,
    ...saidPrice(line),
  };
  const naming = (field: string) => (input[field.split('.')[0] as keyof ChangeLine] === undefined ? 'quantity' : field);
  const occasion = occasionOf(order, ctx.now);
  const asNew = isResized || more > 0 ? await priceItem(ctx, choice, occasion, naming) : undefined;
  if (more > 0) await takePortions(ctx, new Map([[line.itemId, more]]));
  if (more < 0) await checkQuantity(ctx, line.itemId, wanted, 'quantity');
  if (more < 0) await returnPortions(ctx, new Map([[line.itemId, -more]]));
  const kept = { ...withSeatAndNote(line, input), quantity: wanted, course: input.course ?? line.course };
  const { traces: _traces, ...untraced } = kept;
  const { taxComponents: _components, ...untaxed } = untraced;
  const changed: OrderLine =
    isResized && asNew !== undefined
      ? { ...untaxed, ...asNew, ...size, course: kept.course, pricedFor: occasion.at }
      : modifiers === undefined
        ? kept
        : { ...untraced, ...(await otherModifiers(ctx, line, modifiers, naming)) };
  checkLine(changed, order.currency, 'quantity');
  return changed;
}

/** @throws illegal_step naming the ways that are left */
function changeFired(line: OrderLine, input: ChangeLine): OrderLine {
  const made = { quantity: line.quantity, sizeId: line.sizeId, modifiers: choicesOf(line), course: line.course };
  const refused = (Object.keys(made) as (keyof typeof made)[]).filter(
    (field) => input[field] !== undefined && !isDeepStrictEqual(input[field], made[field]),
  );
  if (isFired(line) && refused.length === 0) return withSeatAndNote(line, input);
  if (!isFired(line)) throw fail('illegal_step', `${line.name} is ${line.status}`, { legal: [] });
  const ways = ['void-line', 'add-lines', ...(lineSteps[line.status].hold === undefined ? [] : ['hold'])];
  throw fail(
    'illegal_step',
    `${line.name} is ${line.status}: its ${refused.join(', ')} cannot change; void it or add a line`,
    { legal: ways },
  );
}

function withSeatAndNote(line: OrderLine, input: ChangeLine): OrderLine {
  const { seat: before, ...rest } = line;
  const after = input.seat === undefined ? before : (input.seat ?? undefined);
  return { ...rest, ...(after !== undefined && { seat: after }), note: input.note ?? line.note };
}

/** The price somebody said, where the menu left it open. */
const saidPrice = ({ openPrice, unitPrice }: OrderLine): { price?: number } => (openPrice ? { price: unitPrice } : {});

/** What was chosen, as it would be said again. */
export const choicesOf = ({ modifiers }: OrderLine): LineChoice['modifiers'] =>
  modifiers.map(({ groupId, optionId, quantity: count }) => ({ groupId, optionId, quantity: count }));

interface CancelLine {
  orderId: string;
  lineId: string;
}

export const cancelLine = command<CancelLine, OrderView>({
  name: 'order:cancel-line',
  summary: 'Cancel a held line; its portions are free again',
  rest: { method: 'post', path: '/orders/:orderId/lines/:lineId/cancel' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<CancelLine, true>({ orderId: id('the order').required(), lineId: id('the line').required() }),
  output: orderView,
  emits: [orderLineStatusChanged, orderStatusChanged, availabilityChanged],
  example: { input: { orderId, lineId: steakLine }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    requireStatus(order, 'open', 'scheduled', 'needs_approval');
    const line = lineOf(order, ctx.input.lineId);
    const after = withStep(order, [line], 'cancel-line');
    await returnPortions(ctx, portionsOf([line]));
    return saveOrder(ctx, order, withLines(after, after.lines), { lines: [line], status: 'cancelled' });
  },
  answer: asItIsNow,
});

interface VoidLine extends CancelLine {
  reason: string;
  quantity?: number;
}

export const voidLine = command<VoidLine, OrderView>({
  name: 'order:void-line',
  summary: 'Void a line that was fired, whole or some portions of it',
  description:
    'Its portions stay used and the kitchen is told. With a `quantity` below that of the line the line keeps the rest, ' +
    'and what is voided becomes a line of its own.',
  rest: { method: 'post', path: '/orders/:orderId/lines/:lineId/void' },
  permission: 'order:void',
  limit: 'write',
  input: Joi.object<VoidLine, true>({
    orderId: id('the order').required(),
    lineId: id('the line').required(),
    reason: reason.required(),
    quantity: quantity.description('How many portions; all when not given'),
  }),
  output: orderView,
  emits: [orderLineStatusChanged, orderStatusChanged, orderLinesWithdrawn],
  example: { input: { orderId, lineId: soupLine, reason: 'Sent back', quantity: 1 }, output: exampleOrder },
  async handle(ctx) {
    const { input, actor, now, publish } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    requireStatus(order, 'open');
    const line = lineOf(order, input.lineId);
    const status = stepFrom(lineSteps, line.status, 'void-line', line.name);
    const { quantity: count = line.quantity } = input;
    await checkQuantity(ctx, line.itemId, count, 'quantity');
    if (count > line.quantity) throw invalid('quantity', `the line has only ${line.quantity}`);
    const mark = { reason: input.reason, by: { id: actor.userId, name: actor.name }, at: now };
    const voided: OrderLine = { ...line, quantity: count, status, void: mark };
    const parts = count === line.quantity ? [voided] : split(line, voided);
    const lines = order.lines.flatMap((one) => (one === line ? parts : [one]));
    const view = saveOrder(ctx, order, withLines(order, lines), { lines: parts.slice(-1), status });
    const withdrawn = [{ lineId: line.id, quantity: count }];
    publish(orderLinesWithdrawn, { orderId: order._id, why: 'voided' as const, lines: withdrawn });
    return view;
  },
  answer: asItIsNow,
});

/** The line with what is left of it, and the voided part under an id of its own. */
function split(line: OrderLine, voided: OrderLine): OrderLine[] {
  const { sentAs: _, ...part } = voided;
  return [
    { ...line, quantity: minus(line.quantity, voided.quantity) },
    { ...part, id: newId() },
  ];
}
