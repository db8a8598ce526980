import Joi from 'joi';
import { features } from '../../src/features.js';
import { BrigadeError } from '../../src/kernel/errors.js';
import { id, note } from '../../src/kernel/schema.js';
import { measure } from '../../src/runtime/budget.js';
import { longListsOf } from '../../src/runtime/long-lists.js';
import { shapeOf } from '../../src/runtime/shape.js';
import { assertShape, validated, validatedInput } from '../../src/runtime/validation.js';

/** What a refusal says, however the input is validated. */
async function refusalOf(schema: Joi.ObjectSchema, input: unknown): Promise<BrigadeError> {
  const error = await validatedInput(schema, input).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BrigadeError);
  expect(() => validated(schema, input)).toThrow(BrigadeError);
  return error as BrigadeError;
}

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
const wide = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, 0]));
const repeated = (length: number, item: unknown) => Array.from({ length }, () => item);

/** A megabyte, or near it, of what costs most. */
const hostile: [string, unknown][] = [
  ['a list of zeros', repeated(500_000, 0)],
  ['a list of empty objects', repeated(340_000, {})],
  ['a list of lists', repeated(340_000, [])],
  ['nested lists', nested(500_000)],
  ['a text of a megabyte', 'x'.repeat(1_000_000)],
  ['lists in lists', repeated(1_000, repeated(500, 0))],
];

describe('a megabyte of anything', () => {
  let looks = 0;
  const counted = <T extends Joi.Schema>(schema: T) =>
    schema.custom((value) => {
      looks += 1;
      return value;
    }) as T;
  const schema = Joi.object({
    name: counted(Joi.string().max(80)),
    codes: Joi.array().items(counted(Joi.any())).max(50).unique(),
    lines: Joi.array()
      .items(Joi.object({ id: counted(id('a line')), note: note(), tags: Joi.array().items(Joi.string()).max(10) }))
      .max(100)
      .unique('id', { ignoreUndefined: true }),
  });

  it.each([...hostile, ['90,000 fields', wide(90_000)] as const])(
    '%s is refused after a look at few of its values',
    async (_what, monster) => {
      for (const input of [
        { name: monster },
        { codes: monster },
        { lines: monster },
        { lines: [{ id: monster }] },
        { lines: [{ tags: monster }] },
        { lines: repeated(100, { note: monster }) },
        { surprise: [monster, monster] },
        wide(90_000),
      ]) {
        looks = 0;
        const { code, details } = await refusalOf(schema, input);
        expect(code).toBe('validation_failed');
        expect(details.errors?.[0]?.field).toMatch(/^(name|codes|lines|surprise|k\d)/);
        expect(JSON.stringify(details).length).toBeLessThan(16_000);
        expect(looks).toBeLessThan(500);
      }
    },
  );

  // Reading fields through a proxy is slow, and their number does not matter to the walk.
  it.each([...hostile, ['2,000 fields', wide(2_000)] as const])(
    '%s ends the walk early in every operation of ours',
    (_what, monster) => {
      for (const { name, input } of features.flatMap((feature) => feature.operations)) {
        const shape = shapeOf(input);
        const fields = [...(shape.keys?.keys() ?? [])];
        for (const given of [monster, { surprise: monster }, ...fields.map((field) => ({ [field]: monster }))]) {
          let seen = 0;
          const spied = spy(given, () => {
            seen += 1;
          });
          try {
            measure(spied, shape);
          } catch (error) {
            expect(error).toBeInstanceOf(BrigadeError);
          }
          // What a batch holds is walked further: its commands' own budgets come after it.
          expect([name, seen < (name === 'sync:submit' ? 60_000 : 3_000)]).toEqual([name, true]);
        }
      }
    },
  );
});

/** Counts the values read out of lists; objects' fields are few but for `wide`, where the walk stops as well. */
function spy(value: unknown, onRead: () => void): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, name) {
      const found = Reflect.get(target, name);
      if (name === 'length') return found;
      onRead();
      return spy(found, onRead);
    },
  });
}

