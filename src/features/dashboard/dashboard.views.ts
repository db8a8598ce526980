import Joi from 'joi';
import { id, time, version } from '../../kernel/schema.js';
import { type AlertDoc, alertKinds, alertStatuses, type Resolution, resolutions } from './dashboard.model.js';

export interface AlertView {
  id: string;
  version: number;
  kind: AlertDoc['kind'];
  status: AlertDoc['status'];
  stationId?: string;
  stationName?: string;
  noScreen: boolean;
  ticketId?: string;
  orderId?: string;
  orderNumber?: number;
  tableName?: string;
  isFired?: boolean;
  openTickets?: number;
  itemId?: string;
  itemName?: string;
  staffId?: string;
  staffName?: string;
  orderNumbers?: number[];
  tableNames?: string[];
  waiterIds: string[];
  raisedAt: string;
  acknowledgedAt?: string;
  acknowledgedBy?: string;
  resolvedAt?: string;
  resolvedBy?: string;
  resolution?: Resolution;
}

export const alertView = Joi.object<AlertView, true>({
  id: id('the alert').required(),
  version,
  kind: Joi.string()
    .valid(...alertKinds)
    .required()
    .description(
      '`ticket_undelivered`: no screen has a ticket; `station_without_screen`: nobody sees its open tickets; `unrouted`: ' +
        'food that no station says it makes went to the first one; `routes_lost`: categories that a station made are gone ' +
        'from the menu; `staff_left`: open orders and tables of somebody who has left are to be handed over; `order_late`: ' +
        'a scheduled order went to the kitchen after its time or, hours after its pick-up, waits for somebody to decide',
    ),
  status: Joi.string()
    .valid(...alertStatuses)
    .required()
    .description('`acknowledged`: somebody looks after it'),
  stationId: id('the station').description('Id of the station; of all kinds but `staff_left` and `order_late`'),
  stationName: Joi.string().description('Station'),
  noScreen: Joi.boolean().required().description("Whether no screen of the station's was on line"),
  ticketId: id('the ticket'),
  orderId: id('its order'),
  orderNumber: Joi.number().integer().min(1).description("The order's number"),
  tableName: Joi.string().description('Table'),
  isFired: Joi.boolean().description('Of a late order: whether it is with the kitchen now'),
  openTickets: Joi.number().integer().min(1).description('Open tickets at the station'),
  itemId: id('the item that no route names'),
  itemName: Joi.string().description('Item'),
  staffId: id('who has left'),
  staffName: Joi.string().description('Who has left'),
  orderNumbers: Joi.array().items(Joi.number().integer()).description('Their open orders'),
  tableNames: Joi.array().items(Joi.string()).description('Tables that were theirs or have an open order of theirs'),
  waiterIds: Joi.array().items(id('a waiter')).required().description('Whose orders it is about'),
  raisedAt: time('When it was raised').required(),
  acknowledgedAt: time('When somebody took it on'),
  acknowledgedBy: id('who did'),
  resolvedAt: time('When it was over'),
  resolvedBy: id('who said so, if somebody did'),
  resolution: Joi.string()
    .valid(...resolutions)
    .description(
      'Why it is over: a screen has the ticket, it is needed no more, a screen is back, a route is set, or by hand',
    ),
}).meta({ typeName: 'Alert' });

export function viewAlert(doc: AlertDoc): AlertView {
  const { _id, version: count, restaurantId: _, createdAt: __, updatedAt: ___, ...rest } = doc;
  const { raisedAt, acknowledgedAt, resolvedAt, ...plain } = rest;
  return {
    id: _id,
    version: count,
    ...plain,
    raisedAt: raisedAt.toISOString(),
    ...(acknowledgedAt && { acknowledgedAt: acknowledgedAt.toISOString() }),
    ...(resolvedAt && { resolvedAt: resolvedAt.toISOString() }),
  };
}

export const exampleAlert: AlertView = {
  id: '6740f1c2a1b2c3d4e5000081',
  version: 1,
  kind: 'ticket_undelivered',
  status: 'open',
  stationId: '6740f1c2a1b2c3d4e5000061',
  stationName: 'Hot kitchen',
  noScreen: true,
  ticketId: '6740f1c2a1b2c3d4e5000062',
  orderId: '6740f1c2a1b2c3d4e5000001',
  orderNumber: 17,
  tableName: '12',
  waiterIds: ['6740f1c2a1b2c3d4e5000091'],
  raisedAt: '2026-11-21T19:30:10.000Z',
};
