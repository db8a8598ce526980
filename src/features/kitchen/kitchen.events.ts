import Joi from 'joi';
import { event, everyone, holders, station } from '../../kernel/event.js';
import { id } from '../../kernel/schema.js';
import { exampleStation, exampleTicket } from './kitchen.examples.js';
import { type StationView, stationView, type TicketView, ticketView } from './kitchen.views.js';

interface OneTicket {
  ticket: TicketView;
}
const payload = Joi.object<OneTicket, true>({ ticket: ticketView.required().description('The ticket as it is now') });
/** The station's own screens, the expo and whoever looks after the guests. */
const audience = ({ ticket }: OneTicket) => [station(ticket.stationId), holders('kitchen:read')];

export const ticketCreated = event<OneTicket>({
  name: 'kitchen:ticket-created',
  summary: 'A station has something to make, or hears of a change',
  payload,
  audience,
  carries: { ticket: 'tickets' },
  example: { ticket: exampleTicket },
});

export const ticketUpdated = event<OneTicket>({
  name: 'kitchen:ticket-updated',
  summary: 'A ticket was received, seen, begun, made ready, bumped, recalled, prioritised or changed',
  payload,
  audience,
  carries: { ticket: 'tickets' },
  example: { ticket: { ...exampleTicket, status: 'preparing', startedAt: '2026-11-21T19:31:00.000Z' } },
});

export interface StationsUpdated {
  stations: StationView[];
  removedStationIds: string[];
}

export const stationsUpdated = event<StationsUpdated>({
  name: 'kitchen:stations-updated',
  summary: 'Stations were added, changed or removed',
  payload: Joi.object<StationsUpdated, true>({
    stations: Joi.array().items(stationView).required().description('Added or changed'),
    removedStationIds: Joi.array().items(id('a station that is gone')).required().description('Removed'),
  }),
  audience: () => everyone,
  carries: { stations: 'stations' },
  removes: { removedStationIds: 'stations' },
  example: { stations: [exampleStation], removedStationIds: [] },
});
