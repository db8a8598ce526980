import { randomFillSync } from 'node:crypto';

/** Random bytes in store: asking for eight at a time would cost more than all the rest. */
const store = Buffer.alloc(4_096);
let used = store.length;

/** 13 hex digits that nobody can foresee. */
function randomDigits(): string {
  if (used + 8 > store.length) {
    randomFillSync(store);
    used = 0;
  }
  const digits = store.toString('hex', used, used + 8).slice(0, 13);
  used += 8;
  return digits;
}

/**
 * A new id: 24 hex digits, of which the first eleven tell the moment (seconds, as in an ObjectId, then milliseconds) and
 * the others are random: ids sort by age and index inserts stay at the right edge, and who has seen some can foresee none
 * (ADR 17). Kept as a string everywhere: what the wire shows is what the database holds.
 */
export function newId(): string {
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  return seconds.toString(16).padStart(8, '0') + (now % 1000).toString(16).padStart(3, '0') + randomDigits();
}

export const idPattern = /^[0-9a-f]{24}$/;
