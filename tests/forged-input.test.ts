import { newId } from '../src/kernel/ids.js';
import {
  type Answer,
  type Brigade,
  type House,
  openHouse,
  startBrigade,
  type Transport,
  transports,
} from './harness/index.js';
import { openService, type Service } from './harness/service.js';

/** What a client makes up: positions, cursors, lengths. Each is refused by name or answered with nothing of anybody else. */

let brigade: Brigade;
let service: Service;
let house: House;
let other: House;
let theirs: { epoch: string; seq: number };
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
  ({ house } = service);
  other = await openHouse(brigade, { name: 'The Secret Garden' });
  theirs = await other.owner.must('sync:snapshot');
  await service.order([{ itemId: service.soup }]);
});
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

const since = (transport: Transport, input: object) => service.waiter.via(transport, 'sync:since', input);
const text = (answer: object) => JSON.stringify({ ...answer, headers: undefined });

describe.each(transports)('over %s', (transport) => {
  describe('a position', () => {
    it.each([
      ['of a forged epoch', () => ({ epoch: 'ffffffffffff', seq: 1 })],
      ['of an epoch that is code', () => ({ epoch: '{"$ne":null}', seq: 1 })],
      ['of another restaurant', () => theirs],
      ['of another restaurant, at its beginning', () => ({ ...theirs, seq: 0 })],
    ])('%s starts the screen over, with nothing in it', async (_what, position) => {
      const { epoch, seq } = position();
      const answer = await since(transport, { epoch, seq });
      const { epoch: own } = await service.waiter.must('sync:snapshot');
      expect(answer.data).toEqual({ reset: true, epoch: own, rooms: expect.any(Array) });
      expect(text(answer)).not.toContain('Secret');
    });

    it('beyond the last event starts the screen over, however far', async () => {
      const { epoch, seq } = await service.waiter.must('sync:snapshot');
      // Not the very next one: a duty of the server's own, an alert perhaps, may make that one at any time.
      for (const beyond of [seq + 1000, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
        expect((await since(transport, { epoch, seq: beyond })).data).toMatchObject({ reset: true, epoch });
      }
    });

    it.each([
      ['a negative seq', { seq: -1 }, 'seq'],
      ['half a seq', { seq: 1.5 }, 'seq'],
      ['a seq no number holds', { seq: '9007199254740993' }, 'seq'],
      ['an endless seq', { seq: '1e999' }, 'seq'],
      ['no seq', { seq: undefined }, 'seq'],
      ['a seq that is a list', { seq: [1, 2] }, 'seq'],
      ['a long epoch', { epoch: 'e'.repeat(41) }, 'epoch'],
      ['a page of none', { limit: 0 }, 'limit'],
      ['a page of a million', { limit: 1_000_000 }, 'limit'],
    ])('with %s is refused by name', async (_what, wrong, field) => {
      const { epoch, seq } = await service.waiter.must('sync:snapshot');
      const input: Record<string, unknown> = { epoch, seq, ...wrong };
      for (const name of Object.keys(input)) if (input[name] === undefined) delete input[name];
      const { status, problem } = await since(transport, input);
      expect(status).toBe(400);
      expect(problem?.errors?.map((error) => error.field)).toEqual([field]);
    });
  });

  describe('a cursor', () => {
    const list = (input: object) => service.waiter.via(transport, 'order:list', input);

    it.each([
      ['that is no cursor', 'zzz'],
      ['that is an id', 'f'.repeat(24)],
      ['that is code', '{"$gt":""}'],
      ['that is empty', ''],
      ['that is long', 'f'.repeat(500)],
    ])('%s is refused by name', async (_what, cursor) => {
      expect(await list({ cursor })).toMatchObject({ status: 400, problem: { errors: [{ field: 'cursor' }] } });
    });

    it('of another restaurant shows only one’s own', async () => {
      for (let placed = 0; placed < 2; placed += 1) await service.order([{ itemId: service.soup }]);
      const { data: first } = await list({ limit: 1 });
      expect(first.nextCursor).toEqual(expect.any(String));
      // It says where to go on, not whose things to show.
      const answer = await other.owner.via(transport, 'order:list', { cursor: first.nextCursor });
      expect(answer.data).toEqual({ items: [] });
    });

    it.each([0, -1, 1_000_000])('with a page of %s is refused by name', async (limit) => {
      expect(await list({ limit })).toMatchObject({ status: 400, problem: { errors: [{ field: 'limit' }] } });
    });
  });

  it('a batch that is too long is refused whole, and the answer is short', async () => {
    const { id } = await service.table();
    const lines = Array.from({ length: 2_000 }, () => ({ itemId: service.soup }));
    const order = await service.waiter.via(transport, 'order:place', { tableId: id, lines });
    expect(order).toMatchObject({ status: 400, problem: { errors: [{ field: 'lines' }] } });
    const ticketIds = Array.from({ length: 2_000 }, newId);
    const seen = await service.cook.via(transport, 'ticket:seen', { ticketIds });
    expect(seen).toMatchObject({ status: 400, problem: { errors: [{ field: 'ticketIds' }] } });
    const wrong = Array.from({ length: 90 }, () => ({ itemId: 'no id', quantity: -1 }));
    const many = await service.waiter.via(transport, 'order:place', { tableId: id, lines: wrong });
    expect(many.status).toBe(400);
    expect(many.problem?.errors?.length).toBeLessThanOrEqual(20);
    expect((await service.waiter.must('order:list', { tableId: id })).items).toEqual([]);
  });

  it('ids of another restaurant are as unknown as ids of nobody', async () => {
    const order = await service.order([{ itemId: service.soup }]);
    const ask = async (orderId: string): Promise<Answer> => {
      const { problem, status, data, replayed } = await other.owner.via(transport, 'order:get', { orderId });
      return { status, data, replayed, problem: problem && { ...problem, requestId: '' } };
    };
    expect(await ask(order.id)).toEqual(await ask(newId()));
    expect(await ask(order.id)).toMatchObject({ status: 404, problem: { code: 'not_found' } });
  });
});
