import type { Envelope } from '../src/kernel/event.js';
import { changeEpochs, journalModel } from '../src/runtime/journal.js';
import { type Brigade, type House, openHouse, type Person, startBrigade, transports, until } from './harness/index.js';

let brigade: Brigade;
let house: House;
let other: House;

beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
  other = await openHouse(brigade);
});
afterAll(async () => {
  await house.close();
  await other.close();
  await brigade.stop();
});

const rename = (name: string) => house.owner.must('restaurant:update', { name });
const seqs = (events: readonly Envelope<unknown>[]) => events.map(({ seq }) => seq);

describe.each(transports)('catch-up over %s', (transport) => {
  const snapshot = async (person: Person) => (await person.via(transport, 'sync:snapshot')).data;
  const since = async (person: Person, input: object) => (await person.via(transport, 'sync:since', input)).data;

  it('gives state and position, then the events after it in order and in pages', async () => {
    const { epoch, seq, replicas } = await snapshot(house.owner);
    expect(replicas.restaurant).toHaveLength(1);
    for (let i = 0; i < 5; i += 1) await rename(`Chez ${transport} ${i}`);
    const events: Envelope[] = [];
    let page = await since(house.owner, { epoch, seq, limit: 2 });
    for (let pages = 1; ; pages += 1) {
      expect(page.reset).toBe(false);
      events.push(...page.events);
      if (!page.more) {
        expect(pages).toBeGreaterThanOrEqual(3);
        break;
      }
      page = await since(house.owner, { epoch, seq: page.position, limit: 2 });
    }
    expect(seqs(events)).toEqual([1, 2, 3, 4, 5].map((i) => seq + i));
    expect(events.map(({ name }) => name)).toEqual(Array(5).fill('restaurant:updated'));
    expect(page.position).toBe((await snapshot(house.owner)).seq);
  });

  it('answers reset for another epoch and for a position ahead of history', async () => {
    const { epoch, seq } = await snapshot(house.owner);
    expect(await since(house.owner, { epoch: 'forged', seq: 0 })).toMatchObject({ reset: true, epoch });
    expect(await since(house.owner, { epoch, seq: seq + 1000 })).toMatchObject({ reset: true, epoch });
  });

  it.each([{ seq: -1 }, { seq: 1.5 }, { seq: 'x' }, { limit: 100_000 }, { epoch: 'x'.repeat(500) }])(
    'refuses %j by field',
    async (wrong) => {
      const { status, problem } = await house.owner.via(transport, 'sync:since', { epoch: 'e', seq: 0, ...wrong });
      expect(status).toBe(400);
      expect(problem?.errors?.map(({ field }) => field)).toEqual(Object.keys(wrong));
    },
  );

  it('shows each role only the events of its rooms, and nobody another restaurant', async () => {
    const kitchen = await house.hire('kitchen');
    const { epoch } = await snapshot(house.owner);
    const forOwner = (await since(house.owner, { epoch, seq: 0, limit: 1000 })).events as Envelope[];
    const forKitchen = (await since(kitchen, { epoch, seq: 0, limit: 1000 })).events as Envelope[];
    expect(forOwner.some(({ name }) => name === 'staff:changed')).toBe(true);
    const aboutStaff = forKitchen.filter(({ name }) => name === 'staff:changed') as Envelope<{
      staff: { id: string };
    }>[];
    expect(aboutStaff.every(({ data }) => data.staff.id === kitchen.userId)).toBe(true);
    expect(forKitchen.some(({ name }) => name === 'restaurant:updated')).toBe(true);
    expect([...forOwner, ...forKitchen].every(({ restaurantId }) => restaurantId === house.restaurantId)).toBe(true);
    expect(await since(other.owner, { epoch, seq: 0 })).toMatchObject({ reset: true });
  });
});

