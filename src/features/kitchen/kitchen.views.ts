import Joi from 'joi';
import { quantitySchema } from '../../kernel/quantity.js';
import { id, label, time, version } from '../../kernel/schema.js';
import { type Channel, unit } from '../menu/index.js';
import { channel } from '../orders/index.js';
import {
  type StationDoc,
  stationKinds,
  type TicketDoc,
  type TicketLine,
  type TicketStatus,
  ticketChanges,
  ticketLineStatuses,
  ticketStatuses,
} from './kitchen.model.js';

export interface StationView {
  id: string;
  version: number;
  name: string;
  kind: StationDoc['kind'];
  position: number;
  routes: StationDoc['routes'];
  isDefault: boolean;
  targetSeconds: number;
  lateSeconds: number;
}

export const stationName = label(40).description('Name, unique among the stations');
export const stationKind = Joi.string()
  .valid(...stationKinds)
  .description(
    '`prep` makes what is routed to it; `expo` is the pass, which sees all and makes nothing; `none` is nobody: what is ' +
      'routed to it (bottles from the fridge) is ready at once',
  );
export const position = Joi.number().integer().min(0).max(1000).description('Place in the list, ascending');
export const routes = Joi.object<StationDoc['routes'], true>({
  categoryIds: Joi.array().items(id('a category')).max(500).unique().required().description('Categories made here'),
  itemIds: Joi.array()
    .items(id('an item'))
    .max(2000)
    .unique()
    .required()
    .description('Items made here; before categories'),
})
  .description('What is made here')
  .meta({ typeName: 'StationRoutes' });
export const isDefault = Joi.boolean().description('Has what no route names; at most one station');
export const seconds = Joi.number().integer().min(1).max(86_400);
export const targetSeconds = seconds.description('A ticket should be ready within these seconds');
export const lateSeconds = seconds.description('A ticket is late after these seconds');

export const stationView = Joi.object<StationView, true>({
  id: id('the station').required(),
  version,
  name: stationName.required(),
  kind: stationKind.required(),
  position: position.required(),
  routes: routes.required(),
  isDefault: isDefault.required(),
  targetSeconds: targetSeconds.required(),
  lateSeconds: lateSeconds.required(),
}).meta({ typeName: 'Station' });

export function viewStation(doc: StationDoc): StationView {
  const { name, kind, routes: made, isDefault: catchesAll, targetSeconds: target, lateSeconds: late } = doc;
  return {
    id: doc._id,
    version: doc.version,
    name,
    kind,
    position: doc.position,
    routes: made,
    isDefault: catchesAll,
    targetSeconds: target,
    lateSeconds: late,
  };
}

export interface TicketView {
  id: string;
  version: number;
  orderId: string;
  orderNumber: number;
  tableName?: string;
  waiterName?: string;
  customerName?: string;
  channel: Channel;
  guestCount: number;
  orderNote: string;
  pickupAt?: string;
  stationId: string;
  firing: number;
  kind: TicketDoc['kind'];
  parentTicketId?: string;
  movedFrom?: string;
  lines: TicketLine[];
  status: TicketStatus;
  priority: 0 | 1;
  sentAt: string;
  paceStartAt: string;
  dueAt: string;
  receivedAt?: string;
  receivedBy: string[];
  seenAt?: string;
  seenBy: string[];
  alarmedAt?: string;
  alarmEndedAt?: string;
  startedAt?: string;
  readyAt?: string;
  doneAt?: string;
}

export const ticketStatus = Joi.string().valid(...ticketStatuses);
export const priority = Joi.number().valid(0, 1).description('1 goes first');

const ticketLine = Joi.object<TicketLine, true>({
  lineId: id("the order's line").required(),
  itemId: id('the menu item').required(),
  number: Joi.string().description('Number of the dish on the menu'),
  name: Joi.string().required().description('Item'),
  sizeName: Joi.string().description('Size'),
  modifiers: Joi.array()
    .items(
      Joi.object<TicketLine['modifiers'][number], true>({
        name: Joi.string().required().description('Option'),
        quantity: Joi.number().integer().min(1).required().description('How often'),
      }),
    )
    .required()
    .description('What was chosen with it'),
  quantity: quantitySchema(0).required().description('How many; of a `cancel` how many less'),
  unit: unit.description('What the quantity is of; portions when not given'),
  seat: Joi.number().integer().min(1).description('Seat at the table'),
  course: Joi.number().integer().min(1).required().description('Course'),
  note: Joi.string().allow('').required().description("The waiter's note"),
  allergens: Joi.array().items(Joi.string()).required().description('Allergens it contains, with its options'),
  traces: Joi.array().items(Joi.string()).description('Allergens it may contain'),
  change: Joi.string()
    .valid(...ticketChanges)
    .required()
    .description(
      '`add` and `move` are food to make (`move` may be half made); `change` and `cancel` are news of a line',
    ),
  status: Joi.string()
    .valid(...ticketLineStatuses)
    .required()
    .description('Where it is; `moved` went to a ticket of another order'),
}).meta({ typeName: 'TicketLine' });

