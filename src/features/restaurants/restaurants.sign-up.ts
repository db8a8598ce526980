import type { Doors } from '../../kernel/context.js';
import { fail } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { modelOf } from '../../platform/model.js';
import { acrossRestaurants } from '../../platform/tenancy.js';
import { restaurants } from './restaurants.model.js';

/** Whether this server takes another restaurant; the operator decides (`SIGN_UP`). */
export async function takesSignUps({ signUp }: Pick<Doors, 'signUp'>): Promise<boolean> {
  if (signUp !== 'first') return signUp === 'open';
  const any = await acrossRestaurants('whether there is any restaurant', () => modelOf(restaurants).exists({}).exec());
  return any === null;
}

/**
 * The id of a restaurant that signs up. Where one alone is taken it is always the same, so that all who come at once meet
 * in one lane and only the first of them finds it free.
 */
export function idForSignUp({ signUp, digest }: Pick<Doors, 'signUp' | 'digest'>): string {
  return signUp === 'first' ? digest('first-restaurant', '').slice(0, 24) : newId();
}

export const signUpIsClosed = () =>
  fail('forbidden', 'This server takes no more restaurants: ask whoever runs it (its setting SIGN_UP)');
