import fc from 'fast-check';
import type { DaySpan, ItemDoc, ModifierOption } from './menu.model.js';
import {
  checkModifiers,
  circleOfGroups,
  type Group,
  inSpan,
  isSoldOut,
  type ModifierChoice,
  unitPrice,
  whyUnavailable,
} from './menu.rules.js';

const zones = ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
const zone = fc.constantFrom(...zones);
const moment = fc.date({
  min: new Date('2020-01-01T00:00:00Z'),
  max: new Date('2030-01-01T00:00:00Z'),
  noInvalidDate: true,
});
const minutes = fc.integer({ min: 0, max: 1439 });
const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const weekdays = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 });
const everyDay = [1, 2, 3, 4, 5, 6, 7];

/** The minute of the local week by the platform's own calendar, independent of the rules' one. */
function minuteOfWeek(at: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday'));
  return day * 1440 + Number(part('hour')) * 60 + Number(part('minute'));
}

describe('stretches of the day', () => {
  it('hold exactly the minutes of the week that begin on their days, past midnight too', () => {
    fc.assert(
      fc.property(moment, zone, weekdays, minutes, minutes, (at, timeZone, days, from, to) => {
        const length = to > from ? to - from : to - from + 1440;
        const now = minuteOfWeek(at, timeZone);
        const expected = days.some((day) => (now - ((day - 1) * 1440 + from) + 2 * 10_080) % 10_080 < length);
        expect(inSpan({ weekdays: days, from: clock(from), to: clock(to) }, at, timeZone)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('and their rest share every moment out', () => {
    fc.assert(
      fc.property(moment, zone, minutes, minutes, (at, timeZone, from, to) => {
        fc.pre(from !== to);
        const span: DaySpan = { weekdays: everyDay, from: clock(from), to: clock(to) };
        const rest: DaySpan = { weekdays: everyDay, from: clock(to), to: clock(from) };
        expect(inSpan(span, at, timeZone)).toBe(!inSpan(rest, at, timeZone));
      }),
    );
  });

  it('follow the wall clock on the nights when it changes', () => {
    const late: DaySpan = { weekdays: [6], from: '22:00', to: '03:00' };
    const at = (iso: string) => inSpan(late, new Date(iso), 'Europe/Paris');
    // 29 March 2026: 01:59 is followed by 03:00, so Saturday's stretch ends with its fourth hour.
    expect([at('2026-03-28T21:00:00Z'), at('2026-03-29T00:59:00Z'), at('2026-03-29T01:00:00Z')]).toEqual([
      true,
      true,
      false,
    ]);
    // 25 October 2026: 02:30 comes twice, and both times belong to it.
    expect([at('2026-10-25T00:30:00Z'), at('2026-10-25T01:30:00Z'), at('2026-10-25T02:00:00Z')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(at('2026-10-25T21:00:00Z')).toBe(false);
  });
});

const dish: Pick<ItemDoc, 'archived' | 'availability'> = {
  archived: false,
  availability: { channels: ['dine-in', 'takeaway'], dayparts: [] },
};
const noon = new Date('2026-03-10T11:00:00Z');

describe('availability', () => {
  it('of an 86 with an end comes back at that very moment, without an end never', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: -100_000, max: 100_000 }), (until, offset) => {
        const at = new Date(until.getTime() + offset);
        expect(isSoldOut({ soldOut: { until } }, at)).toBe(offset < 0);
        expect(isSoldOut({ soldOut: { until: null } }, at)).toBe(true);
      }),
    );
    expect(isSoldOut({}, noon)).toBe(false);
  });

  it('names the reason', () => {
    const lunch: DaySpan = { weekdays: [2], from: '11:30', to: '15:00' };
    const why = (change: Partial<ItemDoc>, channel: 'dine-in' | 'delivery' = 'dine-in') =>
      whyUnavailable({ ...dish, ...change }, channel, noon, 'Europe/Paris');
    expect(why({})).toBeUndefined();
    expect(why({ archived: true })).toBe('archived');
    expect(why({ soldOut: { until: null } })).toBe('sold_out');
    expect(why({}, 'delivery')).toBe('not_on_this_channel');
    const dayparts = [lunch];
    expect(why({ availability: { channels: ['dine-in'], dayparts } })).toBeUndefined();
    expect(why({ availability: { channels: ['dine-in'], dayparts: [{ ...lunch, weekdays: [3] }] } })).toBe(
      'not_at_this_time',
    );
  });
});

describe('the price of one', () => {
  const moment = { channel: 'dine-in' as const, at: noon, timeZone: 'Europe/Paris', currency: 'EUR' };
  const plain: Pick<ItemDoc, 'sizes' | 'priceRules'> = { sizes: [], priceRules: [] };
  const always = { name: 'All day', weekdays: everyDay, from: '00:00', to: '00:00' };

  it('is of the size, for the channel, and the first rule that applies counts', () => {
    const item = { ...plain, price: 1_000, channelPrices: { takeaway: 900 } };
    expect(unitPrice(item, undefined, moment)).toBe(1_000);
    expect(unitPrice(item, undefined, { ...moment, channel: 'takeaway' })).toBe(900);
    const size = { id: 's', name: 'Large', price: 1_400, channelPrices: { delivery: 1_600 } };
    expect(unitPrice({ ...plain, sizes: [size] }, size, moment)).toBe(1_400);
    expect(unitPrice({ ...plain, sizes: [size] }, size, { ...moment, channel: 'delivery' })).toBe(1_600);
    const delivery = { ...always, channels: ['delivery' as const], price: 1 };
    const priceRules = [delivery, { ...always, price: 700 }, { ...always, percentOff: 50 }];
    expect(unitPrice({ ...item, priceRules }, undefined, moment)).toBe(700);
  });

  it('with percent off is a whole number of minor units between nothing and the usual price', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), fc.integer({ min: 1, max: 100 }), (price, percentOff) => {
        const reduced = unitPrice({ ...plain, price, priceRules: [{ ...always, percentOff }] }, undefined, moment);
        expect(Number.isInteger(reduced)).toBe(true);
        expect(Math.abs(reduced - (price * (100 - percentOff)) / 100)).toBeLessThanOrEqual(0.5);
        expect(reduced).toBeGreaterThanOrEqual(0);
        expect(reduced).toBeLessThanOrEqual(price);
      }),
    );
  });
});

