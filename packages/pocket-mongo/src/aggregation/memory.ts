import { encode } from '../bson/encode.js';
import type { Document } from '../bson/values.js';
import { memoryLimit } from '../plan/memory-limit.js';

/** How much a stage holds. Without disk use it is counted and limited; with it, nothing is counted. */
export class Memory {
  constructor(private readonly allowDiskUse: boolean) {}

  /** A counter for one run of a stage. */
  of(stage: string): (row: Document) => void {
    if (this.allowDiskUse) return () => undefined;
    const hold = memoryLimit(stage);
    return (row) => hold(encode(row).length);
  }
}
