import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { command } from '../../kernel/operation.js';
import { minus } from '../../kernel/quantity.js';
import { id } from '../../kernel/schema.js';
import { changeOrderWaiter, releaseTable, tableStatusChanged, tableUpdated } from '../floor/index.js';
import { settingsOf } from '../restaurants/index.js';
import { staff } from '../staff/index.js';
import {
  announceStatus,
  asItIsNow,
  lineOf,
  orderToChange,
  requireStatus,
  saveOrder,
  withLines,
} from './orders.changes.js';
import { satDown, seated } from './orders.channel.js';
import { orderCreated, orderLinesMoved, orderRelabelled, orderStatusChanged, orderUpdated } from './orders.events.js';
import { exampleOrder, orderId, steakLine, tableId, waiterId } from './orders.examples.js';
import { linesForChannel } from './orders.lines.js';
import { type OrderDoc, type OrderLine, orders } from './orders.model.js';
import { counts, isFired } from './orders.rules.js';
import { guestCount, type OrderView, orderView, quantity, viewOrder } from './orders.views.js';
import { newOrder, waiterOf } from './place.operations.js';

interface TransferOrder {
  orderId: string;
  tableId?: string;
  waiterId?: string;
}

export const transferOrder = command<TransferOrder, OrderView>({
  name: 'order:transfer',
  summary: 'Take an order to another table, or to another waiter',
  description:
    'The guests sit down at a free table, or another waiter takes over. The kitchen is told; nothing is made anew. A ' +
    'take-away or delivery that is given a table is dine-in from then on, with the prices and taxes of that.',
  rest: { method: 'post', path: '/orders/:orderId/transfer' },
  permission: 'order:transfer',
  limit: 'write',
  input: Joi.object<TransferOrder, true>({
    orderId: id('the order').required(),
    tableId: id('the free table'),
    waiterId: id('the waiter'),
  }).or('tableId', 'waiterId'),
  output: orderView,
  emits: [orderUpdated, orderStatusChanged, orderRelabelled, tableStatusChanged, tableUpdated],
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
    if (order.firings > 0) ctx.publish(orderRelabelled, { orderId: order._id });
    return view;
  },
  answer: asItIsNow,
});

async function reseat(ctx: UnitContext, order: OrderDoc, to: string): Promise<OrderDoc> {
  if (order.tableId === undefined) return satDown(ctx, order, to);
  const after = await seated(ctx, { ...order, tableId: to });
  await releaseTable(ctx, order.tableId, 'dirty');
  return after;
}

interface MoveLines {
  orderId: string;
  lineIds?: string[];
  lines?: { lineId: string; quantity: number }[];
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
  description:
    'Held or fired, whole (`lineIds`) or some portions of it (`lines`, with a quantity): what goes of a line becomes a line ' +
    'of its own. The kitchen is told of the move; nothing is made anew. Prices stay, but where the other order leaves the house another way.',
  rest: { method: 'post', path: '/orders/:orderId/move-lines' },
  permission: 'order:transfer',
  limit: 'write',
  input: Joi.object<MoveLines, true>({
    orderId: id('the order they are in').required(),
    lineIds: Joi.array().items(id('a line')).min(1).max(500).unique().description('Lines that go whole'),
    lines: Joi.array()
      .items(
        Joi.object<{ lineId: string; quantity: number }, true>({
          lineId: id('the line').required(),
          quantity: quantity.required().description('How many portions go; all of them: the whole line'),
        }).meta({ typeName: 'LinePart' }),
      )
      .min(1)
      .max(500)
      .unique('lineId')
      .description('Lines of which some portions go'),
    toOrderId: id('the order they go to'),
    tableId: id('the free table for which a new order is opened'),
    guestCount: guestCount.default(1).description('Guests of the new order'),
  })
    .or('lineIds', 'lines')
    .xor('toOrderId', 'tableId'),
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
    const parts = partsOf(order, input);
    const target = await targetOf(ctx, order, input);
    const firing = target.firings + 1;
    const going = { ...order, lines: parts.map(({ part }) => part) };
    const there = await linesForChannel(
      ctx,
      going,
      target.channel,
      input.toOrderId === undefined ? 'tableId' : 'toOrderId',
    );
    const arrived = there.map((line): OrderLine => (isFired(line) ? { ...line, firing } : line));
    const fired = arrived.filter(isFired).map((line) => line.id);
    checkIdsDiffer(target, arrived);
    const grown = withLines(target, [...target.lines, ...arrived]);
    const after = fired.length === 0 ? grown : { ...grown, firings: firing };
    const from = saveOrder(ctx, order, withoutParts(order, parts, target._id));
    const to = input.toOrderId === undefined ? openOrder(ctx, after) : saveOrder(ctx, target, after);
    const cut = parts.flatMap(({ line, part }) => (line.id === part.id ? [] : [{ lineId: part.id, partOf: line.id }]));
    if (fired.length > 0)
      publish(orderLinesMoved, {
        ...{ fromOrderId: order._id, toOrderId: target._id, firing, lineIds: fired },
        ...(cut.length > 0 && { parts: cut }),
      });
    return { from, to };
  },
  answer: async (ctx, { from, to }) => ({ from: await asItIsNow(ctx, from), to: await asItIsNow(ctx, to) }),
});

