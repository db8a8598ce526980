import type { Document } from '../bson/values.js';

/** The limits of a capped collection. */
export interface Cap {
  /** Bytes of documents. */
  readonly size: number;
  /** Documents. */
  readonly max: number;
}

/** What statistics say of the limits; `scale`: bytes in the unit of sizes. */
export function capStats(cap: Cap | undefined, scale: number): Document {
  if (!cap) return { capped: false };
  return { capped: true, max: Number.isFinite(cap.max) ? cap.max : 0, maxSize: Math.floor(cap.size / scale) };
}
