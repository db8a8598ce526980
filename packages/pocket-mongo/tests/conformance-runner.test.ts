import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report } from '../conformance/report.js';
import { runFolder, type TestResult } from '../conformance/runner.js';

/** A test of the unified format that inserts a document, with what it expects of the events and the collection. */
function inserting(description: string, expected: { outcome?: object[]; events?: object[]; operations?: object[] }) {
  return {
    description,
    operations: expected.operations ?? [
      { name: 'insertOne', object: 'collection', arguments: { document: { _id: 2, price: { $numberLong: '7' } } } },
    ],
    ...(expected.events ? { expectEvents: [{ client: 'client', events: expected.events }] } : {}),
    ...(expected.outcome
      ? { outcome: [{ collectionName: 'dishes', databaseName: 'kitchen', documents: expected.outcome }] }
      : {}),
  };
}

const insertEvent = (documents: unknown) => ({
  commandStartedEvent: { commandName: 'insert', command: { insert: 'dishes', documents } },
});

function fileOf(tests: object[], more: object = {}) {
  return {
    description: 'dishes',
    schemaVersion: '1.9',
    createEntities: [
      { client: { id: 'client', observeEvents: ['commandStartedEvent'] } },
      { database: { id: 'database', client: 'client', databaseName: 'kitchen' } },
      { collection: { id: 'collection', database: 'database', collectionName: 'dishes' } },
    ],
    initialData: [{ collectionName: 'dishes', databaseName: 'kitchen', documents: [{ _id: 1 }] }],
    tests,
    ...more,
  };
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pocket-mongo-tests-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function run(name: string, file: object, filter?: string): Promise<TestResult[]> {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, JSON.stringify(file));
  return await runFolder({ folder, ...(filter === undefined ? {} : { filter }) });
}

const outcomes = (results: TestResult[]) => results.map(({ test, outcome }) => `${test}: ${outcome}`);

test('a right expectation passes and a wrong one fails, with its place', async () => {
  const results = await run(
    'deep/insert.json',
    fileOf([
      inserting('right outcome', { outcome: [{ _id: 1 }, { _id: 2, price: 7 }] }),
      inserting('wrong outcome', { outcome: [{ _id: 1 }, { _id: 2, price: 8 }] }),
      inserting('too little', { outcome: [{ _id: 1 }] }),
      inserting('a field more', { outcome: [{ _id: 1 }, { _id: 2 }] }),
      inserting('right event', { events: [insertEvent([{ _id: 2, price: { $$type: 'long' } }])] }),
      inserting('wrong event', { events: [insertEvent([{ _id: 2, price: { $$exists: false } }])] }),
      inserting('no event', { events: [] }),
    ]),
  );
  expect(outcomes(results)).toEqual([
    'right outcome: passed',
    'wrong outcome: failed',
    'too little: failed',
    'a field more: failed',
    'right event: passed',
    'wrong event: failed',
    'no event: failed',
  ]);
  expect(results[1]).toMatchObject({ file: 'deep/insert.json', reason: expect.stringContaining('[1].price') });
});

test('errors must come when they are expected and only then, as they are expected', async () => {
  const again = { name: 'insertOne', object: 'collection', arguments: { document: { _id: 1 } } };
  const expecting = (expectError: object) =>
    inserting(JSON.stringify(expectError), { operations: [{ ...again, expectError }] });
  const results = await run(
    'errors.json',
    fileOf([
      expecting({ errorCode: 11000, isClientError: false, errorContains: 'e11000' }),
      expecting({ errorCode: 11001 }),
      expecting({ isClientError: true }),
      expecting({ errorLabelsContain: ['TransientTransactionError'] }),
      inserting('unexpected', { operations: [again] }),
      inserting('ignored', { operations: [{ ...again, ignoreResultAndError: true }] }),
      inserting('missing', { operations: [{ name: 'find', object: 'collection', expectError: { isError: true } }] }),
    ]),
  );
  expect(results.map(({ outcome }) => outcome)).toEqual([
    'passed',
    'failed',
    'failed',
    'failed',
    'failed',
    'passed',
    'failed',
  ]);
});

