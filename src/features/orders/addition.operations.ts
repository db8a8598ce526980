import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { money } from '../../kernel/money.js';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { availabilityChanged, takePortions } from '../menu/index.js';
import { choicesOf } from './line.operations.js';
import {
  announceFiring,
  asItIsNow,
  lineOf,
  orderToChange,
  requireStatus,
  saveOrder,
  withFired,
  withLines,
} from './orders.changes.js';
import { orderFired, orderStatusChanged, orderUpdated } from './orders.events.js';
import { exampleOrder, orderId, soupId, soupLine } from './orders.examples.js';
import {
  areAllKnown,
  type FireInput,
  fire,
  fireCourses,
  type LineInput,
  lineInputs,
  type NewLines,
  priceLines,
} from './orders.lines.js';
import type { OrderDoc } from './orders.model.js';
import { portionsOf } from './orders.rules.js';
import { type OrderView, orderView, viewOrder } from './orders.views.js';

interface AddLines extends FireInput {
  orderId: string;
  lines: LineInput[];
}

export const addLines = command<AddLines, OrderView>({
  name: 'order:add-lines',
  summary: 'Add lines to an order',
  description:
    'Needs no expected version: additions by two waiters both stay. Lines that come again under their ids are not ' +
    'added again; an id that stands for another line is refused.',
  rest: { method: 'post', path: '/orders/:orderId/lines' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<AddLines, true>({
    orderId: id('the order').required(),
    lines: lineInputs,
    fire: fire.default('now'),
    fireCourses,
  }),
  output: orderView,
  emits: [orderUpdated, orderStatusChanged, orderFired, availabilityChanged],
  example: {
    input: { orderId, lines: [{ itemId: soupId, modifiers: [], quantity: 2, seat: 1, note: '' }], fire: 'now' },
    output: exampleOrder,
  },
  async handle(ctx) {
    const { input } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    if (areAllKnown(order, input.lines)) return viewOrder(order);
    requireStatus(order, 'open', 'scheduled');
    return add(ctx, order, await priceLines(ctx, order, input.lines, whenFor(order, input)));
  },
  answer: asItIsNow,
});

interface RepeatLines extends FireInput {
  orderId: string;
  lineIds: string[];
}

export const repeatLines = command<RepeatLines, OrderView>({
  name: 'order:repeat',
  summary: 'Another round: order some lines once more, at the prices of now',
  rest: { method: 'post', path: '/orders/:orderId/repeat' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<RepeatLines, true>({
    orderId: id('the order').required(),
    lineIds: Joi.array().items(id('a line')).min(1).max(100).unique().required().description('The lines to repeat'),
    fire: fire.default('now'),
    fireCourses,
  }),
  output: orderView,
  emits: [orderUpdated, orderStatusChanged, orderFired, availabilityChanged],
  example: { input: { orderId, lineIds: [soupLine], fire: 'now' }, output: exampleOrder },
  async handle(ctx) {
    const { input } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    requireStatus(order, 'open', 'scheduled');
    const again = input.lineIds.map((lineId) => repeated(order, lineId));
    return add(ctx, order, await priceLines(ctx, order, again, whenFor(order, input), 'lineIds'));
  },
  answer: asItIsNow,
});

function repeated(order: OrderDoc, lineId: string): LineInput {
  const line = lineOf(order, lineId);
  const { itemId, sizeId, quantity, openPrice, unitPrice, seat, course, note } = line;
  return {
    itemId,
    ...(sizeId !== undefined && { sizeId }),
    modifiers: choicesOf(line),
    quantity,
    ...(openPrice && { price: money(unitPrice, order.currency) }),
    ...(seat !== undefined && { seat }),
    course,
    note,
  };
}

/** A scheduled order sends nothing to the kitchen before its release. */
const whenFor = (order: OrderDoc, input: FireInput): FireInput =>
  order.status === 'scheduled' ? { fire: 'hold' } : input;

async function add(ctx: UnitContext, order: OrderDoc, { added, firing }: NewLines): Promise<OrderView> {
  await takePortions(ctx, portionsOf(added));
  const after = withFired(withLines(order, [...order.lines, ...added]), firing, ctx.now);
  const view = saveOrder(ctx, order, after);
  announceFiring(ctx, after, firing);
  return view;
}
