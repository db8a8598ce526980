import type { Doc, Kind, Reads } from '../../kernel/documents.js';
import { fail, invalid } from '../../kernel/errors.js';
import { folded, id } from '../../kernel/schema.js';
import { staff } from '../staff/index.js';

export const waiterField = id('the waiter').allow(null).required().description('Id of the waiter; null: nobody');

/** Names of tables, and of sections, are unique in a restaurant. @throws duplicate */
export function checkNameIsFree<T extends Doc & { name: string }>(
  kind: Kind<T>,
  all: readonly T[],
  name: string,
  ownId: string | undefined,
): void {
  const taken = all.some((doc) => doc._id !== ownId && folded(doc.name) === folded(name));
  if (taken)
    throw fail('duplicate', `There is a ${kind.title} ${name} already`, {
      errors: [{ field: 'name', message: 'is taken' }],
    });
}

/** @throws validation_failed when nobody active has this id */
export async function checkWaiter(ctx: Reads, waiterId: string | null): Promise<void> {
  if (waiterId === null) return;
  const member = await ctx.lookup(staff, waiterId);
  if (member === undefined) throw invalid('waiterId', 'is nobody of the staff');
  if (!member.active) throw invalid('waiterId', `${member.name} no longer works here`);
}

/** A section or table given to a waiter, or to nobody. */
export function withWaiter<T extends Doc & { waiterId?: string }>(doc: T, waiterId: string | null): T {
  if (waiterId !== null) return { ...doc, waiterId };
  const { waiterId: _nobody, ...rest } = doc;
  return rest as T;
}