test('results are compared as deep as they are expected', async () => {
  const finding = (expectResult: unknown) =>
    inserting(JSON.stringify(expectResult), {
      operations: [{ name: 'find', object: 'collection', arguments: { filter: {} }, expectResult }],
    });
  const results = await run(
    'results.json',
    fileOf([finding([{ _id: 1 }]), finding([{ _id: { $$type: 'string' } }]), finding([]), finding([{}]), finding({})]),
  );
  expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'failed', 'failed', 'passed', 'failed']);
});

test('requirements that are not met are skipped with the reason, and counted', async () => {
  const results = await run(
    'requirements.json',
    fileOf([
      { ...inserting('on shards', {}), runOnRequirements: [{ topologies: ['sharded'] }] },
      { ...inserting('on old servers', {}), runOnRequirements: [{ maxServerVersion: '4.4.99' }] },
      { ...inserting('with users', {}), runOnRequirements: [{ csfle: true, topologies: ['single'] }, { auth: true }] },
      { ...inserting('here', {}), runOnRequirements: [{ topologies: ['single'] }, { minServerVersion: '8.0' }] },
    ]),
  );
  expect(results.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
    'topology: sharded',
    'server version: at most 4.4.99',
    'auth: enabled',
    'passed',
  ]);
  const lines: string[] = [];
  report([...results, { file: 'f', test: 't', outcome: 'failed', reason: 'why' }], (line) => lines.push(line));
  expect(lines.slice(0, 2)).toEqual(['FAILED f: t', '       why']);
  expect(lines).toContain('     1  topology: sharded');
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 3 skipped');
});

test('what is not understood is refused, which the tests for runners ask for', async () => {
  const strange = (operation: object) => fileOf([inserting('strange', { operations: [operation] })]);
  const unknown = { name: 'dance', object: 'collection', expectError: { isError: true } };
  expect(outcomes(await run('unknown.json', strange(unknown)))).toEqual(['strange: failed']);
  expect(outcomes(await run('unified-valid-fail/unknown.json', strange(unknown), 'unified-valid-fail'))).toEqual([
    'strange: passed',
  ]);
  const fine = { name: 'find', object: 'collection' };
  expect(outcomes(await run('unified-valid-fail/fine.json', strange(fine), 'fine.json'))).toEqual(['strange: failed']);
  const malformed = { name: 'insertOne', object: 'collection', arguments: { meal: 1 }, ignoreResultAndError: true };
  expect(outcomes(await run('valid-fail/malformed.json', strange(malformed), 'malformed'))).toEqual([
    'strange: passed',
  ]);
  const newer = { ...strange(fine), schemaVersion: '2.0' };
  expect(outcomes(await run('newer.json', newer, 'newer.json'))).toEqual(['(whole file): failed']);
});

test('what a bulk write over the client did is compared without what the driver adds', async () => {
  const update = { namespace: 'kitchen.dishes', filter: { _id: 1 }, update: { $set: { price: 7 } } };
  const bulk = (updateResult: object) => ({
    name: 'clientBulkWrite',
    object: 'client',
    arguments: { models: [{ updateOne: update }], verboseResults: true },
    expectResult: { updateResults: { 0: updateResult } },
  });
  const tests = [
    inserting('right', { operations: [bulk({ matchedCount: 1, modifiedCount: 1 })] }),
    inserting('wrong', { operations: [bulk({ matchedCount: 1, modifiedCount: 0 })] }),
  ];
  expect(outcomes(await run('bulk.json', fileOf(tests)))).toEqual(['right: passed', 'wrong: failed']);
});

test('no connection is made for a client before its test needs one', async () => {
  const client = { id: 'idle', observeEvents: ['connectionCreatedEvent'] };
  const file = fileOf([
    { ...inserting('idle', {}), expectEvents: [{ client: 'idle', eventType: 'cmap', events: [] }] },
  ]);
  const results = await run('idle.json', { ...file, createEntities: [...file.createEntities, { client }] });
  expect(outcomes(results)).toEqual(['idle: passed']);
});

