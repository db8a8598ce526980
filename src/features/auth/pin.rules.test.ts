import { isTrivialPin, newPin } from '../staff/staff.pins.js';
import { afterWrongAlone, afterWrongAtDevice, afterWrongOfPerson, lockedSeconds } from './pin.rules.js';

const start = new Date('2026-05-01T17:00:00Z');
const at = (seconds: number) => new Date(start.getTime() + seconds * 1_000);

interface Tried {
  wrongAt: Date[];
  lockedUntil?: Date;
}

/** How many wrong PINs come through in so many seconds when one is tried whenever it may be. */
function triedWithin(seconds: number, after: (wrongAt: readonly Date[], now: Date) => Tried): number {
  let tried: Tried = { wrongAt: [] };
  let count = 0;
  for (let now = 0; now < seconds; now += Math.max(1, lockedSeconds(tried, at(now)))) {
    if (lockedSeconds(tried, at(now)) > 0) continue;
    tried = after(tried.wrongAt, at(now));
    count += 1;
  }
  return count;
}

const DAY = 86_400;

it('a device takes five wrong PINs without a person, or ten with one, in a quarter of an hour', () => {
  const alone = (wrongAt: readonly Date[], now: Date) => afterWrongAtDevice(wrongAt, now, 'alone');
  const chosen = (wrongAt: readonly Date[], now: Date) => afterWrongAtDevice(wrongAt, now, 'chosen');
  expect(triedWithin(900, alone)).toBe(5);
  expect(triedWithin(900, chosen)).toBe(10);
  const times = [0, 1, 2, 3].flatMap((second) => [at(second), at(second)]);
  expect(lockedSeconds(alone(times, at(4)), at(4))).toBe(900);
  expect(alone(times, at(904))).toEqual({ wrongAt: [at(904), at(904)] });
});

it('a person is waited for twice as long after each wrong PIN from the fifth on, up to an hour', () => {
  let tried: Tried = { wrongAt: [] };
  const waits: number[] = [];
  for (let n = 0; n < 14; n += 1) {
    const now = tried.lockedUntil ?? start;
    tried = afterWrongOfPerson(tried.wrongAt, now);
    waits.push(lockedSeconds(tried, now));
  }
  expect(waits).toEqual([0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
  expect(triedWithin(DAY, afterWrongOfPerson)).toBeLessThan(40);
});

it('a restaurant bears twenty wrong PINs without a person in an hour, and sixty in a day', () => {
  expect(triedWithin(3_600, afterWrongAlone)).toBe(20);
  expect(triedWithin(DAY, afterWrongAlone)).toBe(60);
  expect(triedWithin(10 * DAY, afterWrongAlone)).toBeLessThanOrEqual(600);
});

it('nothing is locked where nobody ever mistyped', () => {
  expect(lockedSeconds(undefined, start)).toBe(0);
});

it.each(['0000', '777777', '1234', '4321', '7890', '012345', '98765432', '1212', '343434', '1987', '2004', '2580'])(
  'the PIN %s is trivial',
  (pin) => expect(isTrivialPin(pin)).toBe(true),
);

it.each(['4815', '4810', '481516', '3001', '1001', '734918', '19871204'])('the PIN %s is not', (pin) =>
  expect(isTrivialPin(pin)).toBe(false),
);

it('proposes six digits, never trivial ones, spread over all', () => {
  const pins = Array.from({ length: 2_000 }, newPin);
  for (const pin of pins) expect([pin, /^\d{6}$/.test(pin) && !isTrivialPin(pin)]).toEqual([pin, true]);
  expect(new Set(pins).size).toBeGreaterThan(1_980);
  expect(new Set(pins.map((pin) => pin[0])).size).toBe(10);
});
