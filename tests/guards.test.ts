import Joi from 'joi';
import { type StaffDoc, staff } from '../src/features/staff/index.js';
import { features } from '../src/features.js';
import type { Actor, CommandContext } from '../src/kernel/context.js';
import { type AnyEvent, event, everyone } from '../src/kernel/event.js';
import { feature } from '../src/kernel/feature.js';
import { newId } from '../src/kernel/ids.js';
import { command } from '../src/kernel/operation.js';
import { permissionsOf } from '../src/kernel/permissions.js';
import { reaction } from '../src/kernel/reaction.js';
import { modelOf } from '../src/platform/model.js';
import { acrossRestaurants } from '../src/platform/tenancy.js';
import { type Brigade, type House, openHouse, startBrigade } from './harness/index.js';

/** What no handler may do, whoever writes it: handlers of the test's own try. */

let brigade: Brigade;
let ours: House;
let theirs: House;
beforeAll(async () => {
  brigade = await startBrigade({}, [...features, tried]);
  [ours, theirs] = [await openHouse(brigade), await openHouse(brigade)];
});
afterAll(() => brigade?.stop());

const nothing = Joi.object<object, true>({});
type Handle = (context: CommandContext<object>) => Promise<object> | object;

const operation = (handle: Handle, more: { emits?: AnyEvent[]; restaurantId?: string; account?: string } = {}) => {
  const { emits = [], restaurantId, account } = more;
  return command<object, object>({
    name: 'test:try',
    summary: 'Try what must not be done',
    rest: { method: 'post', path: '/try' },
    permission: 'authenticated',
    limit: 'write',
    input: nothing,
    output: Joi.object().unknown(),
    emits,
    ...(restaurantId !== undefined && { scope: () => ({ restaurantId, ...(account !== undefined && { account }) }) }),
    example: { input: {}, output: {} },
    handle,
  });
};

const actor = (): Actor => ({
  ...{ kind: 'staff', userId: ours.owner.userId, name: 'Owner', restaurantId: ours.restaurantId, role: 'owner' },
  ...{ permissions: permissionsOf('owner'), sessionId: '', stationIds: [] },
});

const attempt = (handle: Handle, more: Parameters<typeof operation>[1] = {}) =>
  brigade.app.execute({
    operation: operation(handle, more),
    input: {},
    actor: actor(),
    requestId: newId(),
    ip: '192.0.2.1',
  });

const person = (id: string) =>
  acrossRestaurants('this test looks into both houses', async () => {
    const found = await modelOf(staff).findOne({ _id: id }).lean().exec();
    return found as unknown as StaffDoc;
  });

describe('a handler that holds a document of another restaurant', () => {
  it.each([
    ['saves', ({ save }: CommandContext<object>, doc: StaffDoc) => save(staff, { ...doc, name: 'Taken over' })],
    ['removes', ({ remove }: CommandContext<object>, doc: StaffDoc) => remove(staff, doc)],
    [
      'makes its own of it and saves',
      ({ save, restaurantId }: CommandContext<object>, doc: StaffDoc) => save(staff, { ...doc, restaurantId }),
    ],
  ])('%s it: nothing is written', async (_what, write) => {
    const before = await person(theirs.owner.userId);
    for (const account of [undefined, ours.owner.userId]) {
      const scope = { restaurantId: ours.restaurantId, ...(account !== undefined && { account }) };
      const tried = attempt((ctx) => {
        write(ctx, before);
        return {};
      }, scope);
      await expect(tried).rejects.toThrow();
    }
    expect(await person(theirs.owner.userId)).toEqual(before);
  });

  it('is led there by its own scope: refused before it runs', async () => {
    let hasRun = false;
    const handle = () => {
      hasRun = true;
      return {};
    };
    await expect(attempt(handle, { restaurantId: theirs.restaurantId })).rejects.toThrow(/out of the restaurant/);
    expect(hasRun).toBe(false);
  });
});

