import { feature, replica } from '../../kernel/feature.js';
import { allDay, expo, getTicket, listTickets, openTicketsFor } from './board.operations.js';
import {
  foodUnrouted,
  routesLost,
  stationsUpdated,
  ticketAlarmEnded,
  ticketCreated,
  ticketUndelivered,
  ticketUpdated,
} from './kitchen.events.js';
import {
  followTableNames,
  followWaiterNames,
  moveTicketLines,
  relabelTickets,
  showChange,
  withdrawLines,
} from './kitchen.following.js';
import { openStatuses, stations, tickets } from './kitchen.model.js';
import { checkBinding, clearTicket, dropRoutes, openTickets, releaseTickets, takeServed } from './kitchen.reactions.js';
import { reportUnreceived } from './kitchen.receipt.js';
import { stationView, ticketView, viewTicket } from './kitchen.views.js';
import { receiveTickets, seeTickets } from './screen.operations.js';
import { createStation, deleteStation, listOf, listStations, updateStation } from './station.operations.js';
import { bumpTicket, prioritiseTicket, readyTicket, recallTicket, startTicket } from './ticket.operations.js';

export { foodUnrouted, routesLost, stationsUpdated, ticketAlarmEnded, ticketUndelivered } from './kitchen.events.js';
export { openStatuses, type StationDoc, stations, tickets } from './kitchen.model.js';
export { stationsWithScreens } from './kitchen.receipt.js';
export { isRouted, isScreenOf } from './kitchen.rules.js';

export const kitchen = feature({
  name: 'kitchen',
  summary: 'Stations and their tickets: routing, making, bumping, and what changed since',
  kinds: [stations, tickets],
  operations: [
    listStations,
    createStation,
    updateStation,
    deleteStation,
    listTickets,
    getTicket,
    startTicket,
    readyTicket,
    bumpTicket,
    recallTicket,
    prioritiseTicket,
    receiveTickets,
    seeTickets,
    allDay,
    expo,
  ],
  events: [
    ticketCreated,
    ticketUpdated,
    stationsUpdated,
    ticketUndelivered,
    ticketAlarmEnded,
    foodUnrouted,
    routesLost,
  ],
  reactions: [
    openTickets,
    takeServed,
    releaseTickets,
    withdrawLines,
    showChange,
    moveTicketLines,
    relabelTickets,
    followTableNames,
    followWaiterNames,
    checkBinding,
    dropRoutes,
  ],
  duties: [reportUnreceived, clearTicket],
  replicas: [
    replica({
      name: 'stations',
      summary: 'The stations of the kitchen',
      view: stationView,
      permission: 'kitchen:read',
      cache: { ttl: 3600, tags: [stations] },
      load: listOf,
    }),
    replica({
      name: 'tickets',
      summary: "The tickets on the screens; on a station's screen its own",
      view: ticketView,
      permission: 'kitchen:read',
      cache: { ttl: 60, tags: [tickets] },
      load: async (ctx) => (await openTicketsFor(ctx, ctx.actor)).map(viewTicket),
      live: { field: 'status', values: openStatuses },
    }),
  ],
});
