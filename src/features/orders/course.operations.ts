import Joi from 'joi';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
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
import { orderFired, orderLineStatusChanged, orderLinesWithdrawn, orderStatusChanged } from './orders.events.js';
import { exampleOrder, orderId, soupLine } from './orders.examples.js';
import type { OrderLine } from './orders.model.js';
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
  summary: 'Lines that are ready have reached the guests: all of them, or some',
  rest: { method: 'post', path: '/orders/:orderId/serve' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<Serve, true>({ orderId: id('the order').required(), lineIds }),
  output: orderView,
  emits: [orderLineStatusChanged, orderStatusChanged],
  example: { input: { orderId, lineIds: [soupLine] }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    requireStatus(order, 'open');
    const lines = chosenLines(order, ctx.input, 'serve');
    const after = withStep(order, lines, 'serve', (line) => ({ ...line, servedAt: ctx.now }));
    return saveOrder(ctx, order, after, { lines, status: 'served' });
  },
  answer: asItIsNow,
});
