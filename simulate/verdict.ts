import { isDeepStrictEqual } from 'node:util';
import type { Operations, Order } from '@brigade/client';
import { type Applied, type Comparison, compare } from './ledger.js';
import { Rest } from './rest.js';
import type { Screen } from './screen.js';
import type { Tally } from './tally.js';
import { polled, sleep } from './waits.js';

type Snapshot = Operations['sync:snapshot']['output'];
type Page = Operations['sync:since']['output'];

/** A screen that has not caught up by then never will: what it misses counts as lost. */
const CATCH_UP_MS = 20_000;

export interface ScreenVerdict extends Comparison {
  screen: Screen;
  delivered: number;
  /** The events that the journal holds for it. */
  expected: readonly Applied[];
  /** What is not as in the database, for instance `orders 66f1...`. */
  differing: string[];
}

/** Nobody has anything on its way, and every screen is at the head of what it may see. */
export async function atRest(screens: readonly Screen[], url: string): Promise<void> {
  await Promise.race([Promise.all(screens.map((screen) => isAtHead(screen, url))), sleep(CATCH_UP_MS)]);
}

async function isAtHead(screen: Screen, url: string): Promise<void> {
  const { client, name } = screen;
  const rest = new Rest(url, screen.session.token);
  const { epoch } = await rest.get<Snapshot>('/sync/snapshot');
  await polled(`${name} to be up to date`, 50, async () => {
    if (client.pending.length > 0 || !client.upToDate) return undefined;
    const page = await rest.get<Page>(since(epoch, client.position));
    return !page.reset && page.events.length === 0 && !page.more ? true : undefined;
  });
}

const since = (epoch: string, seq: number): string => `/sync/since?epoch=${epoch}&seq=${seq}&limit=300`;

/** Compares a screen's replicas with the database, and the events it applied with the journal. */
export async function judge(screen: Screen, url: string): Promise<ScreenVerdict> {
  const rest = new Rest(url, screen.session.token);
  const { epoch, replicas } = await rest.get<Snapshot>('/sync/snapshot');
  const expected = await journalFor(rest, epoch, screen.ledger.first);
  const { applied } = screen.ledger;
  return {
    ...compare(applied, expected),
    screen,
    delivered: applied.length,
    expected,
    differing: differences(replicas as Record<string, { id: string }[]>, screen),
  };
}

async function journalFor(rest: Rest, epoch: string, first: number): Promise<Applied[]> {
  const events: Applied[] = [];
  for (let seq = first; ; ) {
    const page = await rest.get<Page>(since(epoch, seq));
    if (page.reset) throw new Error(`The journal does not reach back to ${first}`);
    events.push(...page.events.map((event) => ({ seq: event.seq, name: event.name })));
    if (!page.more) return events;
    seq = page.position;
  }
}

function differences(replicas: Readonly<Record<string, readonly { id: string }[]>>, { state }: Screen): string[] {
  const found: string[] = [];
  for (const [name, items] of Object.entries(replicas)) {
    const copy = (state as Record<string, ReadonlyMap<string, { id: string }> | undefined>)[name];
    const there = new Set(items.map(({ id }) => id));
    for (const item of items) if (!isDeepStrictEqual(copy?.get(item.id), item)) found.push(`${name} ${item.id}`);
    for (const id of copy?.keys() ?? []) if (!there.has(id)) found.push(`${name} ${id} (gone)`);
  }
  return found;
}

export interface OrdersVerdict {
  missing: string[];
  twice: string[];
}

/** Every order that was acknowledged is there, as new as acknowledged; and every intention made one order. */
export async function judgeOrders(manager: Screen, url: string, tally: Tally): Promise<OrdersVerdict> {
  const found = (await allOrders(new Rest(url, manager.session.token))).filter(({ note }) => tally.isMark(note));
  const byId = new Map(found.map((order) => [order.id, order]));
  const missing = [...tally.orders.values()]
    .filter(({ id, version, mark }) => {
      const order = byId.get(id);
      return order === undefined || order.version < version || order.note !== mark;
    })
    .map(({ id, mark }) => `${mark} (${id})`);
  const twice = repeated(found.map(({ note }) => note));
  return {
    missing,
    twice: [...twice, ...repeated(found.map(({ businessDay, number }) => `${businessDay} #${number}`))],
  };
}

async function allOrders(rest: Rest): Promise<Order[]> {
  const orders: Order[] = [];
  for (let cursor = ''; ; ) {
    const page = await rest.get<Operations['order:list']['output']>(`/orders?limit=200${cursor}`);
    orders.push(...page.items);
    if (page.nextCursor === undefined) return orders;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
}
