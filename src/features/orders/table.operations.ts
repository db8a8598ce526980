import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { changeOrderWaiter, releaseTable, tableStatusChanged, tableUpdated } from '../floor/index.js';
import { settingsOf } from '../restaurants/index.js';
import {
  announceStatus,
  asItIsNow,
  hasFired,
  lineOf,
  orderToChange,
  requireStatus,
  saveOrder,
  withLines,
} from './orders.changes.js';
import { orderCreated, orderLinesMoved, orderRelabelled, orderStatusChanged, orderUpdated } from './orders.events.js';
import { exampleOrder, orderId, steakLine, tableId, waiterId } from './orders.examples.js';
import { type OrderDoc, type OrderLine, orders } from './orders.model.js';
import { counts, isFired } from './orders.rules.js';
import { guestCount, type OrderView, orderView, viewOrder } from './orders.views.js';
import { newOrder, seated, waiterOf } from './place.operations.js';

interface TransferOrder {
  orderId: string;
  tableId?: string;
  waiterId?: string;
}

export const transferOrder = command<TransferOrder, OrderView>({
  name: 'order:transfer',
  summary: 'Take an order to another table, or to another waiter',
  description:
    'The guests sit down at a free table, or another waiter takes over. The kitchen is told; nothing is made anew.',
  rest: { method: 'post', path: '/orders/:orderId/transfer' },
  permission: 'order:transfer',
  limit: 'write',
  input: Joi.object<TransferOrder, true>({
    orderId: id('the order').required(),
    tableId: id('the free table'),
    waiterId: id('the waiter'),
  }).or('tableId', 'waiterId'),
  output: orderView,
  emits: [orderUpdated, orderRelabelled, tableStatusChanged, tableUpdated],
  example: { input: { orderId, tableId, waiterId }, output: exampleOrder },
  async handle(ctx) {
    const { input } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    requireStatus(order, 'open', 'scheduled', 'needs_approval');
    const waiter = input.waiterId === undefined ? order.waiterId : await waiterOf(ctx, input.waiterId);
    const { tableId: to = order.tableId } = input;
    if (to === order.tableId && waiter === order.waiterId) return viewOrder(order);
    const taken: OrderDoc = { ...order, waiterId: waiter };
    const isReseated = to !== undefined && to !== order.tableId;
    const after = isReseated ? await reseat(ctx, taken, to) : taken;
    if (!isReseated && to !== undefined) await changeOrderWaiter(ctx, to, waiter);
    const view = saveOrder(ctx, order, after);
    if (hasFired(order)) ctx.publish(orderRelabelled, { orderId: order._id });
    return view;
  },
  answer: asItIsNow,
});

async function reseat(ctx: UnitContext, order: OrderDoc, to: string): Promise<OrderDoc> {
  if (order.tableId === undefined)
    throw fail('illegal_step', `Order ${order.number} is ${order.channel}: it has no table`, { legal: [] });
  const after = await seated(ctx, { ...order, tableId: to });
  await releaseTable(ctx, order.tableId, 'dirty');
  return after;
}

interface MoveLines {
  orderId: string;
  lineIds: string[];
  toOrderId?: string;
  tableId?: string;
  guestCount: number;
}
interface Moved {
  from: OrderView;
  to: OrderView;
}

