import { randomInt, timingSafeEqual } from 'node:crypto';
import type { Doors } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { folded } from '../../kernel/schema.js';
import type { StaffDoc } from './staff.model.js';

type Digest = Pick<Doors, 'digest'>;
type Whose = Pick<StaffDoc, '_id' | 'restaurantId'>;

/** What is stored of a PIN: a keyed digest of it and of whose it is, so that equal PINs do not look equal. */
export const pinDigest = (doors: Digest, { _id, restaurantId }: Whose, pin: string): string =>
  doors.digest('pin', `${restaurantId}:${_id}:${pin}`);

/** Whether it is the person's PIN, in a time that does not depend on how wrong it is. */
export function isPinOf(doors: Digest, member: StaffDoc, pin: string): boolean {
  const known = Buffer.from(member.pinDigest ?? '');
  // As PINs were stored when each was one person's alone.
  const before = doors.digest('pin', `${member.restaurantId}:${pin}`);
  const forms = [pinDigest(doors, member, pin), before].map((digest) => Buffer.from(digest));
  return forms.filter((own) => own.length === known.length && timingSafeEqual(own, known)).length > 0;
}

/** The people who have this PIN. All are looked at, whoever has it, so that the time tells nothing. */
export const holdersOf = (doors: Digest, members: readonly StaffDoc[], pin: string): StaffDoc[] =>
  members.filter((member) => member.active && member.pinDigest !== undefined && isPinOf(doors, member, pin));

/** Figures on the keypad and pairs that people think of first, beside what the rules below find. */
const FAVOURITES = new Set([
  '1122',
  '2580',
  '0852',
  '1221',
  '123123',
  '321321',
  '112233',
  '123321',
  '147258',
  '159753',
]);

/** 1111, 1212; 1234, 987654, 7890; 1987 or 2004: what somebody tries first who does not know it. */
export function isTrivialPin(pin: string): boolean {
  const digits = [...pin].map(Number);
  const steps = (by: number) => digits.every((digit, i) => i === 0 || digit === ((digits[i - 1] ?? 0) + by + 10) % 10);
  const isPair = pin === pin.slice(0, 2).repeat(pin.length / 2);
  const isYear = /^(19[3-9]\d|20[01]\d)$/.test(pin);
  return steps(0) || steps(1) || steps(-1) || isPair || isYear || FAVOURITES.has(pin);
}

/** @throws validation_failed, naming the field */
export function checkPin(pin: string | null | undefined): void {
  if (pin != null && isTrivialPin(pin)) throw invalid('pin', 'is among the first that anybody tries: choose another');
}

/** Six digits that nobody would think of first. */
export function newPin(): string {
  for (;;) {
    const pin = String(randomInt(1_000_000)).padStart(6, '0');
    if (!isTrivialPin(pin)) return pin;
  }
}

/**
 * Two people who log in on the pad may not bear one name: nobody could tell there whom to choose. It is never the PINs
 * that are compared, or whoever sets one would learn whether somebody has it.
 * @throws duplicate, naming the field
 */
export function checkNameOnPad(members: readonly StaffDoc[], own: Pick<StaffDoc, '_id' | 'name'>): void {
  const name = folded(own.name);
  const same = members.some(
    (member) =>
      member._id !== own._id && member.active && member.pinDigest !== undefined && folded(member.name) === name,
  );
  if (!same) return;
  const message = 'is that of somebody else with a PIN';
  throw fail('duplicate', `This name ${message}: on the pad they could not be told apart`, {
    errors: [{ field: 'name', message }],
  });
}
