import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail } from '../../kernel/errors.js';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { orderLineStatusChanged, orderStatusChanged, orders, progressLines, stepFrom } from '../orders/index.js';
import { exampleTicket, lineId, ticketId } from './kitchen.examples.js';
import { stations, type TicketDoc, type TicketLine } from './kitchen.model.js';
import { isFood, isToMake, type TicketStep, ticketSteps, withLineStatus } from './kitchen.rules.js';
import { saveTicket, saving, ticketToChange } from './kitchen.tickets.js';
import { priority, type TicketView, ticketView } from './kitchen.views.js';

interface OneTicket {
  ticketId: string;
}
const oneTicket = Joi.object<OneTicket, true>({ ticketId: id('the ticket').required() });
const step = (verb: string) => ({ method: 'post' as const, path: `/tickets/:ticketId/${verb}` as const });
const emits = [...saving, orderLineStatusChanged, orderStatusChanged];

const nextStatus = (ticket: TicketDoc, taken: TicketStep) =>
  stepFrom(ticketSteps, ticket.status, taken, `The ticket of order ${ticket.orderNumber}`);

const idsOf = (lines: readonly TicketLine[]): Set<string> => new Set(lines.map((line) => line.lineId));

export const startTicket = command<OneTicket, TicketView>({
  name: 'ticket:start',
  summary: 'Begin a ticket',
  rest: step('start'),
  permission: 'ticket:write',
  limit: 'write',
  input: oneTicket,
  output: ticketView,
  emits,
  example: { input: { ticketId }, output: exampleTicket },
  async handle(ctx) {
    const ticket = await ticketToChange(ctx, ctx.input.ticketId);
    const status = nextStatus(ticket, 'start');
    const begun = idsOf(ticket.lines.filter(isToMake));
    const lines = withLineStatus(ticket.lines, begun, 'preparing');
    const view = saveTicket(ctx, { ...ticket, lines, status, startedAt: ctx.now });
    await progressLines(ctx, ticket.orderId, [...begun], 'start');
    return view;
  },
});

interface ReadyTicket extends OneTicket {
  lineIds?: string[];
}

export const readyTicket = command<ReadyTicket, TicketView>({
  name: 'ticket:ready',
  summary: 'A ticket, or some lines of it, are ready',
  description: 'The ticket is ready when all its lines are; the order is ready when all its fired lines are.',
  rest: step('ready'),
  permission: 'ticket:write',
  limit: 'write',
  input: Joi.object<ReadyTicket, true>({
    ticketId: id('the ticket').required(),
    lineIds: Joi.array().items(id('a line')).min(1).max(500).unique().description('These lines; all when not given'),
  }),
  output: ticketView,
  emits,
  example: { input: { ticketId, lineIds: [lineId] }, output: exampleTicket },
  async handle(ctx) {
    const ticket = await ticketToChange(ctx, ctx.input.ticketId);
    const status = nextStatus(ticket, 'ready');
    const made = madeNow(ticket, ctx.input.lineIds);
    const lines = withLineStatus(ticket.lines, made, 'ready');
    const isReady = !lines.some(isToMake);
    const after: TicketDoc = isReady
      ? { ...ticket, lines, status, readyAt: ctx.now }
      : { ...ticket, lines, status: 'preparing', startedAt: ticket.startedAt ?? ctx.now };
    const view = saveTicket(ctx, after);
    await progressLines(ctx, ticket.orderId, [...made], 'ready');
    return view;
  },
});

/** @throws not_found, illegal_step for a line that is not to be made (any more) */
function madeNow(ticket: TicketDoc, lineIds: readonly string[] | undefined): Set<string> {
  if (lineIds === undefined) return idsOf(ticket.lines.filter(isToMake));
  for (const named of lineIds) {
    const lines = ticket.lines.filter((line) => line.lineId === named);
    const [first] = lines;
    if (first === undefined) throw fail('not_found', 'No such line on this ticket');
    if (!lines.some(isToMake)) throw fail('illegal_step', `${first.name} is ${first.status}`, { legal: [] });
  }
  return new Set(lineIds);
}

