import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import Joi from 'joi';
import { SchemaBook } from './json-schema.js';

/** The JSON Schema of one joi schema, whole: with its named types. */
function described(schema: Joi.Schema, mode: 'in' | 'out' = 'in') {
  const book = new SchemaBook();
  const root = book.add(schema, mode, 'test');
  return { root, types: book.finish() };
}

/** Judges values by the JSON Schema of a joi schema. */
function judge(schema: Joi.Schema, mode: 'in' | 'out' = 'in'): (value: unknown) => boolean {
  const { root, types } = described(schema, mode);
  const ajv = new Ajv2020({ strict: false });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv.compile({ allOf: [root], components: { schemas: types } });
}

const id = Joi.string().pattern(/^[0-9a-f]{24}$/, 'id');
const money = Joi.object({
  amount: Joi.number().integer().required(),
  currency: Joi.string().valid('EUR', 'USD').required(),
}).meta({ typeName: 'Money' });

const given = (is: string, then: Joi.Schema) => ({ is, then });

describe('the JSON Schema of a joi schema judges as joi does', () => {
  const cases: [string, Joi.Schema, unknown[]][] = [
    ['text', Joi.string(), ['a', '', null, 5]],
    ['text that may be empty', Joi.string().allow(''), ['a', '', null]],
    ['text of a length', Joi.string().min(2).max(3), ['a', 'ab', 'abc', 'abcd']],
    ['text of a length or empty', Joi.string().min(2).allow(''), ['', 'a', 'ab']],
    ['exact length', Joi.string().length(2), ['a', 'ab', 'abc']],
    ['pattern', id, ['66f1a2b3c4d5e6f708192a3b', '66F1A2B3C4D5E6F708192A3B', '']],
    ['two patterns', Joi.string().pattern(/a/).pattern(/b/), ['a', 'b', 'ab']],
    ['inverted pattern', Joi.string().pattern(/^x/, { invert: true }), ['ax', 'xa']],
    ['hex', Joi.string().hex(), ['0aF', 'xyz']],
    ['ISO time', Joi.string().isoDate(), ['2026-11-21T19:30:00.000Z', 'tomorrow']],
    ['e-mail', Joi.string().email({ tlds: false }), ['ada@example.org', 'ada']],
    ['whole number', Joi.number().integer().min(1).max(3), [0, 1, 3, 4, 1.5, null]],
    ['integer named last', Joi.number().min(1).integer(), [1, 1.5]],
    ['open limits', Joi.number().greater(1).less(3), [1, 2, 3]],
    ['sign and step', Joi.number().positive().multiple(5), [0, 5, 7, -5]],
    ['truth', Joi.boolean(), [true, false, null, 1]],
    ['values', Joi.string().valid('a', 'b'), ['a', 'b', 'c', '', null]],
    ['values or null', Joi.string().valid('a', null), ['a', null, 'b']],
    ['one value', Joi.boolean().valid(true), [true, false]],
    ['text or null', Joi.string().allow(null), ['a', null, 5]],
    ['text or a number by name', Joi.string().allow(5), ['a', 5, 6]],
    ['forbidden values', Joi.string().invalid('root'), ['root', 'ada']],
    ['list', Joi.array().items(Joi.number()).min(1).max(2), [[], [1], [1, 2], [1, 2, 3], ['a']]],
    ['list of two kinds', Joi.array().items(Joi.number(), Joi.boolean()), [[1, true], ['a']]],
    [
      'list without repetition',
      Joi.array().items(Joi.number()).unique(),
      [
        [1, 2],
        [1, 1],
      ],
    ],
    ['nothing', Joi.object({}), [{}, { a: 1 }]],
    ['anything', Joi.object(), [{}, { a: 1 }, []]],
    [
      'fields',
      Joi.object({ a: Joi.number().required(), b: Joi.string() }),
      [{}, { a: 1 }, { a: 1, b: 'b' }, { a: 1, c: 1 }],
    ],
    ['open fields', Joi.object({ a: Joi.number() }).unknown(), [{ a: 1, c: 1 }, { a: 'x' }]],
    ['forbidden field', Joi.object({ a: Joi.forbidden() }).unknown(), [{}, { a: 1 }, { b: 1 }]],
    ['named keys', Joi.object().pattern(Joi.string(), Joi.number()), [{ a: 1 }, { a: 'x' }]],
    ['closed keys', Joi.object().pattern(Joi.string().valid('a', 'b'), Joi.number()), [{ a: 1 }, { c: 1 }]],
    ['keys by pattern', Joi.object().pattern(/^x/, Joi.number()), [{ xa: 1 }, { a: 1 }, { xa: 'x' }]],
    ['number of keys', Joi.object().min(1).max(2), [{}, { a: 1 }, { a: 1, b: 1, c: 1 }]],
    [
      'named type',
      Joi.object({ price: money.required() }),
      [{ price: { amount: 1, currency: 'EUR' } }, { price: {} }, {}],
    ],
    ['named type or null', Joi.object({ price: money.allow(null) }), [{ price: null }, { price: 5 }, {}]],
    ['alternatives', Joi.alternatives().try(Joi.number(), Joi.boolean()), [1, true, 'a']],
    ['default', Joi.object({ a: Joi.number().default(1) }), [{}, { a: 2 }, { a: 'x' }]],
    ...dependencies(),
  ];

  test.each(cases)('%s', (_name, schema, values) => {
    const judged = values.map(judge(schema));
    expect(judged).toEqual(values.map((value) => schema.validate(value, { convert: false }).error === undefined));
    expect(new Set(judged).size).toBe(2);
  });

  function dependencies(): [string, Joi.Schema, unknown[]][] {
    const ab = Joi.object({ a: Joi.number(), b: Joi.number(), c: Joi.number() });
    const values = [{}, { a: 1 }, { b: 1 }, { a: 1, b: 1 }, { a: 1, c: 1 }, { a: 1, b: 1, c: 1 }, { c: 1 }];
    const kind = Joi.string().valid('dine-in', 'takeaway');
    const byKind = { ...given('dine-in', Joi.required()), otherwise: Joi.forbidden() };
    const tables = [
      {},
      { kind: 'dine-in' },
      { kind: 'dine-in', table: 1 },
      { kind: 'takeaway' },
      { kind: 'takeaway', table: 1 },
      { table: 1 },
    ];
    return [
      ['or', ab.or('a', 'b'), values],
      ['xor', ab.xor('a', 'b'), values],
      ['oxor', ab.oxor('a', 'b'), values],
      ['and', ab.and('a', 'b'), values],
      ['nand', ab.nand('a', 'b'), values],
      ['with', ab.with('a', 'b'), values],
      ['without', ab.without('a', ['b', 'c']), values],
      ['two of them', ab.or('a', 'b').with('a', 'c'), values],
      ['when', Joi.object({ kind: kind.required(), table: Joi.number().when('kind', byKind) }), tables],
      [
        'when the other has a default',
        Joi.object({ kind: kind.default('dine-in'), table: Joi.number().when('kind', byKind) }),
        tables,
      ],
      [
        'when with switch',
        Joi.object({
          kind,
          table: Joi.when('kind', {
            switch: [given('dine-in', Joi.number().required()), given('takeaway', Joi.string())],
          }),
        }),
        [...tables, { kind: 'takeaway', table: 'a' }, { kind: 'dine-in', table: 'a' }],
      ],
    ];
  }
});