interface Shape {
  options: { price: number; nested: number[] }[];
  min: number;
  max: number;
}

/** Groups that lead only to later ones: a forest of nested groups without circles. */
const forest = fc
  .array(
    fc.record({
      options: fc.array(
        fc.record({
          price: fc.integer({ min: 0, max: 5_000 }),
          nested: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      min: fc.integer({ min: 0, max: 2 }),
      max: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((shapes: Shape[]) => {
    const groups = shapes.map(({ options, min, max }, at): Group => {
      const most = Math.min(max, options.length);
      return {
        ...{ _id: `g${at}`, name: `Group ${at}`, min: Math.min(min, most), max: most },
        options: options.map(({ price, nested }, index) => ({
          ...{ id: `o${at}.${index}`, name: `Option ${at}.${index}`, price, default: false, soldOut: false },
          nestedGroupIds: nested
            .map((step) => at + step)
            .filter((to) => to < shapes.length)
            .map((to) => `g${to}`),
        })),
      };
    });
    return new Map(groups.map((group) => [group._id, group]));
  });

/** A legal choice for a forest, made by decisions drawn beforehand. */
function choose(groups: ReadonlyMap<string, Group>, offered: string[], decisions: readonly number[]): ModifierChoice[] {
  let next = 0;
  const draw = (from: number, to: number): number =>
    from + ((decisions[next++ % decisions.length] ?? 0) % (to - from + 1));
  const choices: ModifierChoice[] = [];
  const seen = new Set<string>();
  const open = [...offered];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    const group = groups.get(id);
    if (group === undefined || seen.has(id)) continue;
    seen.add(id);
    const start = draw(0, group.options.length - 1);
    const rotated = [...group.options.slice(start), ...group.options.slice(0, start)];
    for (const option of rotated.slice(0, draw(group.min, group.max))) {
      choices.push({ groupId: id, optionId: option.id, quantity: 1 });
      open.push(...option.nestedGroupIds);
    }
  }
  return choices;
}

const decisions = fc.array(fc.nat(), { minLength: 12, maxLength: 30 });
const optionOf = (groups: ReadonlyMap<string, Group>, choice: ModifierChoice): ModifierOption => {
  const option = groups.get(choice.groupId)?.options.find((one) => one.id === choice.optionId);
  if (option === undefined) throw new Error('no such option');
  return option;
};

describe('modifiers', () => {
  it('chosen within the rules are all priced, once each, in any order', () => {
    fc.assert(
      fc.property(forest, decisions, fc.boolean(), (groups, drawn, backwards) => {
        const choices = choose(groups, ['g0'], drawn);
        const check = checkModifiers(['g0'], groups, backwards ? [...choices].reverse() : choices);
        if (!('modifiers' in check)) throw new Error(JSON.stringify(check));
        const total = (priced: readonly { price: number; quantity: number }[]) =>
          priced.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
        expect(check.modifiers).toHaveLength(choices.length);
        expect(total(check.modifiers)).toBe(
          choices.reduce((sum, choice) => sum + optionOf(groups, choice).price * choice.quantity, 0),
        );
      }),
    );
  });

  it('are refused with one too many, one twice, one sold out, or one of a closed group', () => {
    fc.assert(
      fc.property(forest, decisions, (groups, drawn) => {
        const choices = choose(groups, ['g0'], drawn);
        fc.pre(choices.length > 0);
        const [first, ...others] = choices as [ModifierChoice, ...ModifierChoice[]];
        const refused = (changed: readonly ModifierChoice[], by = groups) =>
          !('modifiers' in checkModifiers(['g0'], by, changed));
        expect(refused([...choices, first])).toBe(true);
        expect(refused([{ ...first, quantity: 100 }, ...others])).toBe(true);
        expect(refused([...choices, { groupId: 'elsewhere', optionId: 'x', quantity: 1 }])).toBe(true);
        expect(refused([{ ...first, optionId: 'x' }, ...others])).toBe(true);
        const group = groups.get(first.groupId) as Group;
        const options = group.options.map((option) => ({ ...option, soldOut: option.id === first.optionId }));
        const check = checkModifiers(['g0'], new Map(groups).set(group._id, { ...group, options }), choices);
        expect('soldOut' in check).toBe(true);
      }),
    );
  });

  const option = (id: string, more: Partial<ModifierOption> = {}): ModifierOption => ({
    ...{ id, name: id, price: 100, default: false, soldOut: false, nestedGroupIds: [] },
    ...more,
  });
  const named = (...all: Group[]) => new Map(all.map((group) => [group._id, group]));

  it('of a required group left open are its defaults, unless those are sold out', () => {
    const group: Group = {
      _id: 'g',
      name: 'Milk',
      min: 1,
      max: 1,
      options: [option('whole', { default: true }), option('oat')],
    };
    expect(checkModifiers(['g'], named(group), [])).toMatchObject({
      modifiers: [{ groupId: 'g', optionId: 'whole', quantity: 1, name: 'whole', price: 100 }],
    });
    const gone = { ...group, options: [option('whole', { default: true, soldOut: true }), option('oat')] };
    expect(checkModifiers(['g'], named(gone), [])).toEqual({
      wrong: { field: 'modifiers', message: 'Milk: choose at least 1, not 0' },
    });
  });

  it('of a nested group are open once the option that leads there is chosen', () => {
    const sides: Group = {
      _id: 's',
      name: 'Side',
      min: 0,
      max: 1,
      options: [option('fries', { nestedGroupIds: ['d'] }), option('rice')],
    };
    const dips: Group = { _id: 'd', name: 'Dip', min: 0, max: 2, options: [option('mayo')] };
    const groups = named(sides, dips);
    const mayo = { groupId: 'd', optionId: 'mayo', quantity: 2 };
    expect('modifiers' in checkModifiers(['s'], groups, [mayo, { groupId: 's', optionId: 'fries', quantity: 1 }])).toBe(
      true,
    );
    expect(checkModifiers(['s'], groups, [{ groupId: 's', optionId: 'rice', quantity: 1 }, mayo])).toMatchObject({
      wrong: { field: 'modifiers.1.groupId' },
    });
  });
});

describe('nesting', () => {
  it('without a way back has no circle; with one the circle is named', () => {
    fc.assert(
      fc.property(forest, fc.nat(), (groups, pick) => {
        expect(circleOfGroups(groups)).toBeUndefined();
        const links = [...groups.values()].flatMap((group) =>
          group.options.flatMap((option) => option.nestedGroupIds.map((to) => [group._id, to] as const)),
        );
        fc.pre(links.length > 0);
        const [from, to] = links[pick % links.length] as readonly [string, string];
        const inner = groups.get(to) as Group;
        const options = inner.options.map((option) => ({
          ...option,
          nestedGroupIds: [...option.nestedGroupIds, from],
        }));
        const circle = circleOfGroups(new Map(groups).set(to, { ...inner, options })) ?? [];
        expect(circle.length).toBeGreaterThan(1);
        expect(circle.at(0)).toBe(circle.at(-1));
      }),
    );
  });
});