async function targetOf(ctx: UnitContext, order: OrderDoc, input: MoveLines): Promise<OrderDoc> {
  if (input.toOrderId !== undefined) return existingTarget(ctx, order, input.toOrderId);
  const settings = await settingsOf(ctx, ctx.restaurantId);
  const { currency, pricesIncludeTax } = order;
  const former = await ctx.lookup(staff, order.waiterId);
  const waiter = former?.active === true ? order.waiterId : ctx.actor.userId;
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

/** A line, and what of it goes: itself, or a part under an id of its own. */
interface Part {
  line: OrderLine;
  part: OrderLine;
}

/** @throws not_found, illegal_step for a line that nobody gets, validation_failed for more than the line has */
function partsOf(order: OrderDoc, { lineIds = [], lines = [] }: MoveLines): Part[] {
  const parts = lines.map(({ lineId, quantity: wanted }, index) =>
    partOf(lineOf(order, lineId), wanted, `lines.${index}`),
  );
  const whole = lineIds.map((lineId) => lineOf(order, lineId)).map((line) => ({ line, part: line }));
  const all = [...whole, ...parts];
  const gone = all.find(({ line }) => !counts(line))?.line;
  if (gone !== undefined) throw fail('illegal_step', `${gone.name} is ${gone.status}`, { legal: [] });
  if (new Set(all.map(({ line }) => line)).size < all.length)
    throw invalid('lines', 'names a line that goes whole already');
  return all;
}

function partOf(line: OrderLine, wanted: number, field: string): Part {
  const left = minus(line.quantity, wanted);
  if (left < 0) throw invalid(`${field}.quantity`, `the line has only ${line.quantity}`);
  if (left === 0) return { line, part: line };
  const { sentAs: _, ...part } = line;
  return { line, part: { ...part, id: newId(), quantity: wanted } };
}

/** Orders from before ids were unique in a house may share some. */
function checkIdsDiffer(target: OrderDoc, arrived: readonly OrderLine[]): void {
  const twin = arrived.find(({ id: one }) => target.lines.some((line) => line.id === one));
  if (twin !== undefined) throw fail('conflict', `Order ${target.number} has a line with the id of this ${twin.name}`);
}

function withoutParts(order: OrderDoc, parts: readonly Part[], toOrderId: string): OrderDoc {
  const going = new Map(parts.map(({ line, part }) => [line, part]));
  const left = order.lines.flatMap((line) => {
    const part = going.get(line);
    if (part === undefined) return [line];
    return part === line ? [] : [{ ...line, quantity: minus(line.quantity, part.quantity) }];
  });
  const whole = parts.filter(({ line, part }) => line === part && line.sentAs !== undefined);
  const moved = whole.map(({ line }) => ({ id: line.id, orderId: toOrderId }));
  return { ...withLines(order, left), movedLines: [...order.movedLines, ...moved] };
}

function openOrder(ctx: UnitContext, order: OrderDoc): OrderView {
  const view = viewOrder(ctx.insert(orders, order));
  ctx.publish(orderCreated, { order: view });
  announceStatus(ctx, { ...order, lines: [] }, order);
  return view;
}
