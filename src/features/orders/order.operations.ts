import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail } from '../../kernel/errors.js';
import { command, query } from '../../kernel/operation.js';
import { type Page, type Paged, paged, pageFields, readPage } from '../../kernel/page.js';
import { id, time } from '../../kernel/schema.js';
import { releaseTable, tableStatusChanged } from '../floor/index.js';
import { availabilityChanged, type Channel, returnPortions } from '../menu/index.js';
import {
  announceStatus,
  asItIsNow,
  hasFired,
  openScheduled,
  orderToChange,
  requireStatus,
  saveOrder,
  withLines,
  withStep,
} from './orders.changes.js';
import { checkAddress, takenAway } from './orders.channel.js';
import {
  orderCancelled,
  orderFired,
  orderLineStatusChanged,
  orderRelabelled,
  orderStatusChanged,
  orderUpdated,
} from './orders.events.js';
import { exampleOrder, orderId, waiterId } from './orders.examples.js';
import { linesForPickup } from './orders.lines.js';
import { type Customer, type OrderDoc, type OrderStatus, orders } from './orders.model.js';
import { counts, lineSteps, orderSteps, portionsOf, stepFrom, withFireTime } from './orders.rules.js';
import {
  channel,
  customer,
  guestCount,
  type OrderView,
  orderNote,
  orderStatus,
  orderView,
  reason,
  viewOrder,
} from './orders.views.js';
import { pickupTime } from './place.operations.js';

interface OneOrder {
  orderId: string;
}
const oneOrder = Joi.object<OneOrder, true>({ orderId: id('the order').required() });

export const getOrder = query<OneOrder, OrderView>({
  name: 'order:get',
  summary: 'One order',
  rest: { method: 'get', path: '/orders/:orderId' },
  permission: 'order:read',
  limit: 'read',
  input: oneOrder,
  cache: { ttl: 60, tags: [orders] },
  output: orderView,
  example: { input: { orderId }, output: exampleOrder },
  handle: async ({ input, get }) => viewOrder(await get(orders, input.orderId)),
});

interface ListOrders extends Page {
  status?: OrderStatus;
  tableId?: string;
  waiterId?: string;
}

export const listOrders = query<ListOrders, Paged<OrderView>>({
  name: 'order:list',
  summary: 'Orders, the newest first',
  rest: { method: 'get', path: '/orders' },
  permission: 'order:read',
  limit: 'read',
  input: Joi.object<ListOrders, true>({
    status: orderStatus.description('Only those in this status'),
    tableId: id('a table').description('Only those of this table'),
    waiterId: id('a waiter').description('Only those of this waiter'),
    ...pageFields(200, 50),
  }),
  page: 'own',
  cache: { ttl: 60, tags: [orders] },
  output: paged(orderView),
  example: { input: { status: 'open', waiterId, limit: 50 }, output: { items: [exampleOrder] } },
  async handle({ input, find }) {
    const { limit: _, cursor: __, ...filter } = input;
    const { items, ...more } = await readPage({ find }, orders, filter, ['businessDay', 'number'], input);
    return { items: items.map(viewOrder), ...more };
  },
});

interface UpdateOrder extends OneOrder {
  channel?: Channel;
  guestCount?: number;
  note?: string;
  customer?: Customer;
  pickupAt?: string;
}

