import fc from 'fast-check';
import { decode } from '../../src/bson/decode.js';
import { encode } from '../../src/bson/encode.js';
import { openDatabase } from '../database.js';
import { bytesOf, run, textOf } from '../ordered.js';
import { RawConnection } from '../raw.js';
import { runs, TIMEOUT } from './reference/generate.js';

/**
 * Names like "10" are array indices to JavaScript, which would move them. So everything is done twice: with names that
 * begin with a letter (A10), which JavaScript leaves alone, and with numbers (110) instead; replies and events must be the
 * same but for that. All have one length, so that they sort alike as numbers, as texts and as the names they stand for.
 */
const numbered = (text: string) => text.replace(/A(\d\d)/g, '1$1');

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

const name = fc.constantFrom('A10', 'A20', 'A30', 'b', 'c');
const scalar = fc.constantFrom('0', '1', '2', '"A10"', 'null');

const { document } = fc.letrec<{ document: string; value: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('document')),
  document: fc
    .uniqueArray(fc.tuple(name, tie('value')), { selector: ([one]) => one, maxLength: 5 })
    .map((fields) => `{${fields.map(([one, value]) => `"${one}":${value}`).join()}}`),
}));
const value = fc.oneof(scalar, document);
/** Never through `arr`: there a number is a position, and A10 is none. */
const path = fc.array(name, { minLength: 1, maxLength: 2 }).map((names) => names.join('.'));
const fieldsOf = (inner: fc.Arbitrary<string>, names: fc.Arbitrary<string> = path) =>
  fc
    .uniqueArray(fc.tuple(names, inner), { selector: ([one]) => one, minLength: 1, maxLength: 4 })
    .map((fields) => `{${fields.map(([one, of]) => `"${one}":${of}`).join()}}`);

const row = fc
  .tuple(document, fc.array(document, { maxLength: 2 }))
  .map(([fields, arr]) => `"arr":[${arr.join()}]${fields === '{}' ? '' : ','}${fields.slice(1)}`);

const reference = fc.oneof(
  path.map((one) => `"$${one}"`),
  fc.constantFrom('"$$ROOT"', '"$arr"', '{"$first":"$arr"}'),
);
const expression: fc.Arbitrary<string> = fc.oneof(
  reference,
  document.map((one) => `{"$literal":${one}}`),
  fieldsOf(reference, name),
  fc.tuple(reference, document).map(([a, b]) => `{"$mergeObjects":[{"$cond":[{"$isNumber":${a}},null,${b}]},${b}]}`),
  reference.map((one) => `{"$objectToArray":${one}}`),
  document.map((one) => `{"$arrayToObject":{"$objectToArray":{"$literal":${one}}}}`),
  fc.tuple(name, reference).map(([one, of]) => `{"$setField":{"field":"${one}","input":"$$ROOT","value":${of}}}`),
  name.map((one) => `{"$unsetField":{"field":"${one}","input":"$$ROOT"}}`),
  fc.constant('{"$sortArray":{"input":"$arr","sortBy":{"A20":1,"b":-1,"A10":1}}}'),
  fc.tuple(reference, reference).map(([a, b]) => `{"$cmp":[${a},${b}]}`),
  fc.constant('{"$bsonSize":"$$ROOT"}'),
  fc.tuple(reference, reference).map(([a, b]) => `{"$setUnion":[[${a},${b}],"$arr"]}`),
  reference.map((one) => `{"$map":{"input":"$arr","in":{"$mergeObjects":["$$this",{"A20":${one},"b":1}]}}}`),
);

const operators = fc
  .uniqueArray(
    fc.oneof(
      fc.tuple(fc.constantFrom('$set', '$min', '$max', '$setOnInsert'), fieldsOf(value)),
      fc.tuple(fc.constant('$unset'), fieldsOf(fc.constant('1'))),
      fc.tuple(fc.constant('$inc'), fieldsOf(fc.constant('1'))),
      fc.tuple(
        fc.constant('$rename'),
        fc.tuple(path, path).map(([from, to]) => `{"${from}":"${to}"}`),
      ),
      fc.tuple(
        fc.constantFrom('$push', '$addToSet', '$pull'),
        document.map((one) => `{"arr":${one}}`),
      ),
      fc.tuple(
        fc.constant('$push'),
        document.map((one) => `{"arr":{"$each":[${one}],"$sort":{"c":1,"A20":-1,"A10":1}}}`),
      ),
      fc.tuple(
        fc.constant('$set'),
        fieldsOf(
          value,
          name.map((one) => `arr.$[].${one}`),
        ),
      ),
    ),
    { selector: ([operator]) => operator, minLength: 1, maxLength: 2 },
  )
  .map((all) => `{${all.map(([operator, fields]) => `"${operator}":${fields}`).join()}}`);