export const moveLines = command<MoveLines, Moved>({
  name: 'order:move-lines',
  summary: 'Move lines to another order, or to a new order at a free table',
  description: 'Held or fired. The kitchen is told of the move; nothing is made anew, and prices stay.',
  rest: { method: 'post', path: '/orders/:orderId/move-lines' },
  permission: 'order:transfer',
  limit: 'write',
  input: Joi.object<MoveLines, true>({
    orderId: id('the order they are in').required(),
    lineIds: Joi.array().items(id('a line')).min(1).max(500).unique().required().description('The lines'),
    toOrderId: id('the order they go to'),
    tableId: id('the free table for which a new order is opened'),
    guestCount: guestCount.default(1).description('Guests of the new order'),
  }).xor('toOrderId', 'tableId'),
  output: Joi.object<Moved, true>({
    from: orderView.required().description('The order they were in'),
    to: orderView.required().description('The order they are in now'),
  }),
  emits: [orderUpdated, orderCreated, orderStatusChanged, orderLinesMoved, tableStatusChanged],
  example: {
    input: { orderId, lineIds: [steakLine], toOrderId: '6740f1c2a1b2c3d4e5000051', guestCount: 1 },
    output: { from: exampleOrder, to: { ...exampleOrder, id: '6740f1c2a1b2c3d4e5000051', number: 18 } },
  },
  async handle(ctx) {
    const { input, publish } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    requireStatus(order, 'open');
    const lines = input.lineIds.map((lineId) => lineOf(order, lineId));
    const gone = lines.find((line) => !counts(line));
    if (gone !== undefined) throw fail('illegal_step', `${gone.name} is ${gone.status}`, { legal: [] });
    const target = await targetOf(ctx, order, input);
    const firing = target.firings + 1;
    const fired = lines.filter(isFired).map((line) => line.id);
    const arrived = lines.map((line): OrderLine => (isFired(line) ? { ...line, firing } : line));
    const grown = withLines(target, [...target.lines, ...arrived]);
    const after = fired.length === 0 ? grown : { ...grown, firings: firing };
    const from = saveOrder(ctx, order, withoutLines(order, lines, target._id));
    const to = input.toOrderId === undefined ? openOrder(ctx, after) : saveOrder(ctx, target, after);
    if (fired.length > 0)
      publish(orderLinesMoved, { fromOrderId: order._id, toOrderId: target._id, firing, lineIds: fired });
    return { from, to };
  },
  answer: async (ctx, { from, to }) => ({ from: await asItIsNow(ctx, from), to: await asItIsNow(ctx, to) }),
});

async function targetOf(ctx: UnitContext, order: OrderDoc, input: MoveLines): Promise<OrderDoc> {
  if (input.toOrderId !== undefined) return existingTarget(ctx, order, input.toOrderId);
  const settings = await settingsOf(ctx, ctx.restaurantId);
  const { currency, pricesIncludeTax, waiterId: waiter } = order;
  const beginning = {
    channel: 'dine-in',
    status: 'open',
    waiterId: waiter,
    guestCount: input.guestCount,
    note: '',
  } as const;
  const place = input.tableId === undefined ? {} : { tableId: input.tableId };
  const fresh = await seated(ctx, await newOrder(ctx, settings, { ...beginning, ...place }));
  return { ...fresh, currency, pricesIncludeTax };
}

async function existingTarget(ctx: UnitContext, order: OrderDoc, toOrderId: string): Promise<OrderDoc> {
  if (toOrderId === order._id) throw invalid('toOrderId', 'must be another order');
  const target = await ctx.get(orders, toOrderId);
  requireStatus(target, 'open');
  if (target.currency !== order.currency || target.pricesIncludeTax !== order.pricesIncludeTax)
    throw fail('conflict', 'The orders were placed under different currency or tax settings', {
      current: viewOrder(target),
    });
  return target;
}

function withoutLines(order: OrderDoc, lines: readonly OrderLine[], toOrderId: string): OrderDoc {
  const left = order.lines.filter((line) => !lines.includes(line));
  const moved = lines.filter((line) => line.sentAs !== undefined).map((line) => ({ id: line.id, orderId: toOrderId }));
  return { ...withLines(order, left), movedLines: [...order.movedLines, ...moved] };
}

function openOrder(ctx: UnitContext, order: OrderDoc): OrderView {
  const view = viewOrder(ctx.insert(orders, order));
  ctx.publish(orderCreated, { order: view });
  announceStatus(ctx, { ...order, lines: [] }, order);
  return view;
}
