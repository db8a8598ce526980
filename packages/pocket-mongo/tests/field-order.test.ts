import { openDatabase } from './database.js';
import { run, textOf } from './ordered.js';
import { RawConnection } from './raw.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let connection: RawConnection;

beforeAll(async () => {
  database = await openDatabase({ memory: true, port: 0 });
  connection = await RawConnection.open(database.server.uri);
});
afterAll(async () => {
  connection.close();
  await database.close();
});
beforeEach(async () => {
  await ok('{"delete":"c","deletes":[{"q":{},"limit":0}],"$db":"test"}');
});

async function ok(command: string): Promise<string> {
  const reply = await run(connection, command);
  expect(reply).toMatch(/"ok":1/);
  expect(reply).not.toMatch(/writeErrors/);
  return reply;
}

async function insert(...documents: string[]): Promise<void> {
  await ok(`{"insert":"c","documents":[${documents.join()}],"$db":"test"}`);
}

/** The one document of a cursor's reply. */
function only(reply: string): string {
  return /"firstBatch":\[(.*)\]/.exec(reply)?.[1] ?? reply;
}

async function stored(): Promise<string> {
  return only(await ok('{"find":"c","$db":"test"}'));
}

async function updated(document: string, update: string): Promise<string> {
  await insert(document);
  await ok(`{"update":"c","updates":[{"q":{},"u":${update}}],"$db":"test"}`);
  return stored();
}

async function aggregated(document: string, ...stages: string[]): Promise<string> {
  await insert(document);
  return only(await ok(`{"aggregate":"c","pipeline":[${stages.join()}],"cursor":{},"$db":"test"}`));
}

const INNER = '{"z":1,"5":2,"3":3}';
const DOC = `{"_id":1,"b":1,"10":${INNER},"2":[{"y":1,"1":2,"0":3}],"c":4}`;

describe('updates keep the order of fields with integer-like names', () => {
  test.each([
    ['{"$set":{"c":5,"10.5":6,"2.0.1":7}}', '{"_id":1,"b":1,"10":{"z":1,"5":6,"3":3},"2":[{"y":1,"1":7,"0":3}],"c":5}'],
    [
      '{"$set":{"a":1,"11":1,"7":1,"10.a":1,"10.4":1}}',
      '{"_id":1,"b":1,"10":{"z":1,"5":2,"3":3,"4":1,"a":1},"2":[{"y":1,"1":2,"0":3}],"c":4,"7":1,"11":1,"a":1}',
    ],
    ['{"$unset":{"10.5":1,"b":1}}', '{"_id":1,"10":{"z":1,"3":3},"2":[{"y":1,"1":2,"0":3}],"c":4}'],
    ['{"$rename":{"10":"3","b":"1"}}', `{"_id":1,"2":[{"y":1,"1":2,"0":3}],"c":4,"1":1,"3":${INNER}}`],
    ['{"$inc":{"10.3":1,"10.1":1}}', '{"_id":1,"b":1,"10":{"z":1,"5":2,"3":4,"1":1},"2":[{"y":1,"1":2,"0":3}],"c":4}'],
    [
      '{"$push":{"2":{"q":1,"4":1},"1.6":{"q":1,"4":1}}}',
      `{"_id":1,"b":1,"10":${INNER},"2":[{"y":1,"1":2,"0":3},{"q":1,"4":1}],"c":4,"1":{"6":[{"q":1,"4":1}]}}`,
    ],
    ['{"c":1,"9":{"z":1,"8":1},"8":1}', '{"_id":1,"c":1,"9":{"z":1,"8":1},"8":1}'],
    [
      '[{"$set":{"7":"$10","10.9":1,"10.5":0}},{"$unset":["b","2.1"]}]',
      `{"_id":1,"10":{"z":1,"5":0,"3":3,"9":1},"2":[{"y":1,"0":3}],"c":4,"7":${INNER}}`,
    ],
    ['[{"$replaceWith":{"c":1,"4":"$10"}}]', `{"_id":1,"c":1,"4":${INNER}}`],
  ])('%s', async (update, after) => {
    expect(await updated(DOC, update)).toBe(after);
  });

  test('a field that was removed comes back as the last one', async () => {
    await updated('{"_id":1,"5":1,"a":1,"3":1}', '{"$unset":{"5":1}}');
    await ok('{"update":"c","updates":[{"q":{},"u":{"$set":{"5":2}}}],"$db":"test"}');
    expect(await stored()).toBe('{"_id":1,"a":1,"3":1,"5":2}');
  });

  test('a number in a path is a position in an array and a name in a document', async () => {
    const document = '{"_id":1,"a":[{"b":1,"0":2},{"c":1,"0":3}],"d":{"x":1,"1":{"y":1,"0":2}}}';
    expect(await updated(document, '{"$set":{"a.1.0":9,"a.0.1":9,"d.1.0":9,"d.0":9}}')).toBe(
      '{"_id":1,"a":[{"b":1,"0":2,"1":9},{"c":1,"0":9}],"d":{"x":1,"1":{"y":1,"0":9},"0":9}}',
    );
  });

  test('elements that positional operators find', async () => {
    await insert('{"_id":1,"a":[{"b":1,"0":2},{"b":2,"0":3}]}');
    const set = (u: string, more = '') =>
      ok(`{"update":"c","updates":[{"q":{"a.b":2},"u":{"$set":${u}}${more}}],"$db":"test"}`);
    await set('{"a.$.7":1}');
    await set('{"a.$[].6":1}');
    await set('{"a.$[e].5":1}', ',"arrayFilters":[{"e.0":2}]');
    expect(await stored()).toBe('{"_id":1,"a":[{"b":1,"0":2,"6":1,"5":1},{"b":2,"0":3,"7":1,"6":1}]}');
  });

  test('an upsert, and what findAndModify gives back', async () => {
    await ok(
      '{"update":"c","updates":[{"q":{"_id":1,"9":1,"8.b":1},"u":{"$set":{"8.7":1}},"upsert":true}],"$db":"test"}',
    );
    expect(await stored()).toBe('{"_id":1,"9":1,"8":{"b":1,"7":1}}');
    expect(
      await ok('{"findAndModify":"c","update":{"$set":{"a":1,"5":1}},"new":true,"fields":{"8.b":0},"$db":"test"}'),
    ).toMatch('"value":{"_id":1,"9":1,"8":{"7":1},"5":1,"a":1}');
  });

  test('an update event names fields in the order of the update', async () => {
    await insert('{"_id":1,"b":1,"5":1}');
    const events = database.db.collection('c').aggregate([{ $changeStream: {} }], { raw: true, maxAwaitTimeMS: 20 });
    expect(await events.tryNext()).toBeNull();
    await ok('{"update":"c","updates":[{"q":{},"u":{"$set":{"b":2,"7":{"z":1,"3":1}}}}],"$db":"test"}');
    expect(textOf((await events.next()) as unknown as Uint8Array)).toMatch('"updatedFields":{"b":2,"7":{"z":1,"3":1}}');
    await events.close();
  });
});

