import { ObjectId } from 'mongodb';

/** An order of a restaurant, 300 bytes of BSON. */
export interface Order {
  _id: ObjectId;
  restaurant: number;
  number: number;
  status: string;
  updatedAt: Date;
  version: number;
  total: number;
  customer: { name: string; table: number };
  note: string;
}

export const STATUSES = ['open', 'sent', 'ready', 'paid'];
const RESTAURANTS = 100;
const NOTE = 'x'.repeat(127);

/** The secondary indexes that every write has to keep. */
export const INDEXES: readonly { key: Record<string, 1 | -1>; name: string }[] = [
  { key: { restaurant: 1, number: 1 }, name: 'by-number' },
  { key: { status: 1, updatedAt: -1 }, name: 'by-status' },
];

/** The `_id` of loaded order `i`; below those that drivers make, which begin with the time. */
export function idOf(i: number): ObjectId {
  return new ObjectId(i.toString(16).padStart(24, '0'));
}

export function order(i: number, id: ObjectId): Order {
  return {
    _id: id,
    restaurant: i % RESTAURANTS,
    number: Math.floor(i / RESTAURANTS),
    status: STATUSES[i % STATUSES.length] as string,
    updatedAt: new Date(1_700_000_000_000 + i * 1000),
    version: 1,
    // Spread, so that a sort by it has work to do.
    total: (i * 7919) % 1_000_003,
    customer: { name: `Customer ${String(i % 10_000).padStart(6, '0')}`, table: i % 40 },
    note: NOTE,
  };
}
