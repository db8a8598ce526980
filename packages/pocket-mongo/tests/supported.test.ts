import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Document } from 'mongodb';
import { REGISTRIES, supportedNames, supportedText } from '../src/supported/supported.js';
import { openDatabase, type Thing } from './database.js';
import * as examples from './supported-examples.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.dropDatabase();
  await database.db.createCollection('renamed');
  await database.db.collection<Thing>('c').insertMany([
    { _id: 1, n: 1, a: 1, list: [1, 2] },
    { _id: 2, n: 2, a: 3, list: [2, 3] },
  ]);
});

const things = () => database.db.collection<Thing>('c');

function names(kind: string, supported: boolean): string[] {
  return (supportedNames().get(kind) ?? []).filter((one) => one.supported === supported).map(({ name }) => name);
}

function exampleOf(of: examples.Examples, name: string): unknown {
  if (!Object.hasOwn(of, name)) throw new Error(`no example for ${name}`);
  return of[name];
}

function filterWith(name: string, argument: unknown): Document {
  if (examples.TOP_LEVEL.includes(name) || ['$where', '$text'].includes(name)) return { [name]: argument };
  return { a: { [name]: argument, ...(name === '$options' ? { $regex: 'a' } : {}) } };
}

const query = (name: string, argument: unknown) => things().find(filterWith(name, argument)).toArray();

const expression = (name: string, argument: unknown) =>
  database.db.aggregate([{ $documents: [{}] }, { $project: { value: { [name]: argument } } }]).toArray();

const accumulator = (name: string, argument: unknown) =>
  things()
    .aggregate([{ $group: { _id: null, value: { [name]: argument } } }])
    .toArray();

const WINDOW = { window: { documents: [-1, 0] } };

const windowFunction = (name: string, argument: unknown) =>
  things()
    .aggregate([
      {
        $setWindowFields: {
          sortBy: { n: 1 },
          output: { value: { [name]: argument, ...(name === '$derivative' ? WINDOW : {}) } },
        },
      },
    ])
    .toArray();

async function stage(name: string, argument: unknown): Promise<unknown> {
  const pipeline = [{ [name]: argument }];
  if (name === '$changeStream') return await database.db.command({ aggregate: 'c', pipeline, cursor: {} });
  if (name === '$changeStreamSplitLargeEvent')
    return await database.db.command({ aggregate: 'c', pipeline: [{ $changeStream: {} }, ...pipeline], cursor: {} });
  if (name === '$currentOp' || name === '$listLocalSessions')
    return await database.client.db('admin').aggregate(pipeline).toArray();
  if (name === '$listSessions')
    return await database.client.db('config').collection('system.sessions').aggregate(pipeline).toArray();
  return await (name === '$documents' ? database.db : things()).aggregate(pipeline).toArray();
}

/** Commands that need a cursor or a transaction of their own. */
async function command(name: string): Promise<unknown> {
  if (name === 'getMore') return await things().find({}, { batchSize: 1 }).toArray();
  if (name === 'commitTransaction' || name === 'abortTransaction')
    return await database.client.withSession(async (session) => {
      session.startTransaction();
      await things().insertOne({ n: 9 }, { session });
      await (name === 'commitTransaction' ? session.commitTransaction() : session.abortTransaction());
    });
  const { $db, ...given } = examples.commandExamples[name] ?? { [name]: 1 };
  return await database.client.db($db ?? 'test').command(given);
}

test('the documentation is made from the code', () => {
  const file = fileURLToPath(new URL('../docs/supported.md', import.meta.url));
  expect(readFileSync(file, 'utf8')).toBe(supportedText());
});

test.each(Object.entries(REGISTRIES))('%s: all that the code has is a name of MongoDB, listed once', (kind, own) => {
  const listed = (supportedNames().get(kind) ?? []).map(({ name }) => name);
  expect(own.filter((name) => !listed.includes(name))).toEqual([]);
  expect(listed).toEqual([...new Set(listed)]);
});

describe('what is said to be supported runs', () => {
  test.each(names('Query operators', true))('query operator %s', async (name) => {
    await query(name, exampleOf(examples.queryExamples, name));
  });

  test.each(names('Projection operators', true))('projection operator %s', async (name) => {
    const projection = examples.projectionExamples[name] as Document;
    expect(await things().findOne({ _id: 2, list: 2 }, { projection })).toMatchObject({ list: [2] });
  });

  test.each(names('Update operators', true))('update operator %s', async (name) => {
    const update = { [name]: exampleOf(examples.updateExamples, name) };
    expect(await things().updateOne({ _id: 1 }, update as Document)).toMatchObject({ matchedCount: 1 });
  });

  test.each(names('Modifiers of $push', true))('modifier %s', async (name) => {
    const argument = { $each: [3], [name]: exampleOf(examples.pushExamples, name) };
    await things().updateOne({ _id: 1 }, { $push: { list: argument } } as Document);
    expect((await things().findOne({ _id: 1 }))?.list).toContain(name === '$slice' ? 1 : 3);
  });

  test.each(names('Aggregation stages', true))('stage %s', async (name) => {
    await stage(name, exampleOf(examples.stageExamples, name));
  });

  test.each(names('Expression operators', true))('expression %s', async (name) => {
    const [row] = await expression(name, exampleOf(examples.expressionExamples, name));
    expect(row).toHaveProperty('value');
  });

  test.each(names('Accumulators', true))('accumulator %s', async (name) => {
    const [row] = await accumulator(name, exampleOf(examples.accumulatorExamples, name));
    expect(row).toHaveProperty('value');
  });

  test.each(names('Window functions', true))('window function %s', async (name) => {
    const [row] = await windowFunction(name, exampleOf(examples.windowExamples, name));
    expect(row).toHaveProperty('value');
  });

  test.each(names('Commands', true))('command %s', async (name) => {
    await command(name);
  });
});

describe('what is not supported is an error that names it', () => {
  /** 238 NotImplemented, or as MongoDB without Atlas refuses search. */
  const refused = (name: string) => ({
    code: /search/i.test(name) ? 31082 : 238,
    message: expect.stringMatching(new RegExp(`\\${name}\\b.* not implemented by pocket-mongo`)),
  });

  test.each(names('Query operators', false))('query operator %s', async (name) => {
    await expect(query(name, {})).rejects.toMatchObject(refused(name));
  });

  test.each(names('Projection operators', false))('projection operator %s', async (name) => {
    const found = things().findOne({}, { projection: { value: { [name]: 'textScore' } } });
    await expect(found).rejects.toMatchObject({ message: expect.stringContaining(name.slice(1)) });
  });

  test.each(names('Aggregation stages', false))('stage %s', async (name) => {
    await expect(stage(name, {})).rejects.toMatchObject(refused(name));
  });

  test.each(names('Expression operators', false))('expression %s', async (name) => {
    await expect(expression(name, 'textScore')).rejects.toMatchObject(refused(name));
  });

  test.each(names('Accumulators', false))('accumulator %s', async (name) => {
    await expect(accumulator(name, {})).rejects.toMatchObject(refused(name));
  });

  // Drivers and tools go on without a command that is not found.
  test.each(names('Commands', false))('command %s', async (name) => {
    const sent = database.client.db('admin').command({ [name]: 1 });
    const error: { code: number; message: string } = await sent.catch((reason) => reason);
    expect([59, 238, 31082]).toContain(error.code);
    expect(error.message).toContain(name);
  });
});