describe('reads keep the order of fields with integer-like names', () => {
  test.each([
    ['{"$project":{"c":1,"2":1,"10":{"5":1,"z":1}}}', '{"_id":1,"10":{"z":1,"5":2},"2":[{"y":1,"1":2,"0":3}],"c":4}'],
    ['{"$project":{"_id":0,"q":"$c","9":"$b","10.5":1}}', '{"10":{"5":2},"q":4,"9":1}'],
    ['{"$project":{"b":0,"10.z":0,"2":0}}', '{"_id":1,"10":{"5":2,"3":3},"c":4}'],
    ['{"$replaceRoot":{"newRoot":{"$mergeObjects":["$10",{"9":1,"8":1,"5":7}]}}}', '{"z":1,"5":7,"3":3,"9":1,"8":1}'],
    ['{"$project":{"a":{"$objectToArray":"$10"}}}', '{"_id":1,"a":[{"k":"z","v":1},{"k":"5","v":2},{"k":"3","v":3}]}'],
    ['{"$replaceWith":{"$arrayToObject":[[["z",1],["5",2],["3",3]]]}}', '{"z":1,"5":2,"3":3}'],
    ['{"$replaceWith":{"$setField":{"field":"4","input":"$10","value":"$c"}}}', '{"z":1,"5":2,"3":3,"4":4}'],
    ['{"$replaceWith":{"$unsetField":{"field":"5","input":"$10"}}}', '{"z":1,"3":3}'],
    [
      '{"$group":{"_id":{"q":"$c","9":"$b"},"n":{"$sum":1},"8":{"$push":"$10"}}}',
      `{"_id":{"q":4,"9":1},"n":1,"8":[${INNER}]}`,
    ],
    [
      '{"$facet":{"q":[{"$match":{"_id":2}}],"9":[{"$match":{"_id":2}}],"8":[{"$count":"1"}]}}',
      '{"q":[],"9":[],"8":[{"1":1}]}',
    ],
  ])('%s', async (stage, result) => {
    expect(await aggregated(DOC, stage)).toBe(result);
  });

  test('equality, order and unique keys of embedded documents go by the order of their fields', async () => {
    await ok('{"createIndexes":"c","indexes":[{"key":{"a":1},"name":"a","unique":true}],"$db":"test"}');
    await insert('{"_id":1,"a":{"z":1,"5":2}}', '{"_id":2,"a":{"5":2,"z":1}}', '{"_id":3,"a":{"z":1,"10":2}}');
    const find = async (rest: string) => only(await ok(`{"find":"c","projection":{"_id":1},${rest},"$db":"test"}`));
    for (const hint of ['{"a":1}', '{"$natural":1}']) {
      expect(await find(`"filter":{"a":{"z":1,"5":2}},"hint":${hint}`)).toBe('{"_id":1}');
      expect(await find(`"filter":{"a":{"5":2,"z":1}},"hint":${hint}`)).toBe('{"_id":2}');
      expect(await find(`"sort":{"a":1},"hint":${hint}`)).toBe('{"_id":2},{"_id":3},{"_id":1}');
    }
    const insertAgain = '{"insert":"c","documents":[{"_id":4,"a":{"z":1,"5":2}}],"$db":"test"}';
    expect(await run(connection, insertAgain)).toMatch('dup key: { a: { z: 1, 5: 2 } }');
    await ok('{"dropIndexes":"c","index":"a","$db":"test"}');
  });

  test('sorts and compound indexes go by their first field', async () => {
    await insert('{"_id":1,"b":1,"5":2}', '{"_id":2,"b":2,"5":1}', '{"_id":3,"b":1,"5":1}');
    const sorted = async () => only(await ok('{"find":"c","projection":{"_id":1},"sort":{"b":-1,"5":1},"$db":"test"}'));
    expect(await sorted()).toBe('{"_id":2},{"_id":3},{"_id":1}');
    await ok('{"createIndexes":"c","indexes":[{"key":{"b":-1,"5":1},"name":"x"}],"$db":"test"}');
    expect(await sorted()).toBe('{"_id":2},{"_id":3},{"_id":1}');
    expect(await ok('{"listIndexes":"c","$db":"test"}')).toMatch('"key":{"b":-1,"5":1}');
    await ok('{"dropIndexes":"c","index":"x","$db":"test"}');
  });
});
