import fc from 'fast-check';
import { type Command, type Entry, Outbox } from '../src/outbox.js';

const command = (key: string, more: Partial<Command> = {}): Command => ({
  key,
  name: 'order:place',
  input: {},
  at: 0,
  expiresAt: 1_000_000,
  ...more,
});

function add(outbox: Outbox, key: string, online: boolean, more: Partial<Command> = {}): Entry {
  const entry = outbox.add(command(key, more), { online, volatile: false });
  entry.state = 'waiting';
  entry.bornAt = 0;
  return entry;
}

const keys = (entries: readonly Entry[]) => entries.map((entry) => entry.command.key);

describe('the outbox', () => {
  it('sends side by side while all goes well', () => {
    const outbox = new Outbox();
    add(outbox, 'a', true);
    add(outbox, 'b', true);
    expect(keys(outbox.next(0))).toEqual(['a', 'b']);
    add(outbox, 'c', true);
    expect(keys(outbox.next(0))).toEqual(['c']);
  });

  it('sends what was queued offline one by one, and what came later only after it', () => {
    const outbox = new Outbox();
    const a = add(outbox, 'a', false);
    const b = add(outbox, 'b', false);
    expect(keys(outbox.next(0))).toEqual(['a']);
    add(outbox, 'c', true);
    add(outbox, 'd', true);
    expect(outbox.next(0)).toEqual([]);
    outbox.remove(a);
    expect(keys(outbox.next(0))).toEqual(['b']);
    outbox.remove(b);
    expect(keys(outbox.next(0))).toEqual(['c', 'd']);
  });

  it('sends a lost command again before any later one', () => {
    const outbox = new Outbox();
    const a = add(outbox, 'a', true);
    outbox.next(0);
    outbox.again(a, 500);
    add(outbox, 'b', true);
    expect(outbox.next(499)).toEqual([]);
    expect(outbox.wakeAt(499)).toBe(500);
    expect(keys(outbox.next(500))).toEqual(['a']);
    expect(a.attempts).toBe(2);
  });

  it('does not overtake a command that is still being stored', () => {
    const outbox = new Outbox();
    outbox.add(command('a'), { online: true, volatile: false });
    add(outbox, 'b', true);
    expect(outbox.next(0)).toEqual([]);
  });

  it('gives up what is too old, but not while it is in flight', () => {
    const outbox = new Outbox();
    add(outbox, 'a', true, { expiresAt: 10 });
    add(outbox, 'b', false, { expiresAt: 10 });
    outbox.next(0);
    expect(outbox.expired(9)).toEqual([]);
    expect(keys(outbox.expired(10))).toEqual(['b']);
  });

  it('hands over together what waited, and what stands right behind it', () => {
    const outbox = new Outbox();
    for (const key of ['a', 'b']) add(outbox, key, false);
    add(outbox, 'c', true);
    const all = { commands: 10, bytes: 10_000 };
    const batch = outbox.nextBatch(0, all);
    expect(keys(batch)).toEqual(['a', 'b', 'c']);
    add(outbox, 'd', true);
    expect(outbox.nextBatch(0, all)).toEqual([]);
    expect(outbox.next(0)).toEqual([]);
    for (const entry of batch) outbox.again(entry, 5);
    expect(outbox.nextBatch(4, all)).toEqual([]);
    expect(keys(outbox.nextBatch(5, all))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('splits what is too much for one batch, and sends a single one alone', () => {
    const outbox = new Outbox();
    const input = { note: 'x'.repeat(400) };
    for (const key of ['a', 'b', 'c', 'd', 'e']) add(outbox, key, false, { input });
    const [a, b] = outbox.nextBatch(0, { commands: 2, bytes: 10_000 });
    expect([a?.command.key, b?.command.key]).toEqual(['a', 'b']);
    for (const entry of [a, b]) if (entry !== undefined) outbox.remove(entry);
    const [c, d] = outbox.nextBatch(0, { commands: 10, bytes: 1_300 });
    expect([c?.command.key, d?.command.key]).toEqual(['c', 'd']);
    for (const entry of [c, d]) if (entry !== undefined) outbox.remove(entry);
    expect(outbox.nextBatch(0, { commands: 10, bytes: 10_000 })).toEqual([]);
    expect(keys(outbox.next(0))).toEqual(['e']);
  });

  it('sends what ends a session alone', () => {
    const outbox = new Outbox();
    add(outbox, 'a', false);
    add(outbox, 'b', false);
    add(outbox, 'c', false, { name: 'auth:logout' });
    expect(keys(outbox.nextBatch(0, { commands: 10, bytes: 10_000 }))).toEqual(['a', 'b']);
  });

  it('holds its promises under any sequence of sends, outages, answers and refusals', () => {
    const step = fc.tuple(fc.constantFrom('add', 'cut', 'connect', 'answer', 'lose', 'later'), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const outbox = new Outbox();
        const inFlight = new Set<Entry>();
        const answered: string[] = [];
        let online = false;
        let now = 0;
        let made = 0;
        const pump = () => {
          if (!online) return;
          for (const entry of outbox.next(now)) {
            expect(inFlight.has(entry)).toBe(false);
            const earlier = outbox.entries.slice(0, outbox.entries.indexOf(entry));
            expect(earlier.some((one) => one.holdsOthers)).toBe(false);
            if (entry.holdsOthers) expect(earlier).toEqual([]);
            inFlight.add(entry);
          }
        };
        const settle = (entry: Entry) => {
          inFlight.delete(entry);
          outbox.remove(entry);
          answered.push(entry.command.key);
        };
        for (const [what, pick] of steps) {
          const some = [...inFlight][pick % Math.max(1, inFlight.size)];
          now += 1;
          if (what === 'add') add(outbox, `c${made++}`, online);
          else if (what === 'connect') online = true;
          else if (what === 'cut') {
            online = false;
            inFlight.clear();
            outbox.disconnected();
          } else if (some !== undefined && what === 'answer') settle(some);
          else if (some !== undefined) {
            inFlight.delete(some);
            outbox.again(some, what === 'later' ? now + pick : 0);
          }
          pump();
        }
        online = true;
        for (let rounds = 0; outbox.entries.length > 0 && rounds < 500; rounds += 1) {
          now += 20;
          pump();
          for (const entry of [...inFlight]) settle(entry);
        }
        expect(answered.sort()).toEqual(Array.from({ length: made }, (_, index) => `c${index}`).sort());
      }),
    );
  });
});
