import { newId } from '../src/kernel/ids.js';
import { type Brigade, type Person, startBrigade, type Transport, transports } from './harness/index.js';
import { openService, type Service } from './harness/service.js';

let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  brigade = await startBrigade({ RATE_LIMIT_WRITE: '150/1m' });
  service = await openService(brigade);
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});

interface Command {
  name: string;
  input?: object;
  key?: string;
  expectedVersion?: number;
}
const keyed = (command: Command) => ({ key: newId(), ...command });
const place = (more: object = {}) =>
  keyed({
    name: 'order:place',
    input: { channel: 'takeaway', customer: { name: 'Ana' }, lines: [{ itemId: service.water }], ...more },
  });
const ordersOf = async (person: Person): Promise<unknown[]> => (await person.must('order:list', {})).items;

describe.each(transports)('a batch over %s', (transport: Transport) => {
  const submit = (person: Person, commands: Command[], author = person.userId) =>
    person.via(transport, 'sync:submit', { author, commands });

  it('is carried out in order, with a result for each command', async () => {
    const { waiter } = service;
    const { id: orderId } = await service.order([{ itemId: service.water }]);
    const stale = keyed({ name: 'order:update', input: { orderId, note: 'late' }, expectedVersion: 1 });
    const commands = [
      keyed({ name: 'order:update', input: { orderId, note: 'first' } }),
      keyed({ name: 'order:place', input: { lines: 'none' } }),
      stale,
      keyed({ name: 'order:update', input: { orderId: newId(), note: 'x' } }),
      keyed({ name: 'staff:create', input: { name: 'A friend', role: 'owner' } }),
      keyed({ name: 'order:list', input: {} }),
      keyed({ name: 'order:update', input: { orderId, note: 'last' } }),
    ];
    const { status, data } = await submit(waiter, commands);
    expect(status).toBe(200);
    const { results } = data;
    expect(results.map(({ key }: { key: string }) => key)).toEqual(commands.map(({ key }) => key));
    expect(results).toMatchObject([
      { outcome: 'applied', status: 200, data: { note: 'first' } },
      { outcome: 'rejected', status: 400, problem: { code: 'validation_failed' } },
      {
        outcome: 'conflict',
        status: 409,
        problem: { code: 'version_conflict', current: { id: orderId, note: 'first' } },
      },
      { outcome: 'rejected', status: 404, problem: { code: 'not_found' } },
      { outcome: 'rejected', status: 403, problem: { code: 'forbidden' } },
      { outcome: 'rejected', status: 404, problem: { code: 'not_found', detail: 'There is no command order:list' } },
      { outcome: 'applied', status: 200, data: { note: 'last' } },
    ]);
    expect(await waiter.must('order:get', { orderId })).toMatchObject({ note: 'last' });
  });

  it('handed over again is replayed, and nothing is done twice', async () => {
    const { waiter } = service;
    const commands = [place(), place()];
    const first = (await submit(waiter, commands)).data.results;
    const before = (await ordersOf(waiter)).length;
    const again = (await submit(waiter, [...commands, place()])).data.results;
    expect(again.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['replayed', 'replayed', 'applied']);
    expect(again[0].data).toEqual(first[0].data);
    expect((await ordersOf(waiter)).length).toBe(before + 1);
    const forged = await submit(waiter, [{ ...commands[0], name: 'order:place', input: place().input } as Command]);
    expect(forged.data.results[0].outcome).toBe('replayed');
    const other = await submit(waiter, [{ ...place({ customer: { name: 'Eve' } }), key: commands[0]?.key } as Command]);
    expect(other.data.results[0]).toMatchObject({ outcome: 'rejected', problem: { code: 'key_reused' } });
  });

  it('is decided command by command: one that needs a refused one is refused by its own rules', async () => {
    const { id: tableId } = await service.table();
    const orderId = newId();
    const commands = [
      keyed({ name: 'order:place', input: { id: orderId, tableId, lines: [{ itemId: newId() }] } }),
      keyed({ name: 'order:fire', input: { orderId } }),
      place(),
    ];
    const { results } = (await submit(service.waiter, commands)).data;
    expect(results.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['rejected', 'rejected', 'applied']);
    expect(results[1].problem).toMatchObject({ code: 'not_found', detail: 'No such order' });
  });

  it('belongs to who gave it: somebody else cannot hand it over', async () => {
    const before = (await ordersOf(service.manager)).length;
    const { problem } = await submit(service.colleague, [place()], service.waiter.userId);
    expect(problem).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await ordersOf(service.manager)).length).toBe(before);
  });

  it.each([
    ['no commands', [], 'commands'],
    ['too many', Array.from({ length: 101 }, () => ({ name: 'order:place', key: newId() })), 'commands'],
    ['a key twice', [1, 2].map(() => ({ name: 'order:place', key: 'same' })), 'commands.1'],
    ['no key', [{ name: 'order:place' }], 'commands.0.key'],
    ['an unknown field', [{ name: 'order:place', key: 'k', actor: 'owner' }], 'commands.0.actor'],
  ])('with %s is refused whole, naming the field', async (_what, commands, field) => {
    const { status, problem } = await submit(service.waiter, commands as Command[]);
    expect(status).toBe(400);
    expect(problem?.errors?.map((error) => error.field)).toContain(field);
  });

  it('that is too large is refused with a clear error', async () => {
    const commands = Array.from({ length: 6 }, () => place({ note: 'x'.repeat(100_000) }));
    const { problem } = await submit(service.waiter, commands);
    expect(problem).toMatchObject({ status: 413, code: 'payload_too_large' });
  });
});

it('that meets a rate limit defers the rest, each command having counted', async () => {
  const person = await service.house.hire('waiter');
  const submit = async (commands: Command[]) =>
    (await person.must('sync:submit', { author: person.userId, commands })).results;
  // Refused before any lane: quick enough for one batch on any machine.
  const cheap = () => keyed({ name: 'order:update', input: {} });
  await submit(Array.from({ length: 100 }, cheap));
  const results = await submit(Array.from({ length: 100 }, cheap));
  const outcomes = results.map(({ outcome }: { outcome: string }) => outcome);
  expect(outcomes).toEqual([...Array(48).fill('rejected'), ...Array(52).fill('deferred')]);
  expect(results[48].problem).toMatchObject({ code: 'rate_limited', retryAfter: expect.any(Number) });
});
