import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { demoFloor, demoTables } from '../features/floor/index.js';
import { demoMenu } from '../features/menu/index.js';
import { restaurants } from '../features/restaurants/index.js';
import { findByEmail } from '../features/staff/index.js';
import { features } from '../features.js';
import { type Actor, anonymous } from '../kernel/context.js';
import { BrigadeError } from '../kernel/errors.js';
import { permissionNames } from '../kernel/permissions.js';
import { modelOf } from '../platform/model.js';
import { acrossRestaurants } from '../platform/tenancy.js';
import type { Execute } from '../runtime/execute.js';
import {
  DEMO_PASSWORD,
  type DemoPerson,
  demoDevices,
  demoOwner,
  demoRestaurant,
  demoSectionWaiters,
  demoStaff,
  demoStations,
} from './house.js';

/** What there is to log in to the demo restaurant with. */
export interface DemoLogins {
  restaurant: string;
  people: readonly DemoPerson[];
  devices: readonly { name: string; kind: string; token: string }[];
}

interface Made {
  id: string;
}
type Ask = <T>(name: string, input: object, key?: string) => Promise<T>;

const operations = new Map(features.flatMap((feature) => feature.operations).map((one) => [one.name as string, one]));

/** The name until all is there, so that a start after an interrupted one sees that it has to go on. */
const UNFINISHED = `${demoRestaurant.name} (being set up)`;

/**
 * Makes the demo restaurant on an empty database, by the same operations that anybody would use. Each has a key of its
 * own, so a seeding that was interrupted goes on where it stopped. Whether there is anything to do costs one query.
 */
export async function seedDemo({ execute }: { execute: Execute }): Promise<void> {
  const name = await firstRestaurant();
  if (name === undefined || name === UNFINISHED) await seed(execute);
}

async function firstRestaurant(): Promise<string | undefined> {
  const first = await acrossRestaurants('whether there is any restaurant', () =>
    modelOf(restaurants).findOne({}, { name: 1 }).sort({ _id: 1 }).lean().exec(),
  );
  return (first as { name: string } | null)?.name;
}

async function seed(execute: Execute): Promise<void> {
  const { owner, restaurant } = await by(execute, anonymous)<{ owner: Made; restaurant: Made }>(
    'restaurant:sign-up',
    {
      restaurant: { ...demoRestaurant, name: UNFINISHED },
      owner: { name: demoOwner.name, email: demoOwner.email, password: DEMO_PASSWORD },
    },
    'sign-up',
  );
  const ask = by(execute, ownerActor(owner.id, restaurant.id));
  const [staff] = await Promise.all([
    hire(ask),
    ask('menu:import', { mode: 'replace', menu: demoMenu }, 'menu'),
    ask('staff:set-pin', { staffId: owner.id, pin: demoOwner.pin, currentPassword: DEMO_PASSWORD }, 'owner-pin'),
  ]);
  await Promise.all([layTables(ask, staff), equipKitchen(ask)]);
  await ask('restaurant:update', { name: demoRestaurant.name }, 'finished');
}

async function hire(ask: Ask): Promise<ReadonlyMap<string, string>> {
  const hired = demoStaff.map(async (person): Promise<[string, string]> => {
    const { id } = await ask<Made>('staff:create', { ...person, password: DEMO_PASSWORD }, `staff:${person.email}`);
    return [person.email, id];
  });
  return new Map(await Promise.all(hired));
}

async function layTables(ask: Ask, staff: ReadonlyMap<string, string>): Promise<void> {
  const made = demoFloor.sections.map(async (section, index): Promise<[string, string]> => {
    const { id } = await ask<Made>('section:create', section, `section:${index}`);
    return [section.name, id];
  });
  const sections = new Map(await Promise.all(made));
  await Promise.all(demoTables(sections).map((table) => ask('table:create', table, `table:${table.name}`)));
  const assigned = [...sections].map(([name, sectionId]) => {
    const waiterId = staff.get(demoSectionWaiters[name] ?? '');
    return waiterId === undefined ? [] : [ask('section:assign', { sectionId, waiterId }, `assign:${sectionId}`)];
  });
  await Promise.all(assigned.flat());
}

interface Menu {
  categories: { id: string; code?: string }[];
  items: { id: string; name: string }[];
}

async function equipKitchen(ask: Ask): Promise<void> {
  const menu = await ask<Menu>('menu:get', {});
  const stations = new Map<string, string>();
  const made = demoStations.map(async ({ name, categories, items, ...station }, position) => {
    const routes = {
      categoryIds: menu.categories
        .filter(({ code }) => code !== undefined && categories.includes(code))
        .map(({ id }) => id),
      itemIds: menu.items.filter((item) => items.includes(item.name)).map(({ id }) => id),
    };
    const { id } = await ask<Made>('station:create', { ...station, name, position, routes }, `station:${position}`);
    stations.set(name, id);
  });
  await Promise.all(made);
  const paired = demoDevices.map(({ name, kind, station }, index) => {
    const stationId = stations.get(station ?? '');
    return ask(
      'device:pair',
      { name, kind, stationIds: stationId === undefined ? [] : [stationId] },
      `device:${index}`,
    );
  });
  await Promise.all(paired);
}

/** The log-ins of the demo restaurant, or undefined when the database holds another. */
export async function demoLogins({ execute }: { execute: Execute }): Promise<DemoLogins | undefined> {
  const owner = await findByEmail(demoOwner.email);
  if (owner === undefined) return undefined;
  const ask = by(execute, ownerActor(owner._id, owner.restaurantId));
  const [{ name }, staff, devices] = await Promise.all([
    ask<{ name: string }>('restaurant:get', {}),
    ask<{ email?: string }[]>('staff:list', { active: true }),
    ask<{ id: string; name: string; kind: string }[]>('device:list', {}),
  ]);
  const addresses = new Set(staff.map(({ email }) => email));
  const withTokens = devices.map(async ({ id, ...device }) => {
    const { deviceToken: token } = await ask<{ deviceToken: string }>('device:token', { deviceId: id });
    return { name: device.name, kind: device.kind, token };
  });
  return {
    restaurant: name,
    people: [demoOwner, ...demoStaff].filter(({ email }) => addresses.has(email)),
    devices: await Promise.all(withTokens),
  };
}

/** The owner, without a session: nobody has logged in. */
function ownerActor(userId: string, restaurantId: string): Actor {
  const { name } = demoOwner;
  const permissions = new Set(permissionNames);
  return { kind: 'staff', userId, name, restaurantId, role: 'owner', permissions, sessionId: '', stationIds: [] };
}

function by(execute: Execute, actor: Actor): Ask {
  return async <T>(name: string, input: object, key?: string): Promise<T> => {
    const operation = operations.get(name);
    if (operation === undefined) throw new Error(`No operation ${name}`);
    const idempotency = key === undefined ? undefined : `demo:${key}`;
    const call = { operation, input, actor, requestId: randomUUID(), ip: 'demo', key: idempotency, uncounted: true };
    return (await patiently(() => execute(call))).data as T;
  };
}

/** A start may meet a database that is just coming up, or what another process left when it was killed. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof BrigadeError && error.code === 'unavailable';
      if (!passes || performance.now() > deadline) throw error;
      await setTimeout((error.details.retryAfter ?? 1) * 1000);
    }
  }
}

const PATIENCE_MS = 30_000;