export const updateOrder = command<UpdateOrder, OrderView>({
  name: 'order:update',
  summary: 'Change the guest count, the note, the customer, the pick-up time, or how the order leaves the house',
  description:
    'With another `channel` guests who sat down have it packed, or a take-away is delivered: prices and taxes follow the ' +
    'channel, the table is free again, and the kitchen is told. Who takes away sits down with `order:transfer`.',
  rest: { method: 'patch', path: '/orders/:orderId' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<UpdateOrder, true>({
    orderId: id('the order').required(),
    channel: channel.description('How it leaves the house now; for dine-in see `order:transfer`'),
    guestCount,
    note: orderNote,
    customer,
    pickupAt: time('When it is wanted; not for dine-in'),
  }).or('channel', 'guestCount', 'note', 'customer', 'pickupAt'),
  output: orderView,
  emits: [orderUpdated, orderRelabelled, tableStatusChanged],
  example: { input: { orderId, guestCount: 2 }, output: exampleOrder },
  async handle(ctx) {
    const { orderId: _, pickupAt, channel: way, ...same } = ctx.input;
    const order = await orderToChange(ctx, ctx.input.orderId);
    requireStatus(order, 'open', 'scheduled', 'needs_approval');
    if (pickupAt !== undefined && (way ?? order.channel) === 'dine-in')
      throw fail('illegal_step', 'An order at a table is not picked up', { legal: [] });
    const changed = await takenAway(ctx, { ...order, ...same }, way ?? order.channel);
    checkAddress(changed);
    const after = pickupAt === undefined ? changed : await pickedUpAt(ctx, changed, pickupTime(pickupAt, ctx.now));
    const view = saveOrder(ctx, order, after);
    if (order.firings > 0) ctx.publish(orderRelabelled, { orderId: order._id });
    return view;
  },
  answer: asItIsNow,
});

/** Its held lines are judged and priced for the new time. @throws unavailable_item */
async function pickedUpAt(ctx: UnitContext, order: OrderDoc, pickupAt: Date): Promise<OrderDoc> {
  return { ...withLines(order, await linesForPickup(ctx, order, pickupAt)), pickupAt };
}

interface ReleaseOrder extends OneOrder {
  fire: 'now' | 'hold';
}

export const releaseOrder = command<ReleaseOrder, OrderView>({
  name: 'order:release',
  summary: 'Open a scheduled order and send it to the kitchen now; it would go by itself at its `fireAt`',
  rest: { method: 'post', path: '/orders/:orderId/release' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<ReleaseOrder, true>({
    orderId: id('the order').required(),
    fire: Joi.string().valid('now', 'hold').default('now').description('Fire all held lines now, or leave them held'),
  }),
  output: orderView,
  emits: [orderUpdated, orderLineStatusChanged, orderStatusChanged, orderFired],
  example: { input: { orderId, fire: 'now' }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    return openScheduled(ctx, order, ctx.input.fire);
  },
  answer: asItIsNow,
});

export const completeOrder = command<OneOrder, OrderView>({
  name: 'order:complete',
  summary: 'Close an order in which everything is served, cancelled or voided; its table is then dirty',
  rest: { method: 'post', path: '/orders/:orderId/complete' },
  permission: 'order:write',
  limit: 'write',
  input: oneOrder,
  output: orderView,
  emits: [orderUpdated, orderStatusChanged, tableStatusChanged],
  example: { input: { orderId }, output: exampleOrder },
  async handle(ctx) {
    const order = await orderToChange(ctx, ctx.input.orderId);
    const status = stepFrom(orderSteps, order.status, 'complete', `Order ${order.number}`);
    const unfinished = order.lines.filter((line) => counts(line) && line.status !== 'served');
    if (unfinished.length > 0) {
      const names = unfinished.map((line) => `${line.name} (${line.status})`).join(', ');
      const legal = [...new Set(unfinished.flatMap((line) => Object.keys(lineSteps[line.status])))];
      throw fail('illegal_step', `Order ${order.number} still has ${names}`, { legal });
    }
    if (order.tableId !== undefined) await releaseTable(ctx, order.tableId, 'dirty');
    return saveOrder(ctx, order, { ...order, status, closedAt: ctx.now });
  },
  answer: asItIsNow,
});

interface CancelOrder extends OneOrder {
  reason: string;
}

export const cancelOrder = command<CancelOrder, OrderView>({
  name: 'order:cancel',
  summary: 'Cancel an order of which nothing was made',
  description:
    'While nothing is fired; what was fired has to be voided first. Portions and table are free again (the table is ' +
    'dirty if there had been food on it).',
  rest: { method: 'post', path: '/orders/:orderId/cancel' },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<CancelOrder, true>({ orderId: id('the order').required(), reason: reason.required() }),
  output: orderView,
  emits: [orderCancelled, orderStatusChanged, tableStatusChanged, availabilityChanged],
  example: {
    input: { orderId, reason: 'The guests left' },
    output: {
      ...exampleOrder,
      status: 'cancelled',
      closedAt: '2026-11-21T19:40:00.000Z',
      cancelReason: 'The guests left',
    },
  },
  async handle(ctx) {
    const { input, now, publish } = ctx;
    const order = await orderToChange(ctx, input.orderId);
    const status = stepFrom(orderSteps, order.status, 'cancel', `Order ${order.number}`);
    if (hasFired(order))
      throw fail('illegal_step', `The kitchen has lines of order ${order.number}: void them first`, {
        legal: ['void-line', 'hold'],
      });
    const held = order.lines.filter((line) => line.status === 'held');
    await returnPortions(ctx, portionsOf(held));
    if (order.tableId !== undefined) await releaseTable(ctx, order.tableId, order.firings > 0 ? 'dirty' : 'available');
    const { lines } = withStep(order, held, 'cancel-line');
    const after: OrderDoc = { ...withLines(order, lines), status, closedAt: now, cancelReason: input.reason };
    const view = viewOrder(ctx.save(orders, withFireTime(after, now)));
    publish(orderCancelled, { order: view, reason: input.reason });
    announceStatus(ctx, order, after);
    return view;
  },
  answer: asItIsNow,
});
