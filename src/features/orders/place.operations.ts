import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { command } from '../../kernel/operation.js';
import { id, time } from '../../kernel/schema.js';
import { businessDay } from '../../kernel/time.js';
import { tableStatusChanged } from '../floor/index.js';
import { availabilityChanged, type Channel, takePortions } from '../menu/index.js';
import { PICKUP_MARGIN_SECONDS, type RestaurantDoc, settingsOf } from '../restaurants/index.js';
import { staff } from '../staff/index.js';
import { announceFiring, asItIsNow, withFired, withLines } from './orders.changes.js';
import { checkAddress, seated } from './orders.channel.js';
import { orderCreated, orderFired } from './orders.events.js';
import { cooking, exampleOrder, soupId, steakId, tableId } from './orders.examples.js';
import { areAllKnown, fire, fireCourses, type LineInput, lineInputs, priceLines } from './orders.lines.js';
import { type Customer, type OrderDoc, orderCounters, orders } from './orders.model.js';
import { portionsOf, withFireTime } from './orders.rules.js';
import { channel, customer, guestCount, type OrderView, orderNote, orderView, viewOrder } from './orders.views.js';

interface PlaceOrder {
  id?: string;
  channel: Channel;
  tableId?: string;
  waiterId?: string;
  guestCount: number;
  customer?: Customer;
  pickupAt?: string;
  note: string;
  lines: LineInput[];
  fire?: 'now' | 'hold';
  fireCourses?: number[];
}

// biome-ignore-start lint/suspicious/noThenProperty: this is how joi's conditions are written
const forTables = { is: 'dine-in', then: Joi.required(), otherwise: Joi.forbidden() };
const notForTables = { is: 'dine-in', then: Joi.forbidden() };
const forDeliveries = { is: 'delivery', then: Joi.required() };
// biome-ignore-end lint/suspicious/noThenProperty: this is how joi's conditions are written

export const placeOrder = command<PlaceOrder, OrderView>({
  name: 'order:place',
  summary: 'Place an order for a table, takeaway or delivery',
  description:
    'The server prices every line. With `fire: now` (the default) the kitchen gets its tickets at once; with `pickupAt` ' +
    'the order waits as `scheduled` until its `fireAt`, the time to prepare it (and `pickupMarginSeconds`) before it is ' +
    'wanted, or until `order:release`, unless `fire: now` is written out. A tablet that may send ' +
    'an order twice gives it and its lines ids: an order that came before is answered as it is and not made again.',
  rest: { method: 'post', path: '/orders', status: 201 },
  permission: 'order:write',
  limit: 'write',
  input: Joi.object<PlaceOrder, true>({
    id: id('the order').description('Id of the order, chosen by the client'),
    channel: channel.default('dine-in').description('How it leaves the house'),
    tableId: id('the table').when('channel', forTables).description('Id of the free table; for dine-in'),
    waiterId: id('the waiter').description('Id of the waiter; whoever sends it when not given'),
    guestCount: guestCount.default(1),
    customer: customer.when('channel', forDeliveries),
    pickupAt: time('When it is wanted').when('channel', notForTables),
    note: orderNote.default(''),
    lines: lineInputs,
    fire,
    fireCourses,
  }),
  output: orderView,
  emits: [orderCreated, orderFired, tableStatusChanged, availabilityChanged],
  example: {
    input: {
      channel: 'dine-in',
      tableId,
      guestCount: 2,
      note: 'Seat 1 must not have celery',
      lines: [
        { itemId: soupId, modifiers: [], quantity: 2, seat: 1, note: '' },
        { itemId: steakId, modifiers: [cooking], quantity: 1, seat: 2, note: 'sauce apart', hold: true },
      ],
      fire: 'now',
    },
    output: exampleOrder,
  },
  async handle(ctx) {
    const { input, now, publish } = ctx;
    const known = input.id === undefined ? undefined : await ctx.lookup(orders, input.id);
    if (known !== undefined) return sentAgain(known, input);
    const settings = await settingsOf(ctx, ctx.restaurantId);
    const order = await seated(ctx, await draft(ctx, settings));
    const lines = await priceLines(ctx, order, input.lines, {
      fire: order.status === 'scheduled' ? 'hold' : (input.fire ?? 'now'),
      ...(input.fireCourses && { fireCourses: input.fireCourses }),
    });
    await takePortions(ctx, portionsOf(lines.added));
    const whole = withFired(withLines(order, lines.added), lines.firing, now);
    const placed = ctx.insert(orders, withFireTime(whole, now));
    const view = viewOrder(placed);
    publish(orderCreated, { order: view });
    announceFiring(ctx, placed, lines.firing);
    return view;
  },
  answer: asItIsNow,
});

