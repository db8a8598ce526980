import mongoose from 'mongoose';
import { Batcher } from '../../src/runtime/batcher.js';
import { type Brigade, type House, openHouse, type Person, startBrigade } from '../harness/index.js';

let brigade: Brigade;
let house: House;
let people: Person[];
beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
  people = await Promise.all(['waiter', 'waiter', 'kitchen', 'manager'].map((role) => house.hire(role as never)));
});
afterAll(async () => {
  mongoose.set('debug', false);
  await house?.close();
  await brigade?.stop();
});

/** How often each collection is read while something runs. */
async function readsOf(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const reads = new Map<string, number>();
  mongoose.set('debug', (collection: string, method: string) => {
    if (method.startsWith('find')) reads.set(collection, (reads.get(collection) ?? 0) + 1);
  });
  await work();
  mongoose.set('debug', false);
  return reads;
}

const rename = (name: string) => house.owner.must('restaurant:update', { name });

describe('forty screens at once', () => {
  const screens = async () => {
    const opened = await Promise.all(people.map((person) => person.screen()));
    return Array.from({ length: 40 }, (_, i) => opened[i % opened.length] as (typeof opened)[number]);
  };

  it('catch up from a few reads, each with what it may see', async () => {
    const { epoch, seq } = await house.owner.must('sync:snapshot');
    for (let i = 0; i < 30; i += 1) await rename(`Chez ${i}`);
    const all = await screens();
    const positions = all.map((_, i) => seq + (i % 10));
    const answers: { data: { events: { seq: number }[]; more: boolean } }[] = [];
    const reads = await readsOf(async () => {
      const asked = all.map((screen, i) => screen.call('sync:since', { epoch, seq: positions[i], limit: 1000 }));
      answers.push(...((await Promise.all(asked)) as unknown as typeof answers));
    });
    for (const [i, { data }] of answers.entries()) {
      const from = positions[i] as number;
      expect(data.events.map((event) => event.seq)).toEqual(
        Array.from({ length: seq + 30 - from }, (_, n) => from + 1 + n),
      );
      expect(data.more).toBe(false);
    }
    expect(reads.get('journal') ?? 0).toBeLessThanOrEqual(4);
    expect(reads.get('journalHeads') ?? 0).toBeLessThan(40);
  });

  it('share the readings of a snapshot, each seeing what it may', async () => {
    const all = await screens();
    const answers: { data: { seq: number; rooms: string[]; replicas: Record<string, unknown[]> } }[] = [];
    const reads = await readsOf(async () => {
      answers.push(
        ...((await Promise.all(all.map((screen) => screen.call('sync:snapshot')))) as unknown as typeof answers),
      );
    });
    expect(reads.get('menuItems') ?? 0).toBeLessThan(40);
    const [waiter, , cook] = answers;
    expect(waiter?.data.replicas.staff).not.toEqual([]);
    expect(cook?.data.replicas.staff).toEqual([]);
    expect(new Set(answers.map(({ data }) => data.seq)).size).toBe(1);
    for (const [i, { data }] of answers.entries()) expect(data.rooms).toContain(`user:${people[i % 4]?.userId}`);
  });

  it('see what was committed before they asked, whatever is being read meanwhile', async () => {
    const { epoch, seq } = await house.owner.must('sync:snapshot');
    const screen = await (people[0] as Person).screen();
    for (let i = 1; i <= 20; i += 1) {
      const early = [1, 2, 3].map(() => screen.call('sync:since', { epoch, seq }));
      await rename(`Chez Fresh ${i}`);
      const { data } = await screen.call('sync:since', { epoch, seq });
      expect(data.events).toHaveLength(i);
      await Promise.all(early);
    }
  });

  it('far behind, page through all of it in pages of bounded size', async () => {
    const { epoch, seq } = await house.owner.must('sync:snapshot');
    const description = 'x'.repeat(900);
    const category = await house.owner.must('menu:create-category', { name: 'Wide', taxClass: 'food' });
    const price = { amount: 100, currency: 'EUR' };
    const item = { categoryId: category.id, price, description };
    for (let i = 0; i < 30; i += 1) await house.owner.must('menu:create-item', { name: `Dish ${i}`, ...item });
    const screen = await (people[1] as Person).screen();
    const seqs: number[] = [];
    for (let position = seq, more = true; more; ) {
      const { data } = await screen.call('sync:since', { epoch, seq: position, limit: 7 });
      expect(data.events.length).toBeLessThanOrEqual(7);
      seqs.push(...data.events.map((event: { seq: number }) => event.seq));
      ({ position, more } = data);
    }
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => seq + 1 + i));
    expect(seqs.length).toBeGreaterThanOrEqual(31);
  });
});

describe('a batcher', () => {
  it('never answers a question from what began before it was asked', async () => {
    const began: string[][] = [];
    const release: (() => void)[] = [];
    const batcher = new Batcher<string, string>(async (questions) => {
      began.push([...questions]);
      await new Promise<void>((resolve) => release.push(resolve));
      return questions.map((question) => question.toUpperCase());
    });
    const first = batcher.ask('a');
    const later = [batcher.ask('b'), batcher.ask('c')];
    expect(began).toEqual([['a']]);
    release[0]?.();
    expect(await first).toBe('A');
    release[1]?.();
    expect(await Promise.all(later)).toEqual(['B', 'C']);
    expect(began).toEqual([['a'], ['b', 'c']]);
    expect(batcher.isIdle).toBe(true);
  });

  it('tells everybody in it of a failure, and goes on', async () => {
    let broken = true;
    const batcher = new Batcher<number, number>(async (questions) => {
      if (broken) throw new Error('down');
      return questions;
    });
    const failed = await Promise.allSettled([batcher.ask(1), batcher.ask(2)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    expect(await batcher.ask(3)).toBe(3);
  });
});
