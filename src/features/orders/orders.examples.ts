import type { OrderView } from './orders.views.js';

/** The order that the documents show: two dishes at a table, one of them ready. */
export const orderId = '6740f1c2a1b2c3d4e5000001';
export const tableId = '6740f1c2a1b2c3d4e5000002';
export const waiterId = '6740f1c2a1b2c3d4e5000003';
export const soupId = '6740f1c2a1b2c3d4e5000011';
export const steakId = '6740f1c2a1b2c3d4e5000012';
const starters = '6740f1c2a1b2c3d4e5000021';
const mains = '6740f1c2a1b2c3d4e5000022';
export const cooking = { groupId: '6740f1c2a1b2c3d4e5000031', optionId: '6740f1c2a1b2c3d4e5000032', quantity: 1 };
export const soupLine = '6740f1c2a1b2c3d4e5000041';
export const steakLine = '6740f1c2a1b2c3d4e5000042';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const addedBy = { id: waiterId, name: 'Mara Lind' };

export const exampleOrder: OrderView = {
  id: orderId,
  version: 3,
  number: 17,
  businessDay: '2026-11-21',
  channel: 'dine-in',
  status: 'open',
  stage: 'ready',
  tableId,
  waiterId,
  guestCount: 2,
  note: 'Seat 1 must not have celery',
  currency: 'EUR',
  pricesIncludeTax: true,
  lines: [
    {
      id: soupLine,
      itemId: soupId,
      categoryId: starters,
      name: 'Tomato soup',
      modifiers: [],
      quantity: 2,
      unitPrice: eur(650),
      total: eur(1300),
      taxClass: 'food',
      ratePpm: 100_000,
      seat: 1,
      course: 1,
      status: 'ready',
      note: '',
      allergens: ['milk'],
      traces: [],
      prepSeconds: 300,
      firing: 1,
      firedAt: '2026-11-21T19:30:00.000Z',
      readyAt: '2026-11-21T19:36:00.000Z',
      addedBy,
    },
    {
      id: steakLine,
      itemId: steakId,
      categoryId: mains,
      name: 'Rib eye',
      modifiers: [{ ...cooking, name: 'Medium rare', price: eur(0) }],
      quantity: 1,
      unitPrice: eur(2890),
      total: eur(2890),
      taxClass: 'food',
      ratePpm: 100_000,
      seat: 2,
      course: 2,
      status: 'held',
      note: 'sauce apart',
      allergens: [],
      traces: [],
      prepSeconds: 900,
      addedBy,
    },
  ],
  totals: {
    subtotal: eur(4190),
    taxes: [{ code: 'food', ratePpm: 100_000, base: eur(4190), amount: eur(381) }],
    total: eur(4190),
  },
  openedAt: '2026-11-21T19:30:00.000Z',
};