export const bumpTicket = command<OneTicket, TicketView>({
  name: 'ticket:bump',
  summary: 'A ticket is done and leaves the screen; what was not ready is ready then',
  rest: step('bump'),
  permission: 'ticket:write',
  limit: 'write',
  input: oneTicket,
  output: ticketView,
  emits,
  example: { input: { ticketId }, output: exampleTicket },
  async handle(ctx) {
    const ticket = await ticketToChange(ctx, ctx.input.ticketId);
    const status = nextStatus(ticket, 'bump');
    const made = idsOf(ticket.lines.filter(isToMake));
    const lines = withLineStatus(ticket.lines, made, 'ready');
    const view = saveTicket(ctx, { ...ticket, lines, status, readyAt: ticket.readyAt ?? ctx.now, doneAt: ctx.now });
    if (made.size > 0) await progressLines(ctx, ticket.orderId, [...made], 'ready');
    return view;
  },
});

export const recallTicket = command<OneTicket, TicketView>({
  name: 'ticket:recall',
  summary: 'Bring a bumped ticket back; its lines that were not served yet are being prepared again',
  rest: step('recall'),
  permission: 'ticket:write',
  limit: 'write',
  input: oneTicket,
  output: ticketView,
  emits,
  example: { input: { ticketId }, output: { ...exampleTicket, status: 'preparing' } },
  async handle(ctx) {
    const ticket = await ticketToChange(ctx, ctx.input.ticketId);
    const status = nextStatus(ticket, 'recall');
    await checkRecallable(ctx, ticket);
    const recalled = await recallLines(ctx, ticket);
    const { doneAt: _, readyAt: __, ...rest } = ticket;
    return saveTicket(ctx, { ...rest, status, lines: withLineStatus(ticket.lines, recalled, 'preparing') });
  },
});

/** @throws illegal_step when its station or its order is no more */
async function checkRecallable(ctx: UnitContext, { stationId, orderId, orderNumber }: TicketDoc): Promise<void> {
  const refused = (why: string) => fail('illegal_step', why, { legal: [] });
  if ((await ctx.lookup(stations, stationId)) === undefined)
    throw refused(`The station of this ticket of order ${orderNumber} is gone: order anew what is to be made again`);
  const { status } = await ctx.get(orders, orderId);
  if (status !== 'open') throw refused(`Order ${orderNumber} is ${status}: nothing of it is made any more`);
}

/** @throws illegal_step when the guests have all of it, or nothing of it is wanted */
async function recallLines(ctx: UnitContext, ticket: TicketDoc): Promise<Set<string>> {
  if (ticket.lines.every((line) => line.change === 'change' || line.change === 'cancel')) return new Set();
  const food = ticket.lines.filter(isFood);
  const moved = food.length === 0 ? [] : await progressLines(ctx, ticket.orderId, [...idsOf(food)], 'recall');
  if (moved.length === 0)
    throw fail('illegal_step', `Everything on this ticket of order ${ticket.orderNumber} is served, voided or moved`, {
      legal: [],
    });
  return new Set(moved.map((line) => line.id));
}

interface Prioritise extends OneTicket {
  priority: 0 | 1;
}

export const prioritiseTicket = command<Prioritise, TicketView>({
  name: 'ticket:prioritise',
  summary: 'Put a ticket before the others, or back among them',
  rest: step('prioritise'),
  permission: 'ticket:prioritise',
  limit: 'write',
  input: Joi.object<Prioritise, true>({ ticketId: id('the ticket').required(), priority: priority.default(1) }),
  output: ticketView,
  emits: saving,
  example: { input: { ticketId, priority: 1 }, output: { ...exampleTicket, priority: 1 } },
  async handle(ctx) {
    const ticket = await ticketToChange(ctx, ctx.input.ticketId);
    if (ticketSteps[ticket.status].bump === undefined)
      throw fail('illegal_step', `The ticket is ${ticket.status}`, { legal: Object.keys(ticketSteps[ticket.status]) });
    return saveTicket(ctx, { ...ticket, priority: ctx.input.priority });
  },
});
