import { randomBytes } from 'node:crypto';

const process5 = randomBytes(5).toString('hex');
let counter = randomBytes(3).readUIntBE(0, 3);

/**
 * A new id: 24 hex digits laid out as an ObjectId (seconds, process, counter), so ids of one process sort by age and
 * index inserts stay at the right edge. Kept as a string everywhere: what the wire shows is what the database holds.
 */
export function newId(): string {
  counter = (counter + 1) & 0xffffff;
  const seconds = Math.floor(Date.now() / 1000);
  return seconds.toString(16).padStart(8, '0') + process5 + counter.toString(16).padStart(6, '0');
}

export const idPattern = /^[0-9a-f]{24}$/;
