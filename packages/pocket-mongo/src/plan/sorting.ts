import { SpillFile, type Stretch } from '../storage/spill-file.js';

/** How many are sorted at once, and merged between two pauses: about a millisecond's work. */
const RUN = 512;

/** A sort holds about this many bytes before it writes them to a file. */
const MOST_HELD = 8 << 20;

/** What all runs together read ahead of the file, at most. */
const READ_AHEAD = 8 << 20;

/** What an item costs in memory beside its bytes. */
const ITEM = 512;

/** How a sort that outgrows its memory goes to a file. */
export interface Spilling<T> {
  /** Where the file is made. */
  readonly folder: string;
  sizeOf(item: T): number;
  pack(item: T): Buffer;
  unpack(bytes: Buffer): T;
}

export interface Sorting<T> {
  readonly compare: (a: T, b: T) => number;
  /** Only so many are wanted, and kept. */
  readonly limit?: number | undefined;
  /** Left out: everything is held in memory. */
  readonly spilling?: Spilling<T> | undefined;
}

/**
 * Sorts in runs that are merged as they are asked for, so that it never holds the thread for long; undefined is a pause.
 * Stable. What does not fit into its memory waits in a file, sorted already.
 */
export function* sortInRuns<T>(
  items: Iterable<T | undefined>,
  { compare, limit = Number.POSITIVE_INFINITY, spilling }: Sorting<T>,
): Generator<T | undefined> {
  const spilled = spilling && new Spilled(spilling);
  try {
    let runs: T[][] = [];
    let run: T[] = [];
    let held = 0;
    for (const item of items) {
      if (item === undefined) {
        yield undefined;
        continue;
      }
      run.push(item);
      if (spilling) held += ITEM + spilling.sizeOf(item);
      if (held <= MOST_HELD && run.length < Math.max(RUN, Math.min(limit, RUN) * 2)) continue;
      runs.push(run.sort(compare));
      run = [];
      yield undefined;
      // With a small limit, what cannot be among the first is let go.
      if (limit <= RUN * 4 && (runs.length > 8 || held > MOST_HELD)) {
        const kept = [...merged(runs, compare, limit)];
        runs = [kept];
        held = spilling ? sum(kept, (item) => ITEM + spilling.sizeOf(item)) : 0;
      }
      if (spilled && held > MOST_HELD) {
        yield* spilled.add(merged(runs, compare, limit));
        runs = [];
        held = 0;
      }
    }
    if (run.length > 0) runs.push(run.sort(compare));
    yield* merged([...(spilled?.runs() ?? []), ...runs], compare, limit);
  } finally {
    spilled?.close();
  }
}

function sum<T>(items: readonly T[], sizeOf: (item: T) => number): number {
  return items.reduce((total, item) => total + sizeOf(item), 0);
}

/** Sorted runs in a file, which is made for the first of them. */
class Spilled<T> {
  private file: SpillFile | undefined;
  private readonly stretches: Stretch[] = [];

  constructor(private readonly spilling: Spilling<T>) {}

  *add(items: Iterable<T>): Generator<undefined> {
    this.file ??= new SpillFile(this.spilling.folder);
    const { file } = this;
    const from = file.end;
    let count = 0;
    for (const item of items) {
      file.append(this.spilling.pack(item));
      if (++count % RUN === 0) yield undefined;
    }
    file.flush();
    this.stretches.push({ from, to: file.end });
  }

  runs(): Iterable<T>[] {
    const { file } = this;
    const ahead = Math.ceil(READ_AHEAD / this.stretches.length);
    return file ? this.stretches.map((stretch) => this.read(file, stretch, ahead)) : [];
  }

  private *read(file: SpillFile, stretch: Stretch, ahead: number): Generator<T> {
    for (const bytes of file.records(stretch, ahead)) yield this.spilling.unpack(bytes);
  }

  close(): void {
    this.file?.close();
  }
}

interface Head<T> {
  item: T;
  readonly rest: Iterator<T>;
  /** Which run: of equal items the one of the earlier run comes first. */
  readonly order: number;
}

/** Merges sorted runs through a heap of their first items. */
function* merged<T>(runs: readonly Iterable<T>[], compare: (a: T, b: T) => number, limit: number): Generator<T> {
  const before = (a: Head<T>, b: Head<T>) => (compare(a.item, b.item) || a.order - b.order) < 0;
  const heap: Head<T>[] = [];
  runs.forEach((run, order) => {
    const rest = run[Symbol.iterator]();
    const first = rest.next();
    if (first.done) return;
    heap.push({ item: first.value, rest, order });
    rise(heap, before);
  });
  for (let count = 0; count < limit; count++) {
    const first = heap[0];
    if (!first) return;
    yield first.item;
    const next = first.rest.next();
    if (!next.done) first.item = next.value;
    else {
      const last = heap.pop() as Head<T>;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(heap, before);
  }
}

/** Puts the last in its place. */
function rise<T>(heap: T[], before: (a: T, b: T) => boolean): void {
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!before(heap[child] as T, heap[parent] as T)) return;
    swap(heap, child, parent);
    child = parent;
  }
}

/** Puts the first in its place. */
function sink<T>(heap: T[], before: (a: T, b: T) => boolean): void {
  let parent = 0;
  for (;;) {
    const left = parent * 2 + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && before(heap[right] as T, heap[left] as T) ? right : left;
    if (!before(heap[child] as T, heap[parent] as T)) return;
    swap(heap, child, parent);
    parent = child;
  }
}

function swap<T>(heap: T[], a: number, b: number): void {
  const kept = heap[a] as T;
  heap[a] = heap[b] as T;
  heap[b] = kept;
}