describe('what a client sends and what it receives', () => {
  const options = Joi.object({ size: Joi.string().default('m') }).meta({ typeName: 'Options' });

  test('a field with a default is always received', () => {
    expect(judge(options, 'in')({})).toBe(true);
    expect(judge(options, 'out')({})).toBe(false);
  });

  test('a type that differs is named Input in the form sent, and so is what contains it', () => {
    const book = new SchemaBook();
    const order = Joi.object({ options: options.required() }).meta({ typeName: 'Order' });
    const sent = book.add(order, 'in', 'test in');
    const received = book.add(order, 'out', 'test out');
    const types = book.finish();
    expect(Object.keys(types)).toEqual(['Options', 'OptionsInput', 'Order', 'OrderInput']);
    expect([sent.$ref, received.$ref]).toEqual(['#/components/schemas/OrderInput', '#/components/schemas/Order']);
    expect(types.OrderInput?.properties?.options).toEqual({ $ref: '#/components/schemas/OptionsInput' });
  });

  test('a type used one way only keeps its name', () => {
    expect(Object.keys(described(options).types)).toEqual(['Options']);
  });
});

describe('named types', () => {
  test('presence, null, description and default belong to the place, not to the type', () => {
    const { root, types } = described(
      Joi.object({ a: money.required().description('Price'), b: money.allow(null), c: Joi.array().items(money) }),
    );
    expect(Object.keys(types)).toEqual(['Money']);
    expect(root.properties).toEqual({
      a: { $ref: '#/components/schemas/Money', description: 'Price' },
      b: { anyOf: [{ $ref: '#/components/schemas/Money' }, { type: 'null' }] },
      c: { type: 'array', items: { $ref: '#/components/schemas/Money' } },
    });
  });

  test('one name for two schemas is an error that names both places', () => {
    const other = Joi.object({ cents: Joi.number() }).meta({ typeName: 'Money' });
    const book = new SchemaBook();
    book.add(money, 'in', 'order:place input');
    expect(() => book.add(Joi.object({ price: other }), 'in', 'menu:add input')).toThrow(
      /menu:add input\.price.*Money.*order:place input/,
    );
  });
});

test.each<[string, Joi.Schema, RegExp]>([
  ['a check in code', Joi.object({ a: Joi.string().custom((value) => value) }), /test\.a: the rule custom/],
  [
    'a limit in another field',
    Joi.object({ a: Joi.number(), b: Joi.number().min(Joi.ref('a')) }),
    /test\.b: the rule min/,
  ],
  ['a type without JSON form', Joi.object({ a: Joi.binary() }), /test\.a: type binary/],
  ['a rule unknown here', Joi.array().items(Joi.string().creditCard()), /test\[\]: the rule creditCard/],
  ['a flag unknown here', Joi.object({ a: Joi.string().strip() }), /test\.a: the flag result/],
  ['a pattern with flags', Joi.string().pattern(/a/i), /test: the flags of the pattern/],
])('%s is an error that names the place', (_name, schema, message) => {
  expect(() => described(schema)).toThrow(message);
});

test('a check in code is fine when the description says it', () => {
  const zone = Joi.string()
    .custom((value) => value)
    .description('IANA time zone');
  expect(described(zone).root).toEqual({ type: 'string', minLength: 1, description: 'IANA time zone' });
});

test('what must not repeat within a list is said in words', () => {
  const taxes = Joi.array()
    .items(Joi.object({ code: Joi.string() }))
    .unique('code')
    .description('Kinds of tax');
  expect(described(taxes).root.description).toBe('Kinds of tax; no two have the same `code`');
});
