import Joi from 'joi';
import type { Actor } from '../../kernel/context.js';
import type { Filter, Reads } from '../../kernel/documents.js';
import { query } from '../../kernel/operation.js';
import { quantitySchema } from '../../kernel/quantity.js';
import { id } from '../../kernel/schema.js';
import type { Channel } from '../menu/index.js';
import { channel, type OrderDoc, orders } from '../orders/index.js';
import { exampleTicket, itemId, stationId, ticketId } from './kitchen.examples.js';
import { openStatuses, type TicketDoc, type TicketStatus, tickets } from './kitchen.model.js';
import { type AllDay, allDayOf, isFood, isOrderReady } from './kitchen.rules.js';
import { type TicketView, ticketStatus, ticketView, viewTicket } from './kitchen.views.js';

/** A screen bound to stations is shown theirs only. */
function stationFilter({ stationIds }: Actor, wanted?: string): Filter {
  const named = wanted === undefined ? {} : { stationId: wanted };
  if (stationIds.length === 0) return named;
  const own = wanted === undefined ? stationIds : stationIds.filter((one) => one === wanted);
  return { stationId: { $in: own } };
}

/** The tickets on the screens, the oldest first. */
export function openTicketsFor(reads: Reads, actor: Actor, wanted?: string, more: Filter = {}): Promise<TicketDoc[]> {
  const filter = { status: { $in: openStatuses }, ...more, ...stationFilter(actor, wanted) };
  return reads.find(tickets, filter, { sort: { sentAt: 1 } });
}

interface ListTickets {
  show: 'open' | 'done';
  stationId?: string;
  orderId?: string;
}
const LAST_DONE = 50;

export const listTickets = query<ListTickets, TicketView[]>({
  name: 'ticket:list',
  summary: 'The tickets on the screens, or those bumped last',
  rest: { method: 'get', path: '/tickets' },
  permission: 'kitchen:read',
  limit: 'read',
  input: Joi.object<ListTickets, true>({
    show: Joi.string()
      .valid('open', 'done')
      .default('open')
      .description(`Open ones, the oldest first; or the last ${LAST_DONE} that were sent and are done`),
    stationId: id('the station').description('Only those of this station'),
    orderId: id('an order').description('Only those of this order'),
  }),
  cache: { ttl: 60, tags: [tickets] },
  output: Joi.array().items(ticketView).required().description('The tickets'),
  page: { key: ({ sentAt, id: one }) => [sentAt, one], newestFirst: ({ show }) => show === 'done' },
  example: { input: { show: 'open', stationId }, output: [exampleTicket] },
  async handle({ input, actor, ...reads }) {
    const ofOrder = input.orderId === undefined ? {} : { orderId: input.orderId };
    if (input.show === 'open') return (await openTicketsFor(reads, actor, input.stationId, ofOrder)).map(viewTicket);
    const filter = { status: 'done', ...ofOrder, ...stationFilter(actor, input.stationId) };
    return (await reads.find(tickets, filter, { sort: { sentAt: -1 }, limit: LAST_DONE })).map(viewTicket);
  },
});

export const getTicket = query<{ ticketId: string }, TicketView>({
  name: 'ticket:get',
  summary: 'One ticket',
  rest: { method: 'get', path: '/tickets/:ticketId' },
  permission: 'kitchen:read',
  limit: 'read',
  input: Joi.object<{ ticketId: string }, true>({ ticketId: id('the ticket').required() }),
  cache: { ttl: 60, tags: [tickets] },
  output: ticketView,
  example: { input: { ticketId }, output: exampleTicket },
  handle: async ({ input, get }) => viewTicket(await get(tickets, input.ticketId)),
});

interface OneStation {
  stationId?: string;
}
const oneStation = Joi.object<OneStation, true>({ stationId: id('the station').description('Only this station') });

