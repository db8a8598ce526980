import { type Collection, type Document, Double, type MongoServerError, ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;

beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

async function validated(validator: object, options: object = {}): Promise<Collection<Thing>> {
  return database.db.createCollection<Thing>(`things${new ObjectId().toHexString()}`, { validator, ...options });
}

/** The error that a call ends with. */
async function failure(call: Promise<unknown>): Promise<MongoServerError> {
  return call.then(
    (result) => {
      throw new Error(`succeeded with ${JSON.stringify(result)}`);
    },
    (error) => error as MongoServerError,
  );
}

const PRICED = { $jsonSchema: { required: ['price'], properties: { price: { bsonType: 'int', minimum: 0 } } } };

describe('a validator', () => {
  test('refuses inserts, updates, replacements and upserts with 121', async () => {
    const things = await validated(PRICED);
    await things.insertOne({ _id: 1, price: 5 });
    const two: Document = { _id: 2 };
    for (const call of [
      things.insertOne({ _id: 2 }),
      things.updateOne({ _id: 1 }, { $set: { price: -1 } }),
      things.replaceOne({ _id: 1 }, { cost: 1 }),
      things.updateOne({ _id: 3 }, { $set: { price: 'x' } }, { upsert: true }),
      things.findOneAndUpdate({ _id: 1 }, { $unset: { price: '' } }),
      things.updateOne({ _id: 1 }, [{ $set: { price: 'x' } }]),
      things.bulkWrite([{ insertOne: { document: { _id: 2 } } }]),
      database.client.bulkWrite([{ namespace: things.namespace, name: 'insertOne', document: two }]),
    ]) {
      const error = await failure(call);
      const code =
        error.code ?? (error as unknown as { writeErrors: Map<number, { code: number }> }).writeErrors.get(0)?.code;
      expect(code).toBe(121);
    }
    expect(await things.find().toArray()).toEqual([{ _id: 1, price: 5 }]);
  });

  test('says in errInfo what was wrong', async () => {
    const things = await validated({
      $jsonSchema: {
        title: 'dish',
        required: ['name', 'price'],
        additionalProperties: false,
        properties: {
          _id: {},
          name: { bsonType: 'string' },
          price: { bsonType: 'double', minimum: 0, description: 'what it costs' },
          tags: { type: 'array', items: { enum: ['hot', 'cold'] }, uniqueItems: true },
        },
      },
    });
    const error = await failure(things.insertOne({ _id: 1, price: new Double(-1.5), tags: ['hot', 'new'], extra: 1 }));
    expect(error.code).toBe(121);
    expect(error.message).toBe('Document failed validation');
    expect(error.errInfo).toEqual({
      failingDocumentId: 1,
      details: {
        operatorName: '$jsonSchema',
        title: 'dish',
        schemaRulesNotSatisfied: [
          { operatorName: 'required', specifiedAs: { required: ['name', 'price'] }, missingProperties: ['name'] },
          {
            operatorName: 'additionalProperties',
            specifiedAs: { additionalProperties: false },
            additionalProperties: ['extra'],
          },
          {
            operatorName: 'properties',
            propertiesNotSatisfied: [
              {
                propertyName: 'price',
                description: 'what it costs',
                details: [
                  {
                    operatorName: 'minimum',
                    specifiedAs: { minimum: 0 },
                    reason: 'comparison failed',
                    consideredValue: -1.5,
                  },
                ],
              },
              {
                propertyName: 'tags',
                details: [
                  {
                    operatorName: 'items',
                    reason: 'At least one item did not match the sub-schema',
                    itemIndex: 1,
                    details: [
                      {
                        operatorName: 'enum',
                        specifiedAs: { enum: ['hot', 'cold'] },
                        reason: 'value was not found in enum',
                        consideredValue: 'new',
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  test('may be a filter; errInfo names the clauses that fail', async () => {
    const things = await validated({
      a: { $gt: 1 },
      $or: [{ b: { $type: 'string' } }, { $expr: { $eq: ['$b', '$a'] } }],
    });
    await things.insertMany([
      { _id: 1, a: 2, b: 'x' },
      { _id: 2, a: 2, b: 2 },
    ]);
    const error = await failure(things.insertOne({ _id: 3, a: 1, b: 3 }));
    expect(error.errInfo?.details).toEqual({
      operatorName: '$and',
      clausesNotSatisfied: [
        {
          index: 0,
          details: {
            operatorName: '$gt',
            specifiedAs: { a: { $gt: 1 } },
            reason: 'comparison failed',
            consideredValue: 1,
          },
        },
        {
          index: 1,
          details: {
            operatorName: '$or',
            clausesNotSatisfied: [
              {
                index: 0,
                details: {
                  operatorName: '$type',
                  specifiedAs: { b: { $type: 'string' } },
                  reason: 'type did not match',
                  consideredValue: 3,
                  consideredType: 'int',
                },
              },
              {
                index: 1,
                details: {
                  operatorName: '$expr',
                  specifiedAs: { $expr: { $eq: ['$b', '$a'] } },
                  reason: 'expression did not match',
                  expressionResult: false,
                },
              },
            ],
          },
        },
      ],
    });
    const missing = await failure(things.insertOne({ _id: 3, b: 'x' }));
    expect(missing.errInfo?.details.clausesNotSatisfied).toEqual([
      {
        index: 0,
        details: { operatorName: '$gt', specifiedAs: { a: { $gt: 1 } }, reason: 'field was missing' },
      },
    ]);
  });

  test('is not asked when the command bypasses it', async () => {
    const things = await validated(PRICED);
    const bypassDocumentValidation = true;
    const three: Document = { _id: 3 };
    await things.insertOne({ _id: 1 }, { bypassDocumentValidation });
    await things.updateOne({ _id: 1 }, { $set: { x: 1 } }, { bypassDocumentValidation });
    await things.findOneAndUpdate({ _id: 1 }, { $set: { x: 2 } }, { bypassDocumentValidation });
    await things.bulkWrite([{ insertOne: { document: { _id: 2 } } }], { bypassDocumentValidation });
    await database.client.bulkWrite([{ namespace: things.namespace, name: 'insertOne', document: three }], {
      bypassDocumentValidation,
    });
    expect(await things.find().toArray()).toEqual([{ _id: 1, x: 2 }, { _id: 2 }, { _id: 3 }]);
  });

  test('lets invalid documents change when moderate, but not become invalid', async () => {
    const things = await validated({ a: 1 }, { validationLevel: 'moderate' });
    await things.insertOne({ _id: 1, a: 2 }, { bypassDocumentValidation: true });
    await things.insertOne({ _id: 2, a: 1 });
    await things.updateOne({ _id: 1 }, { $set: { b: 1 } });
    expect((await failure(things.updateOne({ _id: 2 }, { $set: { a: 3 } }))).code).toBe(121);
    expect((await failure(things.insertOne({ a: 3 }))).code).toBe(121);
  });

  test('can be off, or warn, or be changed by collMod', async () => {
    const things = await validated({ a: 1 }, { validationLevel: 'off' });
    await things.insertOne({ _id: 1 });
    await database.db.command({ collMod: things.collectionName, validationLevel: 'strict' });
    expect((await failure(things.insertOne({ _id: 2 }))).code).toBe(121);
    await database.db.command({ collMod: things.collectionName, validationAction: 'warn' });
    await things.insertOne({ _id: 2 });
    await database.db.command({ collMod: things.collectionName, validator: { b: 1 }, validationAction: 'error' });
    expect((await failure(things.insertOne({ _id: 3, a: 1 }))).code).toBe(121);
    await things.insertOne({ _id: 3, b: 1 });
    const [info] = await database.db.listCollections({ name: things.collectionName }).toArray();
    expect(info && 'options' in info && info.options).toEqual({
      validator: { b: 1 },
      validationLevel: 'strict',
      validationAction: 'error',
    });
  });

  test('is checked itself', async () => {
    const wrong: [object, object, number][] = [
      [{ $text: { $search: 'x' } }, {}, 2],
      [{ a: { $near: [0, 0] } }, {}, 2],
      [{ a: { $foo: 1 } }, {}, 2],
      [{ $jsonSchema: { foo: 1 } }, {}, 9],
      [{ a: 1 }, { validationLevel: 'lax' }, 2],
      [{ a: 1 }, { validationAction: 1 }, 14],
    ];
    for (const [validator, options, code] of wrong)
      expect([validator, options, (await failure(validated(validator, options))).code]).toEqual([
        validator,
        options,
        code,
      ]);
  });
});

describe('$jsonSchema', () => {
  /** Which of the values, as field `a`, a schema lets pass. */
  async function passing(schema: object, values: unknown[]): Promise<unknown[]> {
    const things = database.db.collection<Thing>(`things${new ObjectId().toHexString()}`);
    await things.insertMany(values.map((a, _id) => ({ _id, a })));
    const found = await things.find({ $jsonSchema: { properties: { a: schema } } }).toArray();
    return found.map(({ a }) => a);
  }

  const cases: [object, unknown[], unknown[]][] = [
    [{ bsonType: ['int', 'string'] }, [1, 1.5, 'x', null], [1, 'x']],
    [{ type: 'number' }, [1, 1.5, 'x'], [1, 1.5]],
    [{ type: ['boolean', 'null'] }, [true, null, 0], [true, null]],
    [{ enum: [{ x: 1, y: 2 }, 3] }, [{ y: 2, x: 1 }, 3, 4], [{ y: 2, x: 1 }, 3]],
    [{ minimum: 2 }, [1, 2, 'x'], [2, 'x']],
    [{ minimum: 2, exclusiveMinimum: true }, [2, 3], [3]],
    [{ maximum: 2, exclusiveMaximum: true }, [1, 2], [1]],
    [{ multipleOf: 0.5 }, [1, 1.5, 1.25, 'x'], [1, 1.5, 'x']],
    [{ minLength: 2, maxLength: 3 }, ['x', '😀😀', 'abcd', 5], ['😀😀', 5]],
    [{ pattern: '^a' }, ['abc', 'bca', 1], ['abc', 1]],
    [{ minItems: 1, maxItems: 2 }, [[], [1], [1, 2, 3], 'x'], [[1], 'x']],
    [
      { uniqueItems: true },
      [
        [1, 2],
        [1, 1],
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
      [[1, 2]],
    ],
    [{ items: { type: 'number' } }, [[1, 2], [1, 'x'], [], 'x'], [[1, 2], [], 'x']],
    [{ items: [{ type: 'number' }], additionalItems: false }, [[1], [1, 2], ['x']], [[1]]],
    [
      { items: [{ type: 'number' }], additionalItems: { type: 'string' } },
      [
        [1, 'x'],
        [1, 2],
      ],
      [[1, 'x']],
    ],
    [{ required: ['x', 'y'] }, [{ x: 1 }, { y: null, x: 1 }, 5], [{ y: null, x: 1 }, 5]],
    [{ minProperties: 1, maxProperties: 2 }, [{}, { x: 1 }, { x: 1, y: 1, z: 1 }], [{ x: 1 }]],
    [
      { properties: { x: { properties: { y: { type: 'string' } } } } },
      [{ x: { y: 1 } }, { x: { y: 'a' } }, { x: 1 }],
      [{ x: { y: 'a' } }, { x: 1 }],
    ],
    [
      { patternProperties: { '^n': { type: 'number' } }, additionalProperties: { type: 'string' } },
      [{ n1: 1, s: 'x' }, { n1: 'x' }, { s: 1 }],
      [{ n1: 1, s: 'x' }],
    ],
    [{ dependencies: { x: ['y'] } }, [{ x: 1 }, { x: 1, y: 1 }, { y: 1 }], [{ x: 1, y: 1 }, { y: 1 }]],
    [{ dependencies: { x: { required: ['z'] } } }, [{ x: 1 }, { x: 1, z: 1 }, {}], [{ x: 1, z: 1 }, {}]],
    [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, [0, 2, 4], [2]],
    [{ anyOf: [{ maximum: 1 }, { minimum: 3 }] }, [0, 2, 4], [0, 4]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 3 }] }, [0, 2, 4], [0, 4]],
    [{ not: { type: 'string' } }, ['x', 1], [1]],
    [{ title: 't', description: 'd' }, [1], [1]],
  ];
  test.each(cases)('%j', async (schema, values, expected) => {
    expect(await passing(schema, values)).toEqual(expected);
  });

  const refused: [object, number][] = [
    [{ foo: 1 }, 9],
    [{ $ref: '#' }, 9],
    [{ format: 'date' }, 9],
    [{ type: 'integer' }, 9],
    [{ type: 'int', bsonType: 'int' }, 9],
    [{ bsonType: 'integer' }, 2],
    [{ bsonType: 16 }, 14],
    [{ required: [] }, 9],
    [{ required: 'x' }, 14],
    [{ required: ['x', 'x'] }, 9],
    [{ enum: [] }, 9],
    [{ minimum: 'x' }, 14],
    [{ exclusiveMinimum: true }, 9],
    [{ multipleOf: 0 }, 9],
    [{ minLength: -1 }, 9],
    [{ pattern: 1 }, 14],
    [{ properties: { a: 1 } }, 14],
    [{ items: 1 }, 14],
    [{ allOf: [] }, 9],
    [{ anyOf: [1] }, 14],
    [{ not: 1 }, 14],
    [{ title: 1 }, 14],
    [{ uniqueItems: 1 }, 14],
    [{ additionalProperties: 1 }, 14],
    [{ dependencies: { a: [] } }, 9],
  ];
  test.each(refused)('%j is refused with %i', async (schema, code) => {
    const things = database.db.collection('refused');
    expect((await failure(things.find({ $jsonSchema: schema }).toArray())).code).toBe(code);
  });
});