describe('within one unit of work', () => {
  const me = ({ get }: CommandContext<object>) => get(staff, ours.owner.userId);

  it('a second save of the copy read first is refused, and neither is written', async () => {
    const { name, version } = await person(ours.owner.userId);
    const tried = attempt(async (ctx) => {
      const doc = await me(ctx);
      ctx.save(staff, { ...doc, name: 'First' });
      ctx.save(staff, { ...doc, role: 'manager' });
      return {};
    });
    await expect(tried).rejects.toThrow(/read it again/);
    expect(await person(ours.owner.userId)).toMatchObject({ name, version });
  });

  it('saves of the latest copy, read again or as answered, are one change of the document', async () => {
    const { name, version } = await person(ours.owner.userId);
    await attempt(async (ctx) => {
      ctx.save(staff, { ...(await me(ctx)), name: 'First' });
      const second = ctx.save(staff, { ...(await me(ctx)), name: 'Second' });
      const { name: _, ...rest } = second;
      ctx.save(staff, { ...rest, name });
      return {};
    });
    expect(await person(ours.owner.userId)).toMatchObject({ name, version: version + 1 });
  });

  it.each([
    ['saved', ({ save }: CommandContext<object>, doc: StaffDoc) => save(staff, doc)],
    ['removed', ({ remove }: CommandContext<object>, doc: StaffDoc) => remove(staff, doc)],
  ])('what was removed is not %s', async (_what, write) => {
    const before = await person(ours.owner.userId);
    const tried = attempt(async (ctx) => {
      const doc = await me(ctx);
      ctx.remove(staff, doc);
      write(ctx, doc);
      return {};
    });
    await expect(tried).rejects.toThrow(/removed/);
    expect(await person(ours.owner.userId)).toEqual(before);
  });

  it('an old copy does not remove what was saved since', async () => {
    const before = await person(ours.owner.userId);
    const tried = attempt(async (ctx) => {
      const doc = await me(ctx);
      ctx.save(staff, { ...doc, name: 'Somebody' });
      ctx.remove(staff, doc);
      return {};
    });
    await expect(tried).rejects.toThrow(/read it again/);
    expect(await person(ours.owner.userId)).toEqual(before);
  });
});

type Said = { mode: 'still' | 'count' | 'circle' | 'undeclared'; left: number };
const told = (name: `test:${string}`) =>
  event({
    name,
    summary: 'Something was tried',
    payload: Joi.object<Said, true>({ mode: Joi.string().required(), left: Joi.number().required() }),
    audience: () => everyone,
    example: { mode: 'still', left: 0 },
  });
const [said, echoed] = [told('test:said'), told('test:echoed')];
const answering = reaction({
  on: said,
  emits: [said],
  handle({ data: { mode, left }, publish }) {
    if (mode === 'circle' || (mode === 'count' && left > 0)) publish(said, { mode, left: left - 1 });
    if (mode === 'undeclared') publish(echoed, { mode: 'still', left });
  },
});
const tried = feature({
  name: 'tried',
  summary: 'What this test declares',
  events: [said, echoed],
  reactions: [answering],
});

describe('events', () => {
  const say = (mode: Said['mode'], left = 0, emits: AnyEvent[] = [said], times = 1) =>
    attempt(
      (ctx) => {
        for (let i = 0; i < times; i += 1) ctx.publish(said, { mode, left });
        return {};
      },
      { emits },
    );

  it('that an operation does not declare are refused', async () => {
    await expect(say('still', 0, [])).rejects.toThrow(/test:try publishes test:said/);
    await expect(say('still')).resolves.toMatchObject({ status: 200 });
  });

  it('that a reaction does not declare are refused, though its operation does', async () => {
    await expect(say('undeclared', 0, [said, echoed])).rejects.toThrow(/reaction to test:said publishes test:echoed/);
  });

  it('may be thousands in one unit, each answered', async () => {
    await expect(say('count', 2, [said], 2_000)).resolves.toMatchObject({ status: 200 });
  });

  it('may be answered in a chain, but not in a circle', async () => {
    await expect(say('count', 20)).resolves.toMatchObject({ status: 200 });
    await expect(say('circle')).rejects.toThrow(/in a circle/);
  });
});