export const allDay = query<OneStation, AllDay[]>({
  name: 'kitchen:all-day',
  summary: 'How many of each item every station still has to make',
  rest: { method: 'get', path: '/kitchen/all-day' },
  permission: 'kitchen:read',
  limit: 'read',
  input: oneStation,
  cache: { ttl: 60, tags: [tickets] },
  output: Joi.array()
    .items(
      Joi.object<AllDay, true>({
        stationId: id('the station').required(),
        itemId: id('the item').required(),
        name: Joi.string().required().description('Item'),
        sizeName: Joi.string().description('Size'),
        quantity: quantitySchema().required().description('Still to make'),
      }).meta({ typeName: 'AllDayCount' }),
    )
    .required()
    .description('The most first'),
  page: { key: ({ quantity, name, ...one }) => [-quantity, name, one.stationId, one.itemId, one.sizeName ?? ''] },
  example: { input: { stationId }, output: [{ stationId, itemId, name: 'Tomato soup', quantity: 7 }] },
  handle: async ({ input, actor, ...reads }) => allDayOf(await openTicketsFor(reads, actor, input.stationId)),
});

interface ExpoOrder {
  orderId: string;
  orderNumber: number;
  tableName?: string;
  channel: Channel;
  isReady: boolean;
  tickets: { ticketId: string; stationId: string; status: TicketStatus }[];
}

export const expo = query<Record<string, never>, ExpoOrder[]>({
  name: 'kitchen:expo',
  summary: 'The orders of which the guests wait for something the kitchen makes; ready when all of it is',
  description: 'What every station has bumped stays at the pass until it is served.',
  rest: { method: 'get', path: '/kitchen/expo' },
  permission: 'kitchen:read',
  limit: 'read',
  input: Joi.object({}),
  cache: { ttl: 60, tags: [tickets, orders] },
  output: Joi.array()
    .items(
      Joi.object<ExpoOrder, true>({
        orderId: id('the order').required(),
        orderNumber: Joi.number().integer().required().description("The order's number"),
        tableName: Joi.string().description('Table'),
        channel: channel.required().description('How it leaves the house'),
        isReady: Joi.boolean().required().description('Whether it can go out'),
        tickets: Joi.array()
          .items(
            Joi.object<ExpoOrder['tickets'][number], true>({
              ticketId: id('the ticket').required(),
              stationId: id('the station').required(),
              status: ticketStatus.required().description('Status'),
            }),
          )
          .required()
          .description('Its tickets with food on them that was not served yet; `done` are those bumped'),
      }).meta({ typeName: 'ExpoOrder' }),
    )
    .required()
    .description('The oldest first'),
  example: {
    input: {},
    output: [
      {
        orderId: exampleTicket.orderId,
        orderNumber: 17,
        tableName: '12',
        channel: 'dine-in',
        isReady: false,
        tickets: [{ ticketId, stationId, status: 'queued' }],
      },
    ],
  },
  async handle({ actor, ...reads }) {
    const open = await reads.find(orders, { status: 'open' });
    const waited = new Map(
      open.map((order) => [order._id, unserved(order)] as const).filter(([, { size }]) => size > 0),
    );
    if (waited.size === 0) return [];
    const filter = { orderId: { $in: [...waited.keys()] }, status: { $in: [...openStatuses, 'done'] } };
    const found = await reads.find(tickets, { ...filter, ...stationFilter(actor) }, { sort: { sentAt: 1 } });
    const atPass = new Map<string, TicketDoc[]>();
    for (const ticket of found) {
      const { orderId } = ticket;
      if (ticket.lines.some((line) => isFood(line) && waited.get(orderId)?.has(line.lineId)))
        atPass.set(orderId, [...(atPass.get(orderId) ?? []), ticket]);
    }
    return [...atPass.values()].map(viewExpo);
  },
});

/** The ids of the lines that the kitchen has or had and the guests have not. */
const unserved = ({ lines }: OrderDoc): Set<string> =>
  new Set(lines.filter(({ status }) => waitedFor.has(status)).map((line) => line.id));
const waitedFor: ReadonlySet<string> = new Set(['fired', 'preparing', 'ready']);

function viewExpo(unservedTickets: TicketDoc[]): ExpoOrder {
  const [{ orderId, orderNumber, tableName, channel: leaves }] = unservedTickets as [TicketDoc];
  return {
    orderId,
    orderNumber,
    ...(tableName !== undefined && { tableName }),
    channel: leaves,
    isReady: isOrderReady(unservedTickets),
    tickets: unservedTickets.map((ticket) => ({
      ticketId: ticket._id,
      stationId: ticket.stationId,
      status: ticket.status,
    })),
  };
}