export const ticketView = Joi.object<TicketView, true>({
  id: id('the ticket').required(),
  version,
  orderId: id('the order').required(),
  orderNumber: Joi.number().integer().min(1).required().description("The order's number"),
  tableName: Joi.string().description('Table'),
  waiterName: Joi.string().description('Waiter'),
  customerName: Joi.string().description('Who picks it up'),
  channel: channel.required().description('How it leaves the house'),
  guestCount: Joi.number().integer().min(0).required().description('Guests'),
  orderNote: Joi.string().allow('').required().description('Note on the whole order'),
  pickupAt: time('When it is wanted'),
  stationId: id('the station').required(),
  firing: Joi.number().integer().min(1).required().description('Number of the firing within the order'),
  kind: Joi.string()
    .valid('new', 'delta')
    .required()
    .description("`new` is the order's first ticket at the station, `delta` everything after it"),
  parentTicketId: id("the order's first ticket at the station"),
  movedFrom: Joi.string().description('Table or order it was for before a move'),
  lines: Joi.array().items(ticketLine).required().description('What to make, and what changed'),
  status: ticketStatus.required().description('Status'),
  priority: priority.required(),
  sentAt: time('When it was sent').required(),
  paceStartAt: time('Begin then, and all plates of the firing come up together').required(),
  dueAt: time('When the firing should be ready').required(),
  receivedAt: time(
    "When the first screen that speaks for the station had it: its own, or the kitchen's where it has none",
  ),
  receivedBy: Joi.array().items(Joi.string()).required().description('The screens that have it: device, or person'),
  seenAt: time('When somebody had seen it'),
  seenBy: Joi.array().items(Joi.string()).required().description('Ids of the persons who have seen it'),
  alarmedAt: time('When it was reported that no screen has it'),
  alarmEndedAt: time('When that was over: a screen had it, it was begun, or it was needed no more'),
  startedAt: time('When it was begun'),
  readyAt: time('When it was ready'),
  doneAt: time('When it was bumped'),
}).meta({ typeName: 'Ticket' });

// Written out field by field, as this runs for every mark of every screen: spreads take five times as long.
export function viewTicket(doc: TicketDoc): TicketView {
  const view: TicketView = {
    id: doc._id,
    version: doc.version,
    orderId: doc.orderId,
    orderNumber: doc.orderNumber,
    channel: doc.channel,
    guestCount: doc.guestCount,
    orderNote: doc.orderNote,
    stationId: doc.stationId,
    firing: doc.firing,
    kind: doc.kind,
    lines: doc.lines,
    status: doc.status,
    priority: doc.priority,
    sentAt: doc.sentAt.toISOString(),
    paceStartAt: doc.paceStartAt.toISOString(),
    dueAt: doc.dueAt.toISOString(),
    receivedBy: doc.receivedBy,
    seenBy: doc.seenBy,
  };
  if (doc.tableName !== undefined) view.tableName = doc.tableName;
  if (doc.waiterName !== undefined) view.waiterName = doc.waiterName;
  if (doc.customerName !== undefined) view.customerName = doc.customerName;
  if (doc.pickupAt !== undefined) view.pickupAt = doc.pickupAt.toISOString();
  if (doc.parentTicketId !== undefined) view.parentTicketId = doc.parentTicketId;
  if (doc.movedFrom !== undefined) view.movedFrom = doc.movedFrom;
  if (doc.receivedAt !== undefined) view.receivedAt = doc.receivedAt.toISOString();
  if (doc.seenAt !== undefined) view.seenAt = doc.seenAt.toISOString();
  if (doc.alarmedAt !== undefined) view.alarmedAt = doc.alarmedAt.toISOString();
  if (doc.alarmEndedAt !== undefined) view.alarmEndedAt = doc.alarmEndedAt.toISOString();
  if (doc.startedAt !== undefined) view.startedAt = doc.startedAt.toISOString();
  if (doc.readyAt !== undefined) view.readyAt = doc.readyAt.toISOString();
  if (doc.doneAt !== undefined) view.doneAt = doc.doneAt.toISOString();
  return view;
}
