import type { StationView, TicketView } from './kitchen.views.js';

/** The station and the ticket that the documents show. */
export const stationId = '6740f1c2a1b2c3d4e5000061';
export const ticketId = '6740f1c2a1b2c3d4e5000062';
export const lineId = '6740f1c2a1b2c3d4e5000041';
export const itemId = '6740f1c2a1b2c3d4e5000011';

export const exampleStation: StationView = {
  id: stationId,
  version: 1,
  name: 'Hot kitchen',
  kind: 'prep',
  position: 1,
  routes: { categoryIds: ['6740f1c2a1b2c3d4e5000021'], itemIds: [itemId] },
  isDefault: true,
  targetSeconds: 600,
  lateSeconds: 900,
};

export const exampleTicket: TicketView = {
  id: ticketId,
  version: 2,
  orderId: '6740f1c2a1b2c3d4e5000001',
  orderNumber: 17,
  tableName: '12',
  waiterName: 'Mara Lind',
  channel: 'dine-in',
  guestCount: 2,
  orderNote: 'Seat 1 must not have celery',
  stationId,
  firing: 1,
  kind: 'new',
  lines: [
    {
      lineId,
      itemId,
      name: 'Tomato soup',
      modifiers: [],
      quantity: 2,
      seat: 1,
      course: 1,
      note: '',
      allergens: ['milk'],
      change: 'add',
      status: 'queued',
    },
  ],
  status: 'queued',
  priority: 0,
  sentAt: '2026-11-21T19:30:00.000Z',
  paceStartAt: '2026-11-21T19:30:00.000Z',
  dueAt: '2026-11-21T19:35:00.000Z',
  receivedAt: '2026-11-21T19:30:00.120Z',
  receivedBy: ['6740f1c2a1b2c3d4e5000071'],
  seenBy: [],
};
