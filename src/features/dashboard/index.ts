import { feature, replica } from '../../kernel/feature.js';
import { acknowledgeAlert, listAlerts, resolveAlert } from './alert.operations.js';
import {
  liveAlertsFor,
  raiseForOrder,
  raiseForTicket,
  resolveForTicket,
  watchPairing,
  watchStations,
} from './dashboard.alerts.js';
import { alertRaised, alertUpdated } from './dashboard.events.js';
import { alerts, liveStatuses } from './dashboard.model.js';
import { alertView } from './dashboard.views.js';
import {
  raiseForLeaver,
  raiseForLostRoutes,
  raiseForUnrouted,
  resolveForReturned,
  resolveRouted,
} from './loose-ends.alerts.js';

export const dashboard = feature({
  name: 'dashboard',
  summary: 'What needs somebody now: tickets that no screen has, stations that nobody watches, food without a station',
  kinds: [alerts],
  operations: [listAlerts, acknowledgeAlert, resolveAlert],
  events: [alertRaised, alertUpdated],
  reactions: [
    raiseForOrder,
    raiseForTicket,
    resolveForTicket,
    watchPairing,
    raiseForUnrouted,
    raiseForLostRoutes,
    resolveRouted,
    raiseForLeaver,
    resolveForReturned,
  ],
  duties: [watchStations],
  replicas: [
    replica({
      name: 'alerts',
      summary: 'What needs somebody now: all of it for managers, what concerns their own orders for waiters',
      view: alertView,
      permission: 'sync:read',
      load: (ctx) => liveAlertsFor(ctx, ctx.actor),
      live: { field: 'status', values: liveStatuses },
    }),
  ],
});
