import type { Doc } from '../../kernel/documents.js';
import { quota } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';
import type { Channel, Unit } from '../menu/index.js';

export const stationKinds = ['prep', 'expo', 'none'] as const;

export interface StationDoc extends Doc {
  name: string;
  /** `expo` is the pass: it sees all and makes nothing. `none` is nobody: what is routed to it is ready at once. */
  kind: (typeof stationKinds)[number];
  position: number;
  routes: { categoryIds: string[]; itemIds: string[] };
  /** Has what no route names; at most one station. */
  isDefault: boolean;
  /** Seconds from sending within which a ticket should be ready, and after which it is late. */
  targetSeconds: number;
  lateSeconds: number;
}

export const ticketStatuses = ['queued', 'preparing', 'ready', 'done', 'cancelled'] as const;
export type TicketStatus = (typeof ticketStatuses)[number];
/** A ticket that is still on the screens. */
export const openStatuses: readonly TicketStatus[] = ['queued', 'preparing', 'ready'];

export const ticketChanges = ['add', 'change', 'cancel', 'move'] as const;
export const ticketLineStatuses = ['queued', 'preparing', 'ready', 'cancelled', 'moved'] as const;
export type TicketLineStatus = (typeof ticketLineStatuses)[number];

export interface TicketLine {
  lineId: string;
  itemId: string;
  /** The dish's number on the menu. */
  number?: string;
  name: string;
  sizeName?: string;
  modifiers: { name: string; quantity: number }[];
  quantity: number;
  /** What the quantity is of, where it is not portions. */
  unit?: Unit;
  seat?: number;
  course: number;
  note: string;
  allergens: string[];
  /** What it may contain. */
  traces?: string[];
  /** What the kitchen is told; only `add` and `move` are food to make. */
  change: (typeof ticketChanges)[number];
  status: TicketLineStatus;
}

/** What stands at the head of an order's tickets. */
export interface TicketHead {
  orderId: string;
  orderNumber: number;
  tableName?: string;
  waiterName?: string;
  customerName?: string;
  channel: Channel;
  guestCount: number;
  orderNote: string;
  pickupAt?: Date;
}

/** A station's share of one firing, or word of a change to it. */
export interface TicketDoc extends Doc, TicketHead {
  stationId: string;
  firing: number;
  /** `delta` for everything after the order's first ticket at the station. */
  kind: 'new' | 'delta';
  /** The order's first ticket at the station. */
  parentTicketId?: string;
  /** Where the guests sat, or whose order it was, before a move. */
  movedFrom?: string;
  lines: TicketLine[];
  status: TicketStatus;
  priority: 0 | 1;
  sentAt: Date;
  /** Begin then, and the plates of the firing come up together. */
  paceStartAt: Date;
  dueAt: Date;
  /** First mark of any screen, and the screens (device, or person on an unpaired one). */
  receivedAt?: Date;
  receivedBy: string[];
  /** First mark of anybody, and the persons. */
  seenAt?: Date;
  seenBy: string[];
  /** Until then a screen must have it; absent once one has, or once the alarm is raised. */
  receiptDueAt?: Date;
  /** When it was reported that no screen has it, and when that was over. */
  alarmedAt?: Date;
  alarmEndedAt?: Date;
  /** It leaves the screens then, bumped or not: its order has ended. */
  leavesAt?: Date;
  startedAt?: Date;
  readyAt?: Date;
  doneAt?: Date;
}

export const stations = model<StationDoc>({
  collection: 'stations',
  title: 'station',
  hold: 'all',
  quota: quota('stations', 50),
  fields: {
    name: String,
    kind: String,
    position: Number,
    routes: Object,
    isDefault: Boolean,
    targetSeconds: Number,
    lateSeconds: Number,
  },
  indexes: [[{ restaurantId: 1 }]],
});

export const tickets = model<TicketDoc>({
  collection: 'tickets',
  title: 'ticket',
  hold: 'recent',
  fields: {
    orderId: String,
    orderNumber: Number,
    tableName: String,
    waiterName: String,
    customerName: String,
    channel: String,
    guestCount: Number,
    orderNote: String,
    pickupAt: Date,
    stationId: String,
    firing: Number,
    kind: String,
    parentTicketId: String,
    movedFrom: String,
    lines: [Object],
    status: String,
    priority: Number,
    sentAt: Date,
    paceStartAt: Date,
    dueAt: Date,
    receivedAt: Date,
    receivedBy: [String],
    seenAt: Date,
    seenBy: [String],
    receiptDueAt: Date,
    alarmedAt: Date,
    alarmEndedAt: Date,
    leavesAt: Date,
    startedAt: Date,
    readyAt: Date,
    doneAt: Date,
  },
  indexes: [
    [{ restaurantId: 1, status: 1, sentAt: 1 }],
    [{ restaurantId: 1, orderId: 1 }],
    [{ receiptDueAt: 1 }, { sparse: true }],
    [{ leavesAt: 1 }, { sparse: true }],
  ],
});