describe('what is over budget is named', () => {
  const schema = Joi.object({
    name: Joi.string().trim().max(5),
    lines: Joi.array().items(Joi.object({ note: note(10), tags: Joi.array().items(Joi.string()).max(2) })),
  });

  it.each([
    [
      'a list',
      { lines: [{ tags: ['a', 'b', 'c'] }] },
      'lines.0.tags',
      'lines[0].tags must contain less than or equal to 2',
    ],
    ['a text', { lines: [{}, { note: 'x'.repeat(11) }] }, 'lines.1.note', 'lines[1].note length must be less than'],
    ['nesting', { lines: nested(40) }, 'lines.0.0', 'is nested too deep'],
    ['a field of every object', JSON.parse('{"lines":[{"__proto__":{}}]}'), 'lines.0.__proto__', 'is not allowed'],
  ])('%s', async (_what, input, field, message) => {
    const { details } = await refusalOf(schema, input);
    expect(details.errors).toEqual([
      { field: expect.stringContaining(field), message: expect.stringContaining(message) },
    ]);
  });

  it('a few unknown and wrong fields are all named', async () => {
    const { details } = await refusalOf(schema, { colour: 'red', size: 1, name: 5 });
    expect(details.errors?.map(({ field }) => field).sort()).toEqual(['colour', 'name', 'size']);
  });

  it('spaces around a text do not count', () => {
    expect(validated(schema, { name: `${' '.repeat(500)}soup` })).toEqual({ name: 'soup' });
  });

  it('long names and texts are not repeated', async () => {
    const { details } = await refusalOf(schema, { ['k'.repeat(10_000)]: 1 });
    expect(JSON.stringify(details).length).toBeLessThan(1_000);
    expect(details.detail).toMatch(/^k+… is not allowed$/);
    const { details: other } = await refusalOf(Joi.object({ code: Joi.string().pattern(/^a$/) }), {
      code: 'b'.repeat(900),
    });
    expect(JSON.stringify(other).length).toBeLessThan(1_000);
  });
});

describe('in slices', () => {
  const schema = Joi.object({
    mode: Joi.string().valid('a', 'b').default('a'),
    file: Joi.object({
      items: Joi.array()
        .items(Joi.object({ code: Joi.string().trim().required(), price: Joi.number().default(0) }))
        .max(2_000)
        .unique('code')
        .required(),
    }),
  });
  const items = (change: (item: Record<string, unknown>, i: number) => object = (item) => item) =>
    Array.from({ length: 1_000 }, (_, i) => change({ code: ` c${i} ` }, i));
  const whole = (input: unknown) => schema.validate(input, { abortEarly: false, errors: { wrap: { label: false } } });

  it('the result is that of one go', async () => {
    const input = { file: { items: items() } };
    expect(await validatedInput(schema, input)).toEqual(whole(input).value);
    expect(input.file.items[3]).toEqual({ code: ' c3 ' });
  });

  it('rules of the whole list hold for what was made of its items', async () => {
    const input = { file: { items: items((item, i) => (i === 900 ? { code: 'c7' } : item)) } };
    const { details } = await refusalOf(schema, input);
    expect(details.errors).toEqual([
      { field: 'file.items.900', message: 'file.items[900] contains a duplicate value' },
    ]);
  });

  it('twenty wrong fields are named, as in one go', async () => {
    const input = { file: { items: items((item, i) => (i % 9 === 0 ? { price: 1 } : item)) } };
    const { details } = await refusalOf(schema, input);
    const first = whole(input).error?.details.slice(0, 20) ?? [];
    expect(details.errors).toEqual(first.map(({ path, message }) => ({ field: path.join('.'), message })));
  });

  it('what is wrong beside the list is named as well', async () => {
    const { details } = await refusalOf(schema, { mode: 'c', file: { items: items() } });
    expect(details.errors?.map(({ field }) => field)).toEqual(['mode']);
  });

  it('everything else gets its turn in between', async () => {
    let turns = 0;
    const slow = Joi.object({ list: Joi.array().items(Joi.string().custom(busy)).max(1_000) });
    let going = true;
    const count = () => {
      turns += 1;
      if (going) setImmediate(count);
    };
    setImmediate(count);
    await validatedInput(slow, { list: Array.from({ length: 500 }, () => 'x') });
    going = false;
    // Half a millisecond each: 250 ms of work, and no slice is much longer than five.
    expect(turns).toBeGreaterThan(20);
  });

  it('an output is checked to its last item', async () => {
    const output = Joi.object({ items: Joi.array().items(Joi.object({ n: Joi.number() })) });
    const list = Array.from({ length: 200 }, (_, n) => ({ n }));
    await expect(assertShape(output, { items: list }, 'answer')).resolves.toBeUndefined();
    const wrong = [...list, { n: 'a lot' }];
    await expect(assertShape(output, { items: wrong }, 'answer')).rejects.toThrow('items.200');
  });
});

function busy(value: string): string {
  const end = performance.now() + 0.5;
  while (performance.now() < end);
  return value;
}

describe('the schemas of all operations', () => {
  const operations = features.flatMap((feature) => feature.operations).map((one) => [one.name, one] as const);

  it.each(operations)(
    '%s: its example is within its budget, whole and in slices',
    (_name, { input, output, example }) => {
      expect(measure(example.input, shapeOf(input))).toBeGreaterThan(0);
      expect(longListsOf(input).frame.validate(example.input).error).toBeUndefined();
      expect(longListsOf(output).frame.validate(example.output, { convert: false }).error).toBeUndefined();
    },
  );
});
