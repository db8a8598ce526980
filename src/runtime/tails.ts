import { LRUCache } from 'lru-cache';
import { type Entry, type Head, isWholeAfter, readSince } from './journal.js';

/** The newest stretch of a restaurant's journal, without gaps. */
interface Tail {
  epoch: string;
  /** Every event after this seq, up to `last`, is in `entries`. */
  from: number;
  last: number;
  entries: Entry[];
}

/** Entries read at once. */
const STRETCH = 500;
/** Entries kept of one restaurant, and events of all; a few kilobytes each. */
const KEPT_ENTRIES = 1_000;
const KEPT_EVENTS = 10_000;
const KEPT_MS = 60_000;
/** A page of catch-up ends after this much JSON, so that thousands of screens at once do not fill the memory. */
const PAGE_BYTES = 262_144;

/**
 * Pages of the journal for screens that catch up. The screens of a house lose their network together and miss the same
 * events: what one of them made the process read is kept for a moment, and serves the others. Entries never change, so
 * what is kept cannot be wrong; how far it reaches is compared with the head, read after the screen asked.
 */
export class Tails {
  readonly #tails = new LRUCache<string, Tail>({
    maxSize: KEPT_EVENTS,
    ttl: KEPT_MS,
    sizeCalculation: ({ entries }) => 1 + entries.reduce((sum, { events }) => sum + events.length, 0),
  });
  readonly #reading = new Map<string, Promise<void>>();
  readonly #bytes = new WeakMap<Entry, number>();

  /** Entries with events after `seq`, about `limit` events at most. Undefined: they are not all there any more. */
  async page(head: Head, seq: number, limit: number): Promise<Entry[] | undefined> {
    const { _id: restaurantId, epoch } = head;
    // Each turn reads on, or waits for somebody else who does.
    for (let turn = 0; turn < 100; turn += 1) {
      const tail = this.#tails.get(restaurantId);
      const covers = tail?.epoch === epoch && tail.from <= seq && seq <= tail.last;
      if (covers) {
        const page = this.#cut(tail, seq, limit);
        const isWhole = (page.at(-1)?.last ?? seq) < tail.last || tail.last >= head.seq;
        if (isWhole) return page;
      }
      const reading = this.#reading.get(restaurantId);
      if (reading !== undefined) await reading;
      else if (!(await this.#read(restaurantId, covers ? tail : { epoch, from: seq, last: seq, entries: [] })))
        return undefined;
    }
    throw new Error(`The journal of ${restaurantId} moves faster than it can be read`);
  }

  /** Reads what follows a stretch. @returns false when what follows is not there any more */
  async #read(restaurantId: string, tail: Tail): Promise<boolean> {
    let isThere = true;
    const reading = readSince(restaurantId, tail.last, STRETCH).then((entries) => {
      isThere = entries.length > 0 && isWholeAfter(tail.last, entries);
      if (isThere) this.#tails.set(restaurantId, extended(tail, entries));
      else this.#tails.delete(restaurantId);
    });
    // Whoever waits only looks again afterwards; the error is for the one who reads.
    this.#reading.set(
      restaurantId,
      reading.catch(() => undefined).finally(() => this.#reading.delete(restaurantId)),
    );
    await reading;
    return isThere;
  }

  #cut({ entries }: Tail, seq: number, limit: number): Entry[] {
    const page: Entry[] = [];
    let events = 0;
    let bytes = 0;
    for (let index = firstAfter(entries, seq); index < entries.length; index += 1) {
      const entry = entries[index] as Entry;
      events += entry.events.length;
      bytes += this.#sizeOf(entry);
      // An entry is never divided, so a page has at least one.
      if (page.length > 0 && (events > limit || bytes > PAGE_BYTES)) break;
      page.push(entry);
    }
    return page;
  }

  #sizeOf(entry: Entry): number {
    const known = this.#bytes.get(entry);
    if (known !== undefined) return known;
    const bytes = JSON.stringify(entry.events).length;
    this.#bytes.set(entry, bytes);
    return bytes;
  }
}

function extended(tail: Tail, entries: readonly Entry[]): Tail {
  const all = [...tail.entries, ...entries];
  const dropped = all.splice(0, Math.max(0, all.length - KEPT_ENTRIES));
  const from = dropped.at(-1)?.last ?? tail.from;
  return { epoch: tail.epoch, from, last: all.at(-1)?.last ?? tail.last, entries: all };
}

/** The place of the first entry with events after `seq`. */
function firstAfter(entries: readonly Entry[], seq: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as Entry).last > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}
