import type { Entry } from '../../src/runtime/journal.js';

/** An event as a restaurant's screens get it: an order of three lines, about 1.6 kB. */
export function sampleEntry(restaurantId: string, n: number): Entry {
  const line = (name: string, amount: number) => ({
    id: '65f0c0ffee0123456789abcd',
    itemId: '65f0c0ffee0123456789abce',
    name,
    quantity: 1,
    seat: 2,
    course: 1,
    status: 'fired',
    unitPrice: { amount, currency: 'EUR' },
    modifiers: [
      {
        groupId: '65f0c0ffee0123456789abcf',
        optionId: '65f0c0ffee0123456789abd0',
        name: 'Medium rare',
        price: { amount: 0, currency: 'EUR' },
      },
    ],
    note: '',
  });
  const order = {
    id: '65f0c0ffee0123456789abd1',
    number: n,
    channel: 'dine-in',
    status: 'open',
    stage: 'pending',
    tableId: '65f0c0ffee0123456789abd2',
    guestCount: 4,
    lines: [line('Sirloin steak', 2850), line('Pommes frites', 450), line('Glass of Rioja', 650)],
    totals: {
      subtotal: { amount: 3950, currency: 'EUR' },
      tax: { amount: 358, currency: 'EUR' },
      total: { amount: 3950, currency: 'EUR' },
    },
    version: 1,
  };
  return {
    _id: `${restaurantId}:${n}`,
    restaurantId,
    n,
    epoch: '5f1c09a2b3d4',
    at: new Date(),
    actor: { id: '65f0c0ffee0123456789abd3', name: 'Wanda Waiter' },
    operation: 'order:place',
    author: '65f0c0ffee0123456789abd3',
    key: String(n),
    fingerprint: '',
    reply: { status: 201, event: 0, field: 'order' },
    events: [
      {
        id: '65f0c0ffee0123456789abd4',
        seq: n,
        name: 'order:created',
        data: { order },
        rooms: ['all'],
        prev: { all: n - 1 },
      },
    ],
    last: n,
    touched: [],
  };
}