/** An order under an id that is taken: the same again, or a mistake. */
function sentAgain(known: OrderDoc, input: PlaceOrder): OrderView {
  const view = viewOrder(known);
  if (input.lines.every((line) => line.id !== undefined) && areAllKnown(known, input.lines)) return view;
  throw fail('duplicate', `Order ${known.number} has this id already`, {
    current: view,
    errors: [{ field: 'id', message: 'is the id of another order' }],
  });
}

type Draft = UnitContext & { input: PlaceOrder };

/** The order without its lines. */
async function draft(ctx: Draft, settings: RestaurantDoc): Promise<OrderDoc> {
  const { input, actor, now } = ctx;
  const isScheduled = input.pickupAt !== undefined && input.fire !== 'now';
  checkAddress(input);
  return newOrder(ctx, settings, {
    ...(input.id !== undefined && { _id: input.id }),
    channel: input.channel,
    status: isScheduled ? 'scheduled' : 'open',
    ...(input.tableId !== undefined && { tableId: input.tableId }),
    waiterId: await waiterOf(ctx, input.waiterId ?? actor.userId),
    guestCount: input.guestCount,
    ...(input.customer && { customer: input.customer }),
    ...(input.pickupAt !== undefined && { pickupAt: pickupTime(input.pickupAt, now) }),
    ...(isScheduled && { marginSeconds: settings.pickupMarginSeconds ?? PICKUP_MARGIN_SECONDS }),
    note: input.note,
  });
}

/** Nobody orders further ahead; a slip of the year is more likely. */
const LONGEST_AHEAD_MS = 366 * 86_400_000;

/** @throws validation_failed when it is past, or beyond a year */
export function pickupTime(pickupAt: string, now: Date): Date {
  const at = new Date(pickupAt);
  if (at <= now) throw invalid('pickupAt', 'must lie in the future');
  if (at.getTime() - now.getTime() > LONGEST_AHEAD_MS) throw invalid('pickupAt', 'must lie within a year');
  return at;
}

/** @throws not_found, or validation_failed for somebody who has left */
export async function waiterOf(ctx: UnitContext, waiterId: string): Promise<string> {
  if (waiterId === ctx.actor.userId) return waiterId;
  const person = await ctx.get(staff, waiterId);
  if (!person.active) throw invalid('waiterId', `${person.name} does not work here any more`);
  return waiterId;
}

type Beginning = Pick<OrderDoc, 'channel' | 'status' | 'waiterId' | 'guestCount' | 'note'> &
  Partial<Pick<OrderDoc, '_id' | 'tableId' | 'customer' | 'pickupAt' | 'marginSeconds'>>;

/** A new order, numbered and still empty; insert it once it has its lines. */
export async function newOrder(ctx: UnitContext, settings: RestaurantDoc, beginning: Beginning): Promise<OrderDoc> {
  const { now, restaurantId } = ctx;
  const day = businessDay(now, settings);
  const { currency, pricesIncludeTax } = settings;
  return {
    _id: newId(),
    restaurantId,
    version: 1,
    createdAt: now,
    updatedAt: now,
    number: await nextNumber(ctx, day),
    businessDay: day,
    ...beginning,
    currency,
    pricesIncludeTax,
    lines: [],
    totals: { subtotal: 0, taxes: [], total: 0 },
    firings: 0,
    movedLines: [],
    openedAt: now,
  };
}

async function nextNumber(ctx: UnitContext, day: string): Promise<number> {
  const _id = `${ctx.restaurantId}:${day}`;
  const counter = await ctx.lookup(orderCounters, _id);
  if (counter === undefined) return ctx.insert(orderCounters, { _id, last: 1 }).last;
  return ctx.save(orderCounters, { ...counter, last: counter.last + 1 }).last;
}
