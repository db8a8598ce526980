import type { Doc } from '../../kernel/documents.js';
import { model } from '../../platform/model.js';

export const alertKinds = [
  'ticket_undelivered',
  'station_without_screen',
  'unrouted',
  'routes_lost',
  'staff_left',
  'order_late',
] as const;
export const alertStatuses = ['open', 'acknowledged', 'resolved'] as const;
export type AlertStatus = (typeof alertStatuses)[number];
/** An alert that somebody still has to look after. */
export const liveStatuses: readonly AlertStatus[] = ['open', 'acknowledged'];
/** Why an alert is over: a screen has the ticket, it is needed no more, a screen is back, a route is set, or somebody said so. */
export const resolutions = ['received', 'not_needed', 'screen_back', 'routed', 'by_hand'] as const;
export type Resolution = (typeof resolutions)[number];

export interface AlertDoc extends Doc {
  kind: (typeof alertKinds)[number];
  status: AlertStatus;
  stationId?: string;
  stationName?: string;
  /** Whether no screen of the station's was on line when it was raised. */
  noScreen: boolean;
  /** Of a ticket: which, and whose. */
  ticketId?: string;
  orderId?: string;
  orderNumber?: number;
  tableName?: string;
  /** Of a late order: whether it has been sent to the kitchen. */
  isFired?: boolean;
  /** Of a station: how many open tickets nobody sees. */
  openTickets?: number;
  /** Of food that no route names, and that the station was given. */
  itemId?: string;
  itemName?: string;
  /** Of somebody who has left: who, and the open orders and the tables that are still to be given to somebody. */
  staffId?: string;
  staffName?: string;
  orderNumbers?: number[];
  tableNames?: string[];
  /** The waiters of the orders it is about; they hear of it beside the managers. */
  waiterIds: string[];
  raisedAt: Date;
  acknowledgedAt?: Date;
  acknowledgedBy?: string;
  resolvedAt?: Date;
  resolvedBy?: string;
  resolution?: Resolution;
}

const DAY_SECONDS = 86_400;

export const alerts = model<AlertDoc>({
  collection: 'alerts',
  title: 'alert',
  hold: 'recent',
  fields: {
    kind: String,
    status: String,
    stationId: String,
    stationName: String,
    noScreen: Boolean,
    ticketId: String,
    orderId: String,
    orderNumber: Number,
    tableName: String,
    isFired: Boolean,
    openTickets: Number,
    itemId: String,
    itemName: String,
    staffId: String,
    staffName: String,
    // Without a default of their own: mongoose would make empty lists of what is not there.
    orderNumbers: { type: [Number], default: undefined },
    tableNames: { type: [String], default: undefined },
    waiterIds: [String],
    raisedAt: Date,
    acknowledgedAt: Date,
    acknowledgedBy: String,
    resolvedAt: Date,
    resolvedBy: String,
    resolution: String,
  },
  indexes: [
    [{ restaurantId: 1, status: 1, raisedAt: -1 }],
    [{ resolvedAt: 1 }, { expireAfterSeconds: 90 * DAY_SECONDS }],
  ],
});
