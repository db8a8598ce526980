import Joi from 'joi';
import type { Actor, CommandContext } from '../src/kernel/context.js';
import type { Doc } from '../src/kernel/documents.js';
import { newId } from '../src/kernel/ids.js';
import { command } from '../src/kernel/operation.js';
import { permissionsOf } from '../src/kernel/permissions.js';
import { type Plan, quota } from '../src/kernel/plan.js';
import { model } from '../src/platform/model.js';
import { type Brigade, type House, openHouse, startBrigade, transports } from './harness/index.js';

interface Ball extends Doc {
  state: 'up' | 'down';
}

/** At most three in the air, read by id like orders. */
const balls = model<Ball>({
  collection: 'test_balls',
  title: 'ball',
  hold: 'recent',
  quota: quota('balls in the air', 3, { field: 'state', values: ['up'] }),
  fields: { state: String },
});

let brigade: Brigade;
let house: House;
beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
});
afterAll(() => brigade?.stop());

const actor = ({ owner, restaurantId }: House, plan: Plan): Actor => ({
  ...{ kind: 'staff', userId: owner.userId, name: 'Owner', restaurantId, role: 'owner', plan },
  ...{ permissions: permissionsOf('owner'), sessionId: '', stationIds: [] },
});

function attempt(handle: (context: CommandContext<object>) => unknown, where = house, plan: Plan = 'standard') {
  const operation = command<object, object>({
    ...{ name: 'test:juggle', summary: 'Juggle', rest: { method: 'post', path: '/juggle' } },
    ...{ permission: 'authenticated', limit: 'write', emits: [] },
    input: Joi.object<object, true>({}),
    output: Joi.object().unknown(),
    example: { input: {}, output: {} },
    handle: async (context) => ({ id: await handle(context) }),
  });
  const call = { operation, input: {}, actor: actor(where, plan), requestId: newId(), ip: '192.0.2.1' };
  return brigade.app.execute(call).then(
    ({ data }) => (data as { id?: string }).id ?? 'done',
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  );
}
const throwUp = ({ insert }: CommandContext<object>) => insert(balls, { _id: newId(), state: 'up' })._id;
const move = (id: string, state: Ball['state']) => async (ctx: CommandContext<object>) =>
  ctx.save(balls, { ...(await ctx.get(balls, id)), state })._id;
const full = (most: number, plan = 'standard') =>
  `conflict: A restaurant on the plan ${plan} has at most ${most} balls in the air`;

it('ten at once for a quota of three: three; it is the restaurant’s, the plan’s, and of what counts only', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => attempt(throwUp)));
  const made = answers.filter((answer) => !answer.startsWith('conflict'));
  expect(made).toHaveLength(3);
  expect(answers.filter((answer) => answer === full(3))).toHaveLength(7);
  const [first = ''] = made;
  expect(await attempt(move(first, 'down'))).toBe(first);
  expect(await attempt(throwUp)).not.toBe(full(3));
  expect(await attempt(throwUp)).toBe(full(3));
  expect(await attempt(move(first, 'up'))).toBe(full(3));
  expect(await attempt(throwUp, house, 'plus')).not.toContain('conflict');
  const other = await openHouse(brigade);
  expect(await attempt(throwUp, other)).not.toContain('conflict');
  expect(await attempt((ctx) => [1, 2, 3].map(() => throwUp(ctx)).length, other)).toBe(full(3));
  expect(await attempt((ctx) => [1, 2].map(() => throwUp(ctx)).join(), other)).not.toContain('conflict');
});

it('a refused command leaves no trace, and what was refused once may be done when there is room', async () => {
  const other = await openHouse(brigade);
  const kept = await attempt(throwUp, other);
  await attempt((ctx) => [1, 2].map(() => throwUp(ctx)).join(), other);
  for (let i = 0; i < 3; i += 1) expect(await attempt(throwUp, other)).toBe(full(3));
  await attempt(async ({ get, remove }) => remove(balls, await get(balls, kept)), other);
  expect(await attempt(throwUp, other)).not.toContain('conflict');
  expect(await attempt(throwUp, other)).toBe(full(3));
});

it.each(transports)(
  'over %s: the fifty-first station is refused in words, and not when another is gone',
  async (transport) => {
    const { owner } = await openHouse(brigade);
    const create = (name: string) =>
      owner.via(transport, 'station:create', { name, routes: { categoryIds: [], itemIds: [] } });
    const made = [];
    for (let i = 1; i <= 50; i += 1) made.push((await create(`Station ${i}`)).data.id);
    expect((await create('One more')).problem).toMatchObject({
      ...{ status: 409, code: 'conflict', detail: 'A restaurant on the plan standard has at most 50 stations' },
    });
    await owner.must('station:delete', { stationId: made[0] });
    expect((await create('In its place')).problem).toBeUndefined();
  },
);
