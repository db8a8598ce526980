import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { ticketId } from './kitchen.examples.js';
import type { TicketDoc } from './kitchen.model.js';
import { stationsWithScreens } from './kitchen.receipt.js';
import { speaksFor } from './kitchen.rules.js';
import { saveTicket, saving, ticketToChange } from './kitchen.tickets.js';

interface Tickets {
  ticketIds: string[];
}
interface Marked {
  ticketIds: string[];
}

const input = Joi.object<Tickets, true>({
  ticketIds: Joi.array().items(id('a ticket')).min(1).max(200).unique().required().description('The tickets'),
});
const output = Joi.object<Marked, true>({
  ticketIds: Joi.array()
    .items(id('a ticket'))
    .required()
    .description('Those that had no mark of this screen or person'),
});

/** Marks tickets, each once; a mark that is there already writes and announces nothing. */
async function mark(
  ctx: UnitContext,
  ticketIds: readonly string[],
  marked: (ticket: TicketDoc) => TicketDoc | undefined,
): Promise<Marked> {
  const fresh: string[] = [];
  for (const one of ticketIds) {
    const after = marked(await ticketToChange(ctx, one));
    if (after === undefined) continue;
    saveTicket(ctx, after);
    fresh.push(one);
  }
  return { ticketIds: fresh };
}

export const receiveTickets = command<Tickets, Marked>({
  name: 'ticket:received',
  summary: 'This screen has these tickets',
  description:
    'Settles the receipt for a station of its own; a screen bound to no station speaks for the stations that have none.',
  rest: { method: 'post', path: '/tickets/received' },
  permission: 'ticket:write',
  limit: 'write',
  input,
  output,
  emits: saving,
  example: { input: { ticketIds: [ticketId] }, output: { ticketIds: [ticketId] } },
  async handle(ctx) {
    const screen = ctx.actor.deviceId ?? ctx.actor.userId;
    const withScreens = await stationsWithScreens(ctx);
    return mark(ctx, ctx.input.ticketIds, (ticket) => {
      const isNew = !ticket.receivedBy.includes(screen);
      const settles = ticket.receivedAt === undefined && speaksFor(ticket.stationId, ctx.actor, withScreens);
      if (!isNew && !settles) return undefined;
      const receivedBy = isNew ? [...ticket.receivedBy, screen] : ticket.receivedBy;
      return { ...ticket, receivedBy, ...(settles && { receivedAt: ctx.now }) };
    });
  },
});

export const seeTickets = command<Tickets, Marked>({
  name: 'ticket:seen',
  summary: 'Somebody has looked at these tickets',
  rest: { method: 'post', path: '/tickets/seen' },
  permission: 'ticket:write',
  limit: 'write',
  input,
  output,
  emits: saving,
  example: { input: { ticketIds: [ticketId] }, output: { ticketIds: [ticketId] } },
  handle(ctx) {
    const person = ctx.actor.userId;
    return mark(ctx, ctx.input.ticketIds, (ticket) =>
      ticket.seenBy.includes(person)
        ? undefined
        : { ...ticket, seenAt: ticket.seenAt ?? ctx.now, seenBy: [...ticket.seenBy, person] },
    );
  },
});
