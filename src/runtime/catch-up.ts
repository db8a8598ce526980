import type { Reads } from '../kernel/documents.js';
import { type Head, readHead, readTouched } from './journal.js';
import type { Memory } from './memory.js';

/** Further behind, forgetting everything is cheaper. */
const MOST_ENTRIES = 100;

/**
 * Brings a lane's memory from the position it knows to the present one: what the entries of other processes have touched
 * is read again, and so are the `phantoms`, which memory shows but no commit wrote. Answers the present position.
 */
export async function catchUp(
  memory: Memory,
  from: Head,
  phantoms: Iterable<string>,
  database: Pick<Reads, 'find'>,
): Promise<Head | undefined> {
  const head = await readHead(from._id);
  const isOurs = head !== undefined && (head.epoch === from.epoch || from.n === 0);
  const touched = isOurs ? await readTouched(from, head.n, MOST_ENTRIES) : undefined;
  if (touched === undefined) memory.clear();
  else await memory.refresh(new Set([...phantoms, ...touched]), database);
  return head;
}
