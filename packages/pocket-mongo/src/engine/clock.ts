import { encode } from '../bson/encode.js';
import { Binary, RawDocument, Timestamp } from '../bson/values.js';

/** Where the time stands in the bytes of `$clusterTime`: after the length, the type and the name. */
const CLUSTER_TIME_OFFSET = 4 + 1 + 'clusterTime'.length + 1;

/**
 * The cluster time: one number for each write or commit, strictly increasing, seconds of UTC in its upper half. It orders
 * the change log, and clients hand it on for causal consistency; a server of one member always fulfils that.
 */
export class ClusterClock {
  private seconds = Math.floor(Date.now() / 1000);
  private increment = 1;
  private current: Timestamp | undefined;
  private readonly gossip = encode({
    clusterTime: new Timestamp(0n),
    signature: { hash: new Binary(new Uint8Array(20)), keyId: 0n },
  });

  /** The time of the last write. */
  get now(): Timestamp {
    this.current ??= new Timestamp({ t: this.seconds, i: this.increment });
    return this.current;
  }

  /** The time of a new write. */
  tick(): Timestamp {
    const seconds = Math.floor(Date.now() / 1000);
    if (seconds > this.seconds) {
      this.seconds = seconds;
      this.increment = 1;
    } else this.increment++;
    this.current = undefined;
    return this.now;
  }

  /** Goes on from a time that was stored before a restart, should the system's clock have been set back since. */
  advanceTo(time: Timestamp): void {
    if (time.t < this.seconds || (time.t === this.seconds && time.i <= this.increment)) return;
    this.seconds = time.t;
    this.increment = time.i;
    this.current = undefined;
  }

  /** `$clusterTime` as replies carry it. The bytes are used again by the next reply: encode it at once. */
  get clusterTime(): RawDocument {
    this.gossip.writeUInt32LE(this.increment, CLUSTER_TIME_OFFSET);
    this.gossip.writeUInt32LE(this.seconds, CLUSTER_TIME_OFFSET + 4);
    return new RawDocument(this.gossip);
  }
}
