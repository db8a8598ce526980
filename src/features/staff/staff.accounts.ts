import { fail } from '../../kernel/errors.js';
import { modelOf } from '../../platform/model.js';
import { acrossRestaurants } from '../../platform/tenancy.js';
import { type StaffDoc, staff } from './staff.model.js';

/** The one active person, of any restaurant, who logs in with this address. */
export async function findByEmail(email: string): Promise<StaffDoc | undefined> {
  const found = await acrossRestaurants('an e-mail address is unique over all restaurants', () =>
    // Addresses stored before inputs were normalised may be decomposed.
    modelOf(staff)
      .findOne({ email: { $in: [email, email.normalize('NFD')] }, active: true })
      .lean()
      .exec(),
  );
  return (found ?? undefined) as StaffDoc | undefined;
}

/** @throws duplicate, naming the field */
export function checkEmailIsFree(taken: StaffDoc | undefined, ownId?: string, field = 'email'): void {
  if (taken === undefined || taken._id === ownId) return;
  const message = 'belongs to another account';
  throw fail('duplicate', `This e-mail address ${message}`, { errors: [{ field, message }] });
}