describe.each(transports)('after a wrong clock, over %s', (transport) => {
  /** What the database's TTL removes, which goes by the entries' times. */
  const forget = () =>
    journalModel.collection.deleteMany({
      restaurantId: house.restaurantId,
      at: { $lt: new Date(brigade.clock.now().getTime() - 7 * 86_400_000) },
    });

  it('says reset to whoever would miss what is not there any more, at the end of the journal and within it', async () => {
    const since = async (seq: number, limit = 500) =>
      (await house.owner.via(transport, 'sync:since', { epoch, seq, limit })).data;
    await rename('Chez Clock');
    const { epoch, seq } = await house.owner.must('sync:snapshot');
    await rename('Chez Clock 0');
    brigade.clock.advance(-10 * 86_400_000);
    for (let i = 1; i <= 3; i += 1) await rename(`Chez Clock ${i}`);
    brigade.clock.advance(10 * 86_400_000);
    expect((await forget()).deletedCount).toBe(3);
    expect(await since(seq + 1)).toMatchObject({ reset: true, epoch });
    await rename('Chez Clock 4');
    for (const from of [seq, seq + 1, seq + 2, seq + 3])
      expect(await since(from)).toMatchObject({ reset: true, epoch });
    expect(await since(seq + 4)).toMatchObject({ reset: false, events: [{ seq: seq + 5 }], position: seq + 5 });
    expect(await house.owner.must('sync:snapshot')).toMatchObject({ seq: seq + 5 });
  });
});

describe('the stream', () => {
  it('brings each event once, in order, with the previous seq of its rooms, to everyone who may see it', async () => {
    const [owner, waiter, stranger] = [
      await house.owner.screen(),
      await (await house.hire('waiter')).screen(),
      await other.owner.screen(),
    ];
    const { seq } = await house.owner.must('sync:snapshot');
    for (let i = 0; i < 10; i += 1) await rename(`Chez Stream ${i}`);
    for (const screen of [owner, waiter]) {
      const mine = () => screen.events.filter((event) => event.seq > seq && event.name === 'restaurant:updated');
      await until('ten events came', () => mine().length === 10);
      const events = mine();
      expect(seqs(events)).toEqual(Array.from({ length: 10 }, (_, i) => seq + 1 + i));
      expect(events.slice(1).map(({ prev }) => prev.all)).toEqual(seqs(events).slice(0, -1));
    }
    expect(stranger.events.filter(({ restaurantId }) => restaurantId === house.restaurantId)).toEqual([]);
  });

  it('tells the heads of the rooms after something happened', async () => {
    const screen = await house.owner.screen();
    await rename('Chez Heads');
    const { seq, epoch } = await house.owner.must('sync:snapshot');
    await until('the head of the last event was told', () =>
      screen.heads.find((head) => head.epoch === epoch && head.heads.all === seq),
    );
  });

  it('tells them again and again while nothing happens, those of one screen in one message, and no other rooms', async () => {
    const kitchen = await house.hire('kitchen');
    const [owner, cook] = [await house.owner.screen(), await kitchen.screen()];
    await rename('Chez Still');
    const { seq, rooms } = await house.owner.must('sync:snapshot');
    const told = () => owner.heads.filter(({ heads }) => heads.all === seq);
    await until('three heads of the same event', () => told().length >= 3);
    const [one] = told();
    expect(one).toMatchObject({ everyMs: 200 });
    expect(Object.keys(one?.heads ?? {}).length).toBeGreaterThan(1);
    expect(rooms).toEqual(expect.arrayContaining(Object.keys(one?.heads ?? {})));
    const mine: string[] = (await kitchen.must('sync:snapshot')).rooms;
    expect(cook.heads.length).toBeGreaterThan(0);
    for (const { heads } of cook.heads) expect(mine).toEqual(expect.arrayContaining(Object.keys(heads)));
  });

  it('begins anew after a restored backup: another epoch is announced, old positions are reset, and work goes on', async () => {
    const screen = await house.owner.screen();
    const before = await house.owner.must('sync:snapshot');
    expect(await changeEpochs()).toBe(2);
    await rename('Chez Epoch');
    const after = await house.owner.must('sync:snapshot');
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.seq).toBe(before.seq + 1);
    expect(await house.owner.must('sync:since', { epoch: before.epoch, seq: before.seq })).toMatchObject({
      reset: true,
      epoch: after.epoch,
    });
    await until('the new epoch was announced', () => screen.heads.find(({ epoch }) => epoch === after.epoch));
    await screen.saw('restaurant:updated', ({ restaurant }) => restaurant.name === 'Chez Epoch');
  });

  it('resets a screen whose position lies outside the retention', async () => {
    const { epoch, seq } = await house.owner.must('sync:snapshot');
    await rename('Chez Retention 1');
    await rename('Chez Retention 2');
    await journalModel.collection.deleteMany({ restaurantId: house.restaurantId, last: { $lte: seq + 1 } });
    expect(await house.owner.must('sync:since', { epoch, seq })).toMatchObject({ reset: true });
    expect(await house.owner.must('sync:since', { epoch, seq: seq + 1 })).toMatchObject({
      reset: false,
      events: [{ seq: seq + 2 }],
    });
  });
});
