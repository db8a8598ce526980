import { fail } from '../../kernel/errors.js';
import type { Complain } from './menu.findings.js';

/** The most of each that a menu has. Checked where they are made, so that what is stored can be exported and imported. */
const limits = { categories: 200, modifierGroups: 500, items: 2_000 };
type Part = keyof typeof limits;
const names: Record<Part, string> = { categories: 'categories', modifierGroups: 'modifier groups', items: 'items' };

const tooMany = (part: Part): string => `a menu has at most ${limits[part]} ${names[part]}`;

/** @throws conflict when there is no room for one more; archived items do not count */
export function requireRoom(part: Part, count: number): void {
  if (count >= limits[part]) throw fail('conflict', tooMany(part));
}

/** Whether an import may leave so many; a menu from before the limit may keep what it has. */
export function checkRoom(part: Part, before: number, after: number, complain: Complain): void {
  if (after > limits[part] && after > before) complain(part, `makes ${after}; ${tooMany(part)}`);
}