const perDocument = fc.oneof(
  fieldsOf(expression).map((fields) => `{"$set":${fields}}`),
  fieldsOf(fc.oneof(fc.constant('1'), expression)).map((fields) => `{"$project":${fields}}`),
  fieldsOf(fc.constant('0')).map((fields) => `{"$project":${fields}}`),
  path.map((one) => `{"$unset":["${one}","arr.b"]}`),
  fc.oneof(document, fieldsOf(reference, name)).map((one) => `{"$replaceWith":${one}}`),
);

const update = fc.oneof(
  operators,
  document.map((one) => (one === '{}' ? '{"c":1}' : one)),
  fc.array(perDocument, { minLength: 1, maxLength: 2 }).map((stages) => `[${stages.join()}]`),
);

const stage = fc.oneof(
  perDocument,
  expression.map((one) => `{"$group":{"_id":${one},"A30":{"$push":"$$ROOT"},"A10":{"$last":"$A10"},"n":{"$sum":1}}}`),
  fieldsOf(reference, name).map((one) => `{"$group":{"_id":${one},"c":{"$addToSet":"$arr"},"A10":{"$sum":1}}}`),
  fieldsOf(fc.constantFrom('1', '-1')).map((one) => `{"$sort":${one}}`),
  fieldsOf(value).map((one) => `{"$match":${one}}`),
  name.map((one) => `{"$unwind":{"path":"$arr","includeArrayIndex":"${one}"}}`),
  name.map((one) => `{"$lookup":{"from":"c","localField":"${one}","foreignField":"${one}","as":"A20"}}`),
  name.map(
    (one) =>
      `{"$graphLookup":{"from":"c","startWith":"$${one}","connectFromField":"A10","connectToField":"${one}","as":"A30"}}`,
  ),
  fc.constant('{"$facet":{"c":[{"$limit":1}],"A20":[],"A10":[{"$skip":1}]}}'),
  fc.constant('{"$redact":{"$cond":[{"$eq":["$A10",0]},"$$PRUNE","$$DESCEND"]}}'),
  fc.constant(
    '{"$setWindowFields":{"sortBy":{"_id":1},"output":{"c":{"$sum":1},"A20":{"$push":"$A10"},"A10":{"$sum":1}}}}',
  ),
  fc.constant('{"$fill":{"sortBy":{"_id":1},"output":{"c":{"value":1},"A20":{"method":"locf"},"A10":{"value":2}}}}'),
  fc.constant(
    '{"$bucket":{"groupBy":"$_id","boundaries":[0,2,9],"output":{"c":{"$sum":1},"A20":{"$push":"$A10"},"A10":{"$sum":1}}}}',
  ),
  fc.constant(
    '{"$bucketAuto":{"groupBy":"$A10","buckets":2,"output":{"c":{"$sum":1},"A20":{"$push":"$A10"},"A10":{"$sum":1}}}}',
  ),
  name.map((one) => `{"$sortByCount":"$${one}"}`),
);

