import type { Contract, Operation } from './contract.js';
import { Caller } from './wire.js';

export const roles = ['owner', 'manager', 'waiter', 'kitchen', 'cashier', 'host'] as const;
export type Role = (typeof roles)[number];

/** A restaurant with somebody of each role in it, and one of most things. */
export interface House {
  /** Stands in every text of it. */
  marker: string;
  people: Record<Role, Caller>;
  permissions: Record<Role, ReadonlySet<string>>;
  refreshToken: string;
  /** Ids of its things. */
  ids: readonly string[];
}

const PASSWORD = 'seven lamps above the pass';
const EUR = (amount: number) => ({ amount, currency: 'EUR' });

interface LogIn {
  accessToken: string;
  refreshToken: string;
  user: { id: string; permissions: string[] };
}

export async function openHouse(contract: Contract, url: string, marker: string): Promise<House> {
  const named = new Map(contract.operations.map((operation) => [operation.name, operation]));
  const must = async <T = { id: string }>(caller: Caller, name: string, input: object): Promise<T> => {
    const answer = await caller.rest(named.get(name) as Operation, input);
    if (answer.status >= 300) throw new Error(`${name}: ${answer.status} ${answer.text}`);
    return answer.body?.data as T;
  };
  const nobody = new Caller(url, undefined);
  const address = (who: string) => `${who}.${marker.toLowerCase()}@example.com`;
  const signed = await must<{ restaurant: { id: string }; owner: { id: string } }>(nobody, 'restaurant:sign-up', {
    restaurant: { name: `House ${marker}`, currency: 'EUR', timeZone: 'Europe/Paris', locale: 'fr-FR' },
    owner: { name: `Owner ${marker}`, email: address('owner'), password: PASSWORD },
  });
  const logIn = (who: string) => must<LogIn>(nobody, 'auth:login', { email: address(who), password: PASSWORD });
  const first = await logIn('owner');
  const owner = new Caller(url, first.accessToken);
  const people: Partial<House['people']> = { owner };
  const permissions: Partial<House['permissions']> = { owner: new Set(first.user.permissions) };
  const ids = [signed.restaurant.id, signed.owner.id];
  for (const role of roles.slice(1)) {
    const account = { name: `${role} ${marker}`, role, email: address(role), password: PASSWORD };
    ids.push((await must(owner, 'staff:create', account)).id);
    const { accessToken, user } = await logIn(role);
    people[role] = new Caller(url, accessToken);
    permissions[role] = new Set(user.permissions);
  }
  const made = async (name: string, input: object) => {
    const { id } = await must(owner, name, input);
    ids.push(id);
    return id;
  };
  const sectionId = await made('section:create', { name: `Room ${marker}` });
  const tableId = await made('table:create', { name: 'T1', sectionId, seats: 4, x: 1, y: 1 });
  const categoryId = await made('menu:create-category', { name: `Mains ${marker}`, taxClass: 'standard' });
  const options = [{ name: `Rare ${marker}` }];
  const group = await made('menu:create-modifier-group', { name: `Choice ${marker}`, min: 0, max: 1, options });
  const dish = { name: `Dish ${marker}`, categoryId, price: EUR(900), modifierGroupIds: [group] };
  const itemId = await made('menu:create-item', dish);
  await made('station:create', { name: `Grill ${marker}`, isDefault: true });
  await made('device:pair', { name: `Tablet ${marker}`, kind: 'waiter' });
  const lines = [{ itemId, note: `Note ${marker}` }];
  const order = await must<{ id: string; lines: { id: string }[] }>(owner, 'order:place', {
    ...{ channel: 'dine-in', tableId, guestCount: 2, note: `Order ${marker}`, lines },
  });
  ids.push(order.id, ...order.lines.map(({ id }) => id));
  const tickets = await must<{ id: string }[] | { items: { id: string }[] }>(owner, 'ticket:list', {});
  ids.push(...(Array.isArray(tickets) ? tickets : tickets.items).map(({ id }) => id));
  const everybody = { people: people as House['people'], permissions: permissions as House['permissions'] };
  return { marker, ...everybody, refreshToken: first.refreshToken, ids };
}
