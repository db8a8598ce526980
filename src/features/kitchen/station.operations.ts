import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import type { Reads } from '../../kernel/documents.js';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import { folded, id, type Nothing, nothing } from '../../kernel/schema.js';
import { deviceChanged, unbindScreens } from '../auth/index.js';
import { menuCategories, menuItems } from '../menu/index.js';
import { stationsUpdated } from './kitchen.events.js';
import { exampleStation, stationId } from './kitchen.examples.js';
import { openStatuses, type StationDoc, stations, tickets } from './kitchen.model.js';
import {
  isDefault,
  lateSeconds,
  position,
  routes,
  type StationView,
  stationKind,
  stationName,
  stationView,
  targetSeconds,
  viewStation,
} from './kitchen.views.js';

/** The stations by position. */
export async function listOf(reads: Reads): Promise<StationView[]> {
  const all = await reads.all(stations);
  return [...all].sort((one, other) => one.position - other.position).map(viewStation);
}

export const listStations = query<Nothing, StationView[]>({
  name: 'station:list',
  summary: 'The stations of the kitchen',
  rest: { method: 'get', path: '/stations' },
  permission: 'kitchen:read',
  limit: 'read',
  input: nothing,
  cache: { ttl: 3600, tags: [stations] },
  output: Joi.array().items(stationView).required().description('By position'),
  page: { key: ({ position: at, name, id: stationId }) => [at, name, stationId] },
  example: { input: {}, output: [exampleStation] },
  handle: listOf,
});

type StationContent = Pick<
  StationDoc,
  'name' | 'kind' | 'position' | 'routes' | 'isDefault' | 'targetSeconds' | 'lateSeconds'
>;

export const createStation = command<StationContent, StationView>({
  name: 'station:create',
  summary: 'Add a station',
  description:
    'Items go to the station that names them, else to the one that names their category, else to the default, else to the ' +
    'first station, with an alert. A station of kind `none` takes what needs nobody: it is ready at once.',
  rest: { method: 'post', path: '/stations', status: 201 },
  permission: 'kitchen:write',
  limit: 'write',
  input: Joi.object<StationContent, true>({
    name: stationName.required(),
    kind: stationKind.default('prep'),
    position: position.default(0),
    routes: routes.default({ categoryIds: [], itemIds: [] }),
    isDefault: isDefault.default(false),
    targetSeconds: targetSeconds.default(600),
    lateSeconds: lateSeconds.default(900),
  }),
  output: stationView,
  emits: [stationsUpdated],
  example: {
    input: {
      name: 'Hot kitchen',
      kind: 'prep',
      position: 1,
      routes: exampleStation.routes,
      isDefault: true,
      targetSeconds: 600,
      lateSeconds: 900,
    },
    output: exampleStation,
  },
  async handle(ctx) {
    await checkContent(ctx, ctx.input);
    const former = ctx.input.isDefault ? await withoutDefault(ctx) : [];
    const view = viewStation(ctx.insert(stations, { _id: newId(), ...ctx.input }));
    ctx.publish(stationsUpdated, { stations: [view, ...former], removedStationIds: [] });
    return view;
  },
});

interface OneStation {
  stationId: string;
}

export const updateStation = command<OneStation & Partial<StationContent>, StationView>({
  name: 'station:update',
  summary: 'Change a station',
  description: 'Tickets that are there already stay where they are.',
  rest: { method: 'patch', path: '/stations/:stationId' },
  permission: 'kitchen:write',
  limit: 'write',
  input: Joi.object<OneStation & Partial<StationContent>, true>({
    stationId: id('the station').required(),
    name: stationName,
    kind: stationKind,
    position,
    routes,
    isDefault,
    targetSeconds,
    lateSeconds,
  }).or('name', 'kind', 'position', 'routes', 'isDefault', 'targetSeconds', 'lateSeconds'),
  output: stationView,
  emits: [stationsUpdated],
  example: { input: { stationId, targetSeconds: 600 }, output: exampleStation },
  async handle(ctx) {
    const { stationId: _, ...changes } = ctx.input;
    const before = await ctx.get(stations, ctx.input.stationId);
    checkVersion(ctx.expectedVersion, before, viewStation(before));
    const after = { ...before, ...changes };
    await checkContent(ctx, after);
    if (before.kind === 'prep' && after.kind !== 'prep') await checkNothingOpen(ctx, before);
    const former = after.isDefault && !before.isDefault ? await withoutDefault(ctx) : [];
    const view = viewStation(ctx.save(stations, after));
    ctx.publish(stationsUpdated, { stations: [view, ...former], removedStationIds: [] });
    return view;
  },
});

export const deleteStation = command<OneStation, StationView>({
  name: 'station:delete',
  summary: 'Remove a station that has no open tickets',
  description: 'Screens bound to it are bound to it no more. Its bumped tickets cannot be recalled then.',
  rest: { method: 'delete', path: '/stations/:stationId' },
  permission: 'kitchen:write',
  limit: 'write',
  input: Joi.object<OneStation, true>({ stationId: id('the station').required() }),
  output: stationView,
  emits: [stationsUpdated, deviceChanged],
  example: { input: { stationId }, output: exampleStation },
  async handle(ctx) {
    const station = await ctx.get(stations, ctx.input.stationId);
    checkVersion(ctx.expectedVersion, station, viewStation(station));
    await checkNothingOpen(ctx, station);
    ctx.remove(stations, station);
    await unbindScreens(ctx, station._id);
    ctx.publish(stationsUpdated, { stations: [], removedStationIds: [station._id] });
    return viewStation(station);
  },
});

/** @throws conflict naming how many tickets would stand at no station */
async function checkNothingOpen(ctx: UnitContext, { _id, name }: StationDoc): Promise<void> {
  const open = await ctx.find(tickets, { stationId: _id, status: { $in: openStatuses } });
  if (open.length === 0) return;
  const numbers = [...new Set(open.map(({ orderNumber }) => orderNumber))].slice(0, 10).join(', ');
  throw fail('conflict', `${name} has ${open.length} open tickets (of order ${numbers}): bump them first`);
}

/** What a schema cannot see. @throws validation_failed, duplicate */
async function checkContent(ctx: Reads, station: StationContent & { _id?: string }): Promise<void> {
  const { name, kind, targetSeconds: target, lateSeconds: late } = station;
  if (late < target) throw invalid('lateSeconds', 'must not be below targetSeconds');
  if (kind === 'expo' && station.isDefault) throw invalid('isDefault', 'an expo makes nothing');
  const others = (await ctx.all(stations)).filter((other) => other._id !== station._id);
  if (others.some((other) => folded(other.name) === folded(name)))
    throw fail('duplicate', `There is a station ${name} already`, { errors: [{ field: 'name', message: 'is taken' }] });
  for (const [index, categoryId] of station.routes.categoryIds.entries()) {
    if ((await ctx.lookup(menuCategories, categoryId)) === undefined)
      throw invalid(`routes.categoryIds.${index}`, 'is no category of this menu');
  }
  for (const [index, itemId] of station.routes.itemIds.entries()) {
    if ((await ctx.lookup(menuItems, itemId)) === undefined)
      throw invalid(`routes.itemIds.${index}`, 'is no item of this menu');
  }
}

/** Takes the default from the station that has it. */
async function withoutDefault(ctx: UnitContext): Promise<StationView[]> {
  const former = (await ctx.all(stations)).filter((station) => station.isDefault);
  return former.map((station) => viewStation(ctx.save(stations, { ...station, isDefault: false })));
}
