import type { Document } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { planKilled } from '../plan/access.js';
import { numberOf, orderRange } from '../storage/capped.js';
import type { Collection } from '../storage/catalog.js';
import { scan, type View } from '../storage/view.js';
import type { ChangeStreams } from './change-streams.js';
import type { Tail } from './cursors.js';

/** The end of a capped collection, for a tailable cursor: what is inserted later comes too. */
export class CappedTail implements Tail {
  idle = false;
  /** The number of insertion of the last document read. */
  private last = -1n;
  private endWait: () => void = () => undefined;

  constructor(
    private readonly view: View,
    private readonly collection: Collection,
    /** `awaitData`: a `getMore` waits at the end. */
    readonly waits: boolean,
    /** They know which connections are gone, and when the server closes. */
    private readonly streams: ChangeStreams,
  ) {}

  /** All documents in the order of insertion, without an end; undefined is nothing yet where `idle` is set. */
  *documents(): Generator<Buffer | undefined> {
    const { view, collection } = this;
    for (;;) {
      this.checkPosition();
      const before = this.last;
      for (const { key, value } of scan(view, orderRange(collection, this.last))) {
        if (collection.indexes[0]?.dropped) break;
        this.last = numberOf(key);
        const bytes = view.get(collection.prefix + value.latin1Slice());
        if (bytes) yield bytes;
      }
      if (this.last !== before) continue;
      this.idle = true;
      yield undefined;
      this.idle = false;
    }
  }

  /** @throws CommandError 175 when the collection is gone, 136 when newer documents drove out the one that was read last. */
  private checkPosition(): void {
    const { collection, last, view } = this;
    if (collection.indexes[0]?.dropped) throw planKilled(collection);
    if (last >= 0n && !view.get(orderRange(collection, last - 1n).from))
      throw new CommandError(
        136,
        `CollectionScan died due to position in capped collection being deleted. Last seen record id: RecordId(${last + 1n})`,
      );
  }

  private get hasMore(): boolean {
    const { collection, view, last } = this;
    return collection.indexes[0]?.dropped || view.read(orderRange(collection, last), false, 1).entries.length > 0;
  }

  wait(milliseconds: number, connectionId: number): Promise<boolean> {
    const { collection, streams } = this;
    if (streams.closed) return Promise.resolve(false);
    // What came while the batch was made would wake nobody.
    if (this.hasMore) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (more: boolean) => {
        clearTimeout(timer);
        collection.waiting.delete(wake);
        streams.doneWaiting(connectionId, done);
        resolve(more);
      };
      const wake = () => done(true);
      const timer = setTimeout(done, milliseconds, false);
      this.endWait = () => done(false);
      collection.waiting.add(wake);
      streams.waiting(connectionId, done);
    });
  }

  fields(): Document {
    return {};
  }

  close(): void {
    this.endWait();
  }
}