test('a test that counts what is heard of the server gets the pace of the driver', async () => {
  const unknown = { serverDescriptionChangedEvent: { newDescription: { type: 'Unknown' } } };
  const data = { failCommands: ['insert'], blockConnection: true, blockTimeMS: 300, closeConnection: true };
  const insert = (_id: number) => ({ name: 'insertOne', object: 'collection', arguments: { document: { _id } } });
  const ofRunner = (name: string, args: object) => ({
    name,
    object: 'testRunner',
    arguments: { client: 'client', ...args },
  });
  const operations = [
    insert(2),
    ofRunner('failPoint', { failPoint: { configureFailPoint: 'failCommand', mode: { times: 1 }, data } }),
    insert(3),
    ofRunner('waitForEvent', { event: unknown, count: 1 }),
    insert(4),
    ofRunner('assertEventCount', { event: unknown, count: 1 }),
  ];
  const file = fileOf([inserting('lost', { operations })]);
  const [, ...others] = file.createEntities;
  const client = { id: 'client', observeEvents: ['serverDescriptionChangedEvent'] };
  expect(outcomes(await run('lost.json', { ...file, createEntities: [{ client }, ...others] }))).toEqual([
    'lost: passed',
  ]);
});

test('the choice of a server to connect to is not in the log of a test', async () => {
  const message = (text: string) => ({
    level: 'debug',
    component: 'serverSelection',
    data: { message: `Server selection ${text}`, operation: 'insert' },
  });
  const logged = {
    ...inserting('chosen', {}),
    expectLogMessages: [{ client: 'client', messages: [message('started'), message('succeeded')] }],
  };
  const file = fileOf([logged]);
  const [, ...others] = file.createEntities;
  const observing = { client: { id: 'client', observeLogMessages: { serverSelection: 'debug' } } };
  expect(outcomes(await run('chosen.json', { ...file, createEntities: [observing, ...others] }))).toEqual([
    'chosen: passed',
  ]);
});

test('a lost connection that the driver hides in its log is skipped', async () => {
  const logged = {
    ...inserting('logged', {
      operations: [
        {
          name: 'failPoint',
          object: 'testRunner',
          arguments: {
            client: 'client',
            failPoint: {
              configureFailPoint: 'failCommand',
              mode: { times: 1 },
              data: { failCommands: ['saslStart'], closeConnection: true },
            },
          },
        },
        {
          name: 'runCommand',
          object: 'database',
          arguments: { commandName: 'saslStart', command: { saslStart: 1 } },
          expectError: { isClientError: true },
        },
      ],
    }),
    expectLogMessages: [
      {
        client: 'client',
        ignoreExtraMessages: true,
        ignoreMessages: [
          { level: 'debug', component: 'command', data: { message: 'Command started' } },
          { level: 'debug', component: 'command', data: { commandName: 'configureFailPoint' } },
        ],
        messages: [
          {
            level: 'debug',
            component: 'command',
            data: { commandName: 'saslStart', failure: { $$exists: true } },
            failureIsRedacted: false,
          },
        ],
      },
    ],
  };
  const ofLogs = fileOf([logged]);
  const [, ...others] = ofLogs.createEntities;
  const observing = { client: { id: 'client', observeLogMessages: { command: 'debug' } } };
  const name = 'logged.json';
  const results = await run(name, { ...ofLogs, createEntities: [observing, ...others] }, name);
  expect(results[0]).toMatchObject({
    outcome: 'skipped',
    reason: 'driver: redacts also what happened to the connection',
  });
});

test('what the driver or a set of one member cannot do is skipped with its reason', async () => {
  const find = { name: 'find', object: 'collection' };
  const timed = inserting('timed', { operations: [{ ...find, arguments: { filter: {}, timeoutMS: 50 } }] });
  const [skipped] = await run('timeouts.json', fileOf([timed]));
  expect(skipped).toMatchObject({ outcome: 'skipped', reason: 'driver: timeoutMS has no effect in its version 7' });
  const scripted = {
    ...find,
    arguments: { filter: { $where: 'sleep(2000) || true' } },
    expectError: { isError: true },
  };
  const [script] = await run('script.json', fileOf([inserting('script', { operations: [scripted] })]), 'script.json');
  expect(script).toMatchObject({ outcome: 'skipped', reason: 'server: runs no scripts' });
  const members = await run('sdam/logging-replicaset.json', fileOf([inserting('three', {})]), 'logging-replicaset');
  expect(members[0]).toMatchObject({ outcome: 'skipped', reason: 'topology: replica set of several members' });
});

