import type { Doors } from '../../kernel/context.js';
import { invalid } from '../../kernel/errors.js';
import { folded } from '../../kernel/schema.js';

const FEWEST_TO_GUESS = 4;

/** A name without what people put between and behind its words. */
const bare = (text: string) =>
  folded(text)
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/\d+$/, '');

/**
 * Refuses what is tried first: the passwords of every list, blanks, and the names that anybody sees. No rules of
 * composition, which only make people write "Password1!" (NIST SP 800-63B, 3.1.1.2).
 * @param known names and addresses of the person and the restaurant
 * @throws validation_failed, naming the field
 */
export async function checkPassword(
  { passwords }: Pick<Doors, 'passwords'>,
  password: string,
  known: readonly (string | undefined)[],
  field = 'password',
): Promise<void> {
  if (password.trim() === '') throw invalid(field, 'must be more than blanks');
  if (await passwords.isCommon(password)) throw invalid(field, 'is among those that are tried first: choose another');
  const guesses = known.flatMap((name = '') => [name, name.split('@')[0] ?? '']).map(bare);
  if (guesses.some((guess) => guess.length >= FEWEST_TO_GUESS && guess === bare(password)))
    throw invalid(field, 'is a name that everybody knows here: choose another');
}
