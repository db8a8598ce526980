import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail } from '../../kernel/errors.js';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { settingsOf } from '../restaurants/index.js';
import {
  announceFiring,
  asItIsNow,
  chosenLines,
  type LineChoiceInput,
  orderToChange,
  requireStatus,
  saveOrder,
  withFired,
  withStep,
} from './orders.changes.js';
import {
  orderFired,
  orderLineStatusChanged,
  orderLinesWithdrawn,
  orderServedUnready,
  orderStatusChanged,
} from './orders.events.js';
import { exampleOrder, orderId, soupLine } from './orders.examples.js';
import type { OrderDoc, OrderLine } from './orders.model.js';
import { lineSteps } from './orders.rules.js';
import { course, type OrderView, orderView } from './orders.views.js';

interface Chosen extends LineChoiceInput {
  orderId: string;
}
const lineIds = Joi.array().items(id('a line')).min(1).max(500).description('These lines');
const courses = Joi.array().items(course).min(1).unique().description('The lines of these courses');
const chosen = Joi.object<Chosen, true>({ orderId: id('the order').required(), lineIds, courses }).oxor(
  'lineIds',
  'courses',
);

export const fireLines = command<Chosen, OrderView>({
  name: 'order:fire',
  summary: 'Send held lines to the kitchen',
  description: 'All that are held, or only some lines or courses. One firing is one ticket for each station.',
  rest: { method: 'post', path: '/orders/:orderId/fire' },
  permission: 'order:write',
  limit: 'write',
  input: chosen,
  output: orderView,
  emits: [orderLineStatusChanged, orderStatusChanged, orderFired],
  example: { input: { orderId, courses: [2] }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    requireStatus(order, 'open');
    const lines = chosenLines(order, ctx.input, 'fire');
    const after = withFired(order, lines, ctx.now);
    const view = saveOrder(ctx, order, after, { lines, status: 'fired' });
    announceFiring(ctx, after, lines);
    return view;
  },
  answer: asItIsNow,
});

export const holdLines = command<Chosen, OrderView>({
  name: 'order:hold',
  summary: 'Take fired lines back from the kitchen, to be fired later',
  description: 'Only what nobody has begun: all of it, or some lines or courses. The kitchen is told.',
  rest: { method: 'post', path: '/orders/:orderId/hold' },
  permission: 'order:write',
  limit: 'write',
  input: chosen,
  output: orderView,
  emits: [orderLineStatusChanged, orderStatusChanged, orderLinesWithdrawn],
  example: { input: { orderId, courses: [2] }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    requireStatus(order, 'open');
    const lines = chosenLines(order, ctx.input, 'hold');
    const after = withStep(order, lines, 'hold', ({ firing: _, firedAt: __, ...line }: OrderLine) => line);
    const view = saveOrder(ctx, order, after, { lines, status: 'held' });
    const withdrawn = lines.map((line) => ({ lineId: line.id, quantity: line.quantity }));
    ctx.publish(orderLinesWithdrawn, { orderId: order._id, why: 'held' as const, lines: withdrawn });
    return view;
  },
  answer: asItIsNow,
});

interface Serve {
  orderId: string;
  lineIds?: string[];
}

export const serveLines = command<Serve, OrderView>({
  name: 'order:serve',
  summary: 'Lines have reached the guests: all that are ready, or some',
  description:
    'Lines that are named may be served from `fired` or `preparing` as well: the kitchen is told. Where the kitchen has no ' +
    'screens (`ticketReceiptSeconds: 0`) all that was fired is served when nothing is named and nothing is ready.',
  rest: { method: 'post', path: '/orders/:orderId/serve' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<Serve, true>({ orderId: id('the order').required(), lineIds }),
  output: orderView,
  emits: [orderLineStatusChanged, orderStatusChanged, orderServedUnready],
  example: { input: { orderId, lineIds: [soupLine] }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    requireStatus(order, 'open');
    const lines = await servedLines(ctx, order, ctx.input);
    const after = withStep(order, lines, 'serve', (line) => ({ ...line, servedAt: ctx.now }));
    const view = saveOrder(ctx, order, after, { lines, status: 'served' });
    const unready = lines.filter((line) => line.status !== 'ready').map((line) => line.id);
    if (unready.length > 0) ctx.publish(orderServedUnready, { orderId: order._id, lineIds: unready });
    return view;
  },
  answer: asItIsNow,
});

/** The lines that are named; or those that are ready; or, where no screen could say so, all that was fired. */
async function servedLines(ctx: UnitContext, order: OrderDoc, { lineIds: named }: Serve): Promise<OrderLine[]> {
  if (named !== undefined) return chosenLines(order, { lineIds: named }, 'serve');
  const ready = order.lines.filter((line) => line.status === 'ready');
  if (ready.length > 0) return ready;
  const { ticketReceiptSeconds } = await settingsOf(ctx, ctx.restaurantId);
  if (ticketReceiptSeconds === 0) return chosenLines(order, {}, 'serve');
  const legal = [...new Set(order.lines.flatMap((line) => Object.keys(lineSteps[line.status])))];
  throw fail(
    'illegal_step',
    `Nothing of order ${order.number} is ready; name the lines that were served all the same`,
    {
      legal,
    },
  );
}