test('what the driver tells otherwise than the specifications is compared as they have it', async () => {
  const client = (models: object[], more: object, expectation: object) => ({
    name: 'clientBulkWrite',
    object: 'client',
    arguments: { models, ...more },
    ...expectation,
  });
  const insert = (_id: number) => ({ insertOne: { namespace: 'kitchen.dishes', document: { _id } } });
  const update = { updateOne: { namespace: 'kitchen.dishes', filter: { _id: 1 }, update: { $set: { price: 1 } } } };
  const updated = (result: object) => ({
    expectResult: { updateResults: { 0: { matchedCount: 1, modifiedCount: 1, ...result } } },
  });
  const failing = (name: string, data: object, times = 1) => ({
    name: 'failPoint',
    object: 'testRunner',
    arguments: { client: 'client', failPoint: { configureFailPoint: name, mode: { times }, data } },
  });
  const lost = failing('failCommand', {
    failCommands: ['bulkWrite'],
    writeConcernError: { code: 100, errmsg: 'lost' },
  });
  const lostTwice = failing('failCommand', { failCommands: ['insert'], closeConnection: true }, 2);
  const bulk = (expectResult: object) => ({
    name: 'bulkWrite',
    object: 'collection',
    arguments: { requests: [{ insertOne: { document: { _id: 2 } } }] },
    expectError: { isError: true, expectResult },
  });
  const zero = {
    insertedCount: 0,
    matchedCount: 0,
    modifiedCount: 0,
    deletedCount: 0,
    upsertedCount: 0,
    upsertedIds: {},
  };
  const unset = { $$unsetOrMatches: { insertedCount: { $$exists: false } } };
  const fieldsForList = { updateMany: { filter: {}, update: { $set: { a: 1 } } }, deleteMany: { filter: {} } };
  const tests: [string, object[]][] = [
    ['update', [client([update], { verboseResults: true }, updated({}))]],
    ['update with more', [client([update], { verboseResults: true }, updated({ upsertedId: 1 }))]],
    ['nothing written', [client([insert(1)], { verboseResults: true }, { expectError: { expectResult: unset } })]],
    ['one written', [client([insert(2), insert(1)], {}, { expectError: { expectResult: unset } })]],
    ['write concern', [lost, client([insert(2)], {}, { expectError: { writeConcernErrors: [{ errmsg: 'lost' }] } })]],
    ['other text', [lost, client([insert(2)], {}, { expectError: { writeConcernErrors: [{ errmsg: 'found' }] } })]],
    ['nothing inserted', [lostTwice, bulk({ ...zero, insertedIds: {} })]],
    ['sent is not inserted', [lostTwice, bulk({ ...zero, insertedIds: { 0: 2 } })]],
    ['fields for a list', [{ name: 'bulkWrite', object: 'collection', arguments: { requests: fieldsForList } }]],
  ];
  const file = fileOf(tests.map(([description, operations]) => inserting(description, { operations })));
  expect(outcomes(await run('deviations.json', { ...file, schemaVersion: 1 }))).toEqual([
    'update: passed',
    'update with more: failed',
    'nothing written: passed',
    'one written: failed',
    'write concern: passed',
    'other text: failed',
    'nothing inserted: passed',
    'sent is not inserted: failed',
    'fields for a list: passed',
  ]);
});

test('a download that lacks its end is skipped: the driver does not notice', async () => {
  const at = { databaseName: 'kitchen', collectionName: 'fs.files' };
  const file = { _id: 1, length: 8, chunkSize: 4, uploadDate: { $date: '2026-01-01T00:00:00Z' }, filename: 'menu' };
  const chunk = { _id: 1, files_id: 1, n: 0, data: { $binary: { base64: 'AAECAw==', subType: '00' } } };
  const read = { name: 'download', object: 'bucket', arguments: { id: 1 }, expectError: { isError: true } };
  const results = await run('download.json', {
    ...fileOf([inserting('cut', { operations: [read] })]),
    createEntities: [
      { client: { id: 'client' } },
      { database: { id: 'database', client: 'client', databaseName: 'kitchen' } },
      { bucket: { id: 'bucket', database: 'database' } },
    ],
    initialData: [
      { ...at, documents: [file] },
      { ...at, collectionName: 'fs.chunks', documents: [chunk] },
    ],
  });
  expect(results[0]?.reason).toBe('driver: a download does not notice that its last chunks are missing');
});