const command = fc.oneof(
  fc
    .tuple(fieldsOf(value), update, fc.boolean())
    .map(([q, u, all]) => `{"update":"c","updates":[{"q":${q},"u":${u},"multi":${all && u.startsWith('{"$')}}]}`),
  update.map((u) => `{"update":"c","updates":[{"q":{"_id":1},"u":${u}}]}`),
  fc
    .tuple(fieldsOf(value), update)
    .map(([q, u]) => `{"update":"c","updates":[{"q":{"_id":4,"$and":[${q}]},"u":${u},"upsert":true}]}`),
  fc
    .tuple(update, fieldsOf(fc.constant('1')), fieldsOf(fc.constantFrom('1', '-1')))
    .map(([u, fields, sort]) => `{"findAndModify":"c","sort":${sort},"update":${u},"fields":${fields},"new":true}`),
  fc
    .tuple(fieldsOf(value), fieldsOf(fc.constantFrom('1', '-1')))
    .map(([filter, sort]) => `{"find":"c","filter":${filter},"sort":${sort}}`),
  fc
    .tuple(
      fieldsOf(
        fc.constant('1'),
        fc.oneof(
          path,
          name.map((one) => `arr.${one}`),
        ),
      ),
      fc.boolean(),
    )
    .map(([p, on]) => `{"find":"c","projection":${on ? p : p.replaceAll(':1', ':0')}}`),
  fieldsOf(expression).map((p) => `{"find":"c","projection":${p}}`),
  document.map((p) => `{"find":"c","projection":{"arr":{"$elemMatch":${p}}}}`),
  fc
    .array(stage, { minLength: 1, maxLength: 3 })
    .map((stages) => `{"aggregate":"c","pipeline":[${stages.join()}],"cursor":{}}`),
  fc
    .tuple(
      perDocument,
      fc.constantFrom('{"$out":"o"}', '{"$merge":"o"}', '{"$merge":{"into":"o","whenMatched":"replace"}}'),
    )
    .map(([one, out]) => `{"aggregate":"c","pipeline":[${one},${out}],"cursor":{}}`),
  fc.oneof(path, fc.constant('arr')).map((key) => `{"distinct":"c","key":"${key}"}`),
  fc
    .tuple(fieldsOf(fc.constantFrom('1', '-1')), fc.boolean())
    .map(([key, unique]) => `{"createIndexes":"c","indexes":[{"key":${key},"name":"x","unique":${unique}}]}`),
  document.map((one) => `{"insert":"c","documents":[{"_id":9,${one.slice(1)}]}`.replace(',}', '}')),
  fc
    .tuple(operators, document)
    .map(([u, filter]) => `{"update":"c","updates":[{"q":{"arr":{"$elemMatch":${filter}}},"u":${u}}]}`),
);

const withDatabase = (text: string) => `${text.slice(0, -1)},"$db":"test"}`;

async function play(commands: readonly string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const one of commands) replies.push(await run(connection, withDatabase(one)));
  return replies;
}

/** What `act` changes, as a change stream tells of it. */
async function eventsOf(act: () => Promise<string[]>): Promise<string[]> {
  const stream = database.db.collection('c').aggregate([{ $changeStream: {} }], { raw: true, maxAwaitTimeMS: 1 });
  await stream.tryNext();
  const texts = await act();
  for (;;) {
    const event = (await stream.tryNext()) as unknown as Uint8Array | null;
    if (!event) break;
    texts.push(textOf(event).replace(/"_data":"[^"]*"/, ''));
  }
  await stream.close();
  return texts;
}

describe('fields keep their order, whatever their names', () => {
  test(
    'whatever is done to documents',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 1, maxLength: 3 }),
          fc.array(command, { minLength: 1, maxLength: 4 }),
          async (rows, commands) => {
            const documents = rows.map((fields, i) => `{"_id":${i + 1},${fields}`).join();
            const before = ['{"dropDatabase":1}', `{"insert":"c","documents":[${documents}]}`];
            const after = ['{"find":"c"}', '{"find":"o"}', '{"listIndexes":"c"}'];
            await play(before);
            const lettered = await eventsOf(() => play([...commands, ...after]));
            await play(before.map(numbered));
            const got = await eventsOf(() => play([...commands, ...after].map(numbered)));
            expect(got).toEqual(lettered.map(numbered));
          },
        ),
        runs(150),
      );
    },
    TIMEOUT,
  );

  test(
    'a document is decoded and encoded to the same bytes, with any names',
    () => {
      const number = fc.oneof(
        fc.nat({ max: 20 }),
        fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 53),
      );
      const names = fc.oneof(
        number.map(String),
        fc.constantFrom('', '01', '1a', '-1', '1.5', '__proto__', 'a', 'b', 'é', '9'.repeat(20)),
      );
      fc.assert(
        fc.property(
          fc.uniqueArray(names, { maxLength: 12 }),
          fc.uniqueArray(names, { maxLength: 3 }),
          (outer, inner) => {
            const of = (all: readonly string[], value: string) =>
              `{${all.map((one) => `${JSON.stringify(one)}:${value}`).join()}}`;
            const text = of(outer, of(inner, '1'));
            expect(textOf(encode(decode(Buffer.from(bytesOf(text)))))).toBe(text);
          },
        ),
        runs(1000),
      );
    },
    TIMEOUT,
  );
});
