import Joi from 'joi';
import { event, everyone, holders, station } from '../../kernel/event.js';
import { id } from '../../kernel/schema.js';
import { exampleStation, exampleTicket, itemId } from './kitchen.examples.js';
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

export interface TicketUndelivered {
  ticketId: string;
  stationId: string;
  orderId: string;
  /** Nobody is at the station's screens. */
  noScreen: boolean;
}

/** For reactions: no screen has a ticket, in time or at all. */
export const ticketUndelivered = event<TicketUndelivered>({
  name: 'kitchen:ticket-undelivered',
  summary: 'No screen has received a ticket',
  payload: Joi.object<TicketUndelivered, true>({
    ticketId: id('the ticket').required(),
    stationId: id('its station').required(),
    orderId: id('the order').required(),
    noScreen: Joi.boolean().required().description("Whether no screen of the station's is on line"),
  }),
  audience: () => [],
  example: {
    ticketId: exampleTicket.id,
    stationId: exampleTicket.stationId,
    orderId: exampleTicket.orderId,
    noScreen: true,
  },
});

/** For reactions: a ticket that was reported undelivered has arrived, or is needed no more. */
export const ticketAlarmEnded = event<{ ticketId: string; received: boolean }>({
  name: 'kitchen:ticket-alarm-ended',
  summary: 'A ticket reported as undelivered is received, or needed no more',
  payload: Joi.object<{ ticketId: string; received: boolean }, true>({
    ticketId: id('the ticket').required(),
    received: Joi.boolean().required().description('Whether a screen has it'),
  }),
  audience: () => [],
  example: { ticketId: exampleTicket.id, received: true },
});

export interface FoodUnrouted {
  orderId: string;
  /** Where it went. */
  stationId: string;
  itemIds: string[];
}

/** For reactions: food was fired that no route names, so the first station has it. */
export const foodUnrouted = event<FoodUnrouted>({
  name: 'kitchen:food-unrouted',
  summary: 'Food was fired of which no station says that it makes it; the first station has it',
  payload: Joi.object<FoodUnrouted, true>({
    orderId: id('the order').required(),
    stationId: id('the station that has it').required(),
    itemIds: Joi.array().items(id('an item')).required().description('The items'),
  }),
  audience: () => [],
  example: { orderId: exampleTicket.orderId, stationId: exampleStation.id, itemIds: [itemId] },
});

/** For reactions: categories that stations made are gone from the menu. */
export const routesLost = event<{ stationIds: string[] }>({
  name: 'kitchen:routes-lost',
  summary: 'Categories that stations made are gone from the menu',
  payload: Joi.object<{ stationIds: string[] }, true>({
    stationIds: Joi.array().items(id('a station')).required().description('The stations that made them'),
  }),
  audience: () => [],
  example: { stationIds: [exampleStation.id] },
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
