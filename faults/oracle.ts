import type { Operations, Order } from '@brigade/client';
import type { mongo } from 'mongoose';
import type { Answered } from '../simulate/tally.js';

interface JournalEvent {
  seq: number;
  name: string;
  data: unknown;
}

interface JournalEntry {
  _id: string;
  restaurantId: string;
  n: number;
  author: string;
  key: string;
  last: number;
  operation: string;
  events: JournalEvent[];
}

interface Head {
  _id: string;
  n: number;
  seq: number;
}

const journalOf = (db: mongo.Db) => db.collection<JournalEntry>('journal');
const headsOf = (db: mongo.Db) => db.collection<Head>('journalHeads');

/** Entries in all journals together. */
export async function journalHeadsOf(db: mongo.Db): Promise<number> {
  const heads = await headsOf(db).find().toArray();
  return heads.reduce((sum, { n }) => sum + n, 0);
}

/** Everything the committed entries themselves must be; each finding is a sentence. */
export async function judgeJournal(
  db: mongo.Db,
  restaurantId: string,
  answered: readonly Answered[],
): Promise<string[]> {
  const entries = await journalOf(db).find({ restaurantId }).sort({ n: 1 }).toArray();
  const head = await headsOf(db).findOne({ _id: restaurantId });
  return [
    ...gaps(entries, head),
    ...unrecorded(entries, answered),
    ...repeatedKeys(entries),
    ...portions(entries),
    ...money(entries),
  ];
}

/** Entries and events are numbered one by one from 1, up to the head. */
function gaps(entries: readonly JournalEntry[], head: Head | null): string[] {
  const found: string[] = [];
  let n = 0;
  let seq = 0;
  for (const entry of entries) {
    n += 1;
    if (entry.n !== n) return [...found, `entry ${entry._id} follows entry ${n - 1}`];
    for (const event of entry.events) {
      seq += 1;
      if (event.seq !== seq) return [...found, `event ${event.seq} of entry ${n} follows event ${seq - 1}`];
    }
    if (entry.last !== seq) found.push(`entry ${n} says that event ${entry.last} is the last, and ${seq} is`);
  }
  if (head?.n !== n || head.seq !== seq)
    found.push(`the head says ${head?.n}/${head?.seq}, the journal ends at ${n}/${seq}`);
  return found;
}

/** Commands that always change something; of others an acknowledgement may mean that there was nothing to do. */
const CHANGING = new Set(['order:place', 'order:add-lines', 'order:repeat', 'order:complete', 'order:void-line']);

function unrecorded(entries: readonly JournalEntry[], answered: readonly Answered[]): string[] {
  const keys = new Set(entries.map(({ author, key }) => `${author} ${key}`));
  return answered
    .filter(({ author, key, name }) => CHANGING.has(name) && !keys.has(`${author} ${key}`))
    .map(({ key, name }) => `${name} (key ${key}) was acknowledged and is not in the journal`);
}

function repeatedKeys(entries: readonly JournalEntry[]): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { author, key, n } of entries) {
    const name = `${author} ${key}`;
    if (seen.has(name)) found.push(`entry ${n} repeats the key ${key}`);
    seen.add(name);
  }
  return found;
}

/** Entry by entry: what the orders took of a counted item is what the item lost. */
function portions(entries: readonly JournalEntry[]): string[] {
  const found: string[] = [];
  const taken = new Map<string, ReadonlyMap<string, number>>();
  const remaining = new Map<string, number | undefined>();
  for (const entry of entries) {
    const lost = new Map<string, number>();
    for (const order of ordersIn(entry)) {
      for (const [itemId, quantity] of taken.get(order.id) ?? []) add(lost, itemId, -quantity);
      const now = takenBy(order);
      for (const [itemId, quantity] of now) add(lost, itemId, quantity);
      taken.set(order.id, now);
    }
    const counts = new Map(itemsIn(entry).map((item) => [item.id, item.remaining]));
    if (entry.operation.startsWith('order:')) {
      for (const [itemId, quantity] of lost) {
        const before = remaining.get(itemId);
        if (quantity === 0 || before === undefined) continue;
        const after = counts.has(itemId) ? counts.get(itemId) : before;
        if (after !== before - quantity)
          found.push(
            `entry ${entry.n} (${entry.operation}) took ${quantity} of item ${itemId}: ${before} became ${after}`,
          );
      }
    }
    for (const [itemId, count] of counts) remaining.set(itemId, count);
  }
  return found;
}

function takenBy({ lines }: Order): Map<string, number> {
  const quantities = new Map<string, number>();
  for (const { itemId, quantity, status } of lines) if (status !== 'cancelled') add(quantities, itemId, quantity);
  return quantities;
}

const add = (sums: Map<string, number>, key: string, amount: number): void =>
  void sums.set(key, (sums.get(key) ?? 0) + amount);

/** Each order that an entry shows, as it is after the entry. */
function ordersIn({ events }: JournalEntry): Order[] {
  const orders = new Map<string, Order>();
  for (const { data } of events) {
    const { order } = data as { order?: Order };
    if (order?.lines !== undefined) orders.set(order.id, order);
  }
  return [...orders.values()];
}

type Item = Operations['menu:set-availability']['output'];

function itemsIn({ events }: JournalEntry): Item[] {
  return events
    .filter(({ name }) => name === 'menu:availability-changed')
    .map(({ data }) => (data as { item: Item }).item);
}

/** No cent appears or goes: an order is the sum of its lines, in the journal's last word on it. */
function money(entries: readonly JournalEntry[]): string[] {
  const orders = new Map<string, Order>();
  for (const entry of entries) for (const order of ordersIn(entry)) orders.set(order.id, order);
  const found: string[] = [];
  for (const { number, lines, totals, pricesIncludeTax } of orders.values()) {
    const billed = lines.filter(({ status }) => status !== 'cancelled' && status !== 'voided');
    const subtotal = billed.reduce((sum, { total }) => sum + total.amount, 0);
    const taxes = totals.taxes.reduce((sum, { amount }) => sum + amount.amount, 0);
    const total = pricesIncludeTax ? subtotal : subtotal + taxes;
    if (totals.subtotal.amount !== subtotal || totals.total.amount !== total)
      found.push(`order ${number}: lines make ${total}, the order says ${totals.total.amount}`);
  }
  return found;
}
