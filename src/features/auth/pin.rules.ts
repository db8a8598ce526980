import type { PinPadDoc } from './auth.model.js';

/** What wrong PINs count against. ADR "Choose the person, then the PIN" has the odds. */
type Tried = Pick<PinPadDoc, 'wrongAt' | 'lockedUntil'>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What a wrong PIN costs a device: one tried without a person is tried on all of them at once. */
const WEIGHT = { alone: 2, chosen: 1 } as const;
const DEVICE = { most: 10, withinMs: 15 * MINUTE, lockMs: 15 * MINUTE } as const;
/** Wrong PINs of one person before each further one makes the next wait twice as long, from a minute to an hour. */
const PERSON_FREE = 5;
const PERSON_KEPT_MS = 24 * HOUR;
/** Wrong PINs without a person in a whole restaurant; then the person must be chosen. */
const RESTAURANT = { mostInHour: 20, mostInDay: 60 } as const;

const since = (wrongAt: readonly Date[], now: Date, ms: number) =>
  wrongAt.filter((at) => now.getTime() - at.getTime() < ms);

/** Seconds for which no PIN is taken; 0 when it is. */
export function lockedSeconds(tried: Pick<Tried, 'lockedUntil'> | undefined, now: Date): number {
  const left = (tried?.lockedUntil?.getTime() ?? 0) - now.getTime();
  return Math.max(0, Math.ceil(left / 1000));
}

/**
 * A device's pad after one more wrong PIN: the fifth without a person, or the tenth with one, within 15 minutes locks it
 * for 15. A right PIN does not start the count anew, or whoever has one could try others for each time they enter it.
 */
export function afterWrongAtDevice(wrongAt: readonly Date[], now: Date, how: keyof typeof WEIGHT): Tried {
  const times = Array.from({ length: WEIGHT[how] }, () => now);
  const recent = [...since(wrongAt, now, DEVICE.withinMs), ...times];
  if (recent.length < DEVICE.most) return { wrongAt: recent };
  return { wrongAt: [], lockedUntil: new Date(now.getTime() + DEVICE.lockMs) };
}

/** A person after one more wrong PIN, wherever it was. Their own right one starts the count anew. */
export function afterWrongOfPerson(wrongAt: readonly Date[], now: Date): Tried {
  const recent = [...since(wrongAt, now, PERSON_KEPT_MS), now];
  const over = recent.length - PERSON_FREE;
  if (over < 0) return { wrongAt: recent };
  const waitMs = Math.min(HOUR, MINUTE * 2 ** over);
  return { wrongAt: recent, lockedUntil: new Date(now.getTime() + waitMs) };
}

/** A restaurant after one more wrong PIN without a person. */
export function afterWrongAlone(wrongAt: readonly Date[], now: Date): Tried {
  const day = [...since(wrongAt, now, 24 * HOUR), now];
  const hour = since(day, now, HOUR);
  const ends = [endOf(hour, RESTAURANT.mostInHour, HOUR), endOf(day, RESTAURANT.mostInDay, 24 * HOUR)].flatMap(
    (end) => end ?? [],
  );
  if (ends.length === 0) return { wrongAt: day };
  return { wrongAt: day, lockedUntil: new Date(Math.max(...ends)) };
}

/** When so many in a window become one fewer; undefined while there are fewer. */
function endOf(times: readonly Date[], most: number, windowMs: number): number | undefined {
  const oldest = times.at(-most);
  return oldest === undefined ? undefined : oldest.getTime() + windowMs;
}
