import fc from 'fast-check';
import { BSON, type Document, Long, ObjectId } from 'mongodb';
import { crc32c } from '../src/wire/checksum.js';
import { openDatabase, type Thing } from './database.js';
import {
  bodySection,
  element,
  framed,
  header,
  int32,
  message,
  nested,
  RawConnection,
  rawDocument,
  sequenceSection,
} from './raw.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true, port: 0 });
});
afterAll(() => database.close());

const open = () => RawConnection.open(database.server.uri);
const serialize = (document: Document) => Buffer.from(BSON.serialize(document));
const ping = serialize({ ping: 1, $db: 'admin' });

/** What the server makes of these bytes: the reply's error code, 0 for a good reply, 'closed' for none. */
async function answerTo(...parts: Uint8Array[]): Promise<number | 'closed'> {
  const connection = await open();
  connection.send(...parts);
  const reply = await connection.reply();
  connection.close();
  return reply ? Number(reply.document.code ?? 0) : 'closed';
}

afterEach(async () => {
  // Whatever came, the server answers others.
  expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
});

describe('messages', () => {
  test('with lengths that cannot be end the connection', async () => {
    for (const length of [-1, 0, 15, 16, 20, 48_000_001, 0x7fffffff])
      expect(await answerTo(header(length, 1, 2013), Buffer.alloc(5))).toBe('closed');
  });

  test('of unknown kinds end the connection, and so do unknown required flags', async () => {
    for (const opCode of [0, 1, 2001, 2002, 2006, 2012, 9999])
      expect(await answerTo(framed(0, bodySection(ping), 1, opCode))).toBe('closed');
    for (const flags of [4, 8, 0x8000]) expect(await answerTo(framed(flags, bodySection(ping)))).toBe('closed');
    expect(await answerTo(framed(0x80000000, bodySection(ping)))).toBe(0);
  });

  test('whose sections lie are answered with an error, and the connection goes on', async () => {
    const insert = serialize({ insert: 'c', $db: 'test' });
    const document = serialize({ a: 1 });
    const cases: [Uint8Array, number][] = [
      [bodySection(int32(1000)), 22],
      [bodySection(int32(-5)), 22],
      [bodySection(Buffer.alloc(1)), 22],
      [Buffer.concat([bodySection(ping), bodySection(ping)]), 40430],
      [Buffer.concat([Buffer.from([7]), ping]), 40432],
      [sequenceSection('documents', [document]), 40587],
      [Buffer.concat([bodySection(insert), sequenceSection('documents', [document], 3)]), 22],
      [Buffer.concat([bodySection(insert), sequenceSection('documents', [document], 1000)]), 22],
      [Buffer.concat([bodySection(insert), sequenceSection('documents', [document.subarray(0, -2)])]), 22],
      [
        Buffer.concat([
          bodySection(insert),
          sequenceSection('documents', [document]),
          sequenceSection('documents', [document]),
        ]),
        40431,
      ],
      [
        Buffer.concat([
          bodySection(serialize({ insert: 'c', documents: [], $db: 'test' })),
          sequenceSection('documents', [document]),
        ]),
        40433,
      ],
    ];
    const connection = await open();
    for (const [sections, code] of cases) {
      connection.send(framed(0, sections));
      expect((await connection.reply())?.document).toMatchObject({ ok: 0, code });
    }
    expect(await connection.run({ ping: 1 })).toMatchObject({ ok: 1 });
    connection.close();
  });

  test('with a checksum are read when it is right', async () => {
    const whole = framed(1, Buffer.concat([bodySection(ping), Buffer.alloc(4)]));
    whole.writeUInt32LE(crc32c(whole.subarray(0, -4)), whole.length - 4);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(await answerTo(whole)).toBe(0);
    whole.writeUInt32LE(1, whole.length - 4);
    expect(await answerTo(whole)).toBe('closed');
    expect(await answerTo(framed(1, Buffer.alloc(1)))).toBe('closed');
  });

  test('that come byte by byte are answered, those that end in the middle are forgotten', async () => {
    const slow = await open();
    for (const byte of message({ ping: 1 })) slow.send(Buffer.from([byte]));
    expect((await slow.reply())?.document).toMatchObject({ ok: 1 });
    slow.close();
    for (const end of [1, 15, 16, 20, 30]) {
      const half = await open();
      half.send(message({ insert: 'half', documents: [{ _id: 1 }] }).subarray(0, end));
      half.close();
    }
    expect(await database.db.collection('half').countDocuments()).toBe(0);
  });

  test('are answered when they are whole, whatever has come of the next one', async () => {
    const connection = await open();
    const next = message({ ping: 1 }, 2);
    connection.send(message({ ping: 1 }, 1), next.subarray(0, 20));
    expect((await connection.reply())?.responseTo).toBe(1);
    connection.send(next.subarray(20), next.subarray(0, 3));
    expect((await connection.reply())?.responseTo).toBe(2);
    connection.close();
  });

  test('sent without waiting are answered in order', async () => {
    const connection = await open();
    const many = Array.from({ length: 1000 }, (_, i) =>
      message(i % 3 === 0 ? { find: 'none', filter: {} } : i % 3 === 1 ? { ping: 1 } : { unknownCommand: 1 }, i),
    );
    connection.send(...many);
    for (let i = 0; i < many.length; i++) expect((await connection.reply())?.responseTo).toBe(i);
    connection.close();
  });

  test('that want no answer get none, also when they are broken', async () => {
    const connection = await open();
    connection.send(framed(2, bodySection(int32(77))), framed(2, bodySection(ping)), message({ ping: 1 }, 42));
    expect((await connection.reply())?.responseTo).toBe(42);
    connection.close();
  });

  test('of any bytes never harm the server', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, inMessage) => {
        const connection = await open();
        connection.send(inMessage ? framed(0, bytes) : bytes);
        connection.socket.end();
        while (await connection.reply());
        connection.close();
      }),
      { numRuns: 150 },
    );
  });

  test('of one changed byte never harm the server', async () => {
    const good = framed(
      0,
      Buffer.concat([
        bodySection(serialize({ insert: 'changed', ordered: false, $db: 'test' })),
        sequenceSection('documents', [serialize({ a: 'text', b: [1, { c: new Date(0) }], d: Long.ONE, e: /x/i })]),
      ]),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 16, max: good.length - 1 }), fc.nat({ max: 255 }), async (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        const connection = await open();
        connection.send(changed);
        connection.socket.end();
        const reply = await connection.reply();
        if (reply?.document.ok === 0) expect(reply.document.code).not.toBe(1);
        connection.close();
      }),
      { numRuns: 200 },
    );
    for await (const found of database.db.collection('changed').find({}, { raw: true })) expect(found).toBeDefined();
  });
});

describe('BSON', () => {
  const insertOf = (document: Uint8Array) =>
    framed(
      0,
      Buffer.concat([
        bodySection(serialize({ insert: 'bson', $db: 'test' })),
        sequenceSection('documents', [document]),
      ]),
    );
  /** The code of the error with which an insert is refused, or that of its first write error; 0 when it is stored. */
  async function insert(document: Uint8Array): Promise<number | 'closed'> {
    const connection = await open();
    connection.send(insertOf(document));
    const reply = (await connection.reply())?.document;
    connection.close();
    return reply ? Number(reply.code ?? reply.writeErrors?.[0]?.code ?? 0) : 'closed';
  }

  test('whose lengths lie is refused', async () => {
    const lies = [
      element(0x02, 'a', Buffer.concat([int32(100), Buffer.from('x\0')])),
      element(0x02, 'a', Buffer.concat([int32(0), Buffer.from('\0')])),
      element(0x02, 'a', Buffer.concat([int32(-1), Buffer.from('x\0')])),
      element(0x02, 'a', Buffer.concat([int32(2), Buffer.from('xy')])),
      element(0x05, 'a', Buffer.concat([int32(100), Buffer.from([0, 1])])),
      element(0x05, 'a', Buffer.concat([int32(5), Buffer.from([2]), int32(9), Buffer.from([1])])),
      element(0x05, 'a', Buffer.concat([int32(2), Buffer.from([2, 1, 1])])),
      element(0x04, 'a', Buffer.concat([int32(100), Buffer.from([0])])),
      element(0x03, 'a', int32(5)),
      element(0x0f, 'a', Buffer.concat([int32(99), int32(2), Buffer.from('x\0'), rawDocument()])),
      element(0x10, 'a', Buffer.from([1])),
      element(0x44, 'a', int32(1)),
      Buffer.from([0x10, 0x61, 0x61]),
    ];
    for (const lie of lies) expect(await insert(rawDocument(lie))).toBe(22);
  });

  test('nests to 180 levels in what is stored, to 200 in what is sent', async () => {
    expect(await insert(nested(100))).toBe(0);
    expect(await insert(nested(180))).toBe(0);
    expect(await insert(nested(181))).toBe(15);
    expect(await insert(nested(201))).toBe(15);
    expect(await insert(nested(20_000))).toBe(15);
    const c = database.db.collection<Thing>('deep');
    await c.insertOne({ _id: 1 });
    const deep = BSON.deserialize(nested(179));
    await c.updateOne({ _id: 1 }, { $set: { a: deep } });
    await expect(c.updateOne({ _id: 1 }, { $set: { b: { c: deep } } })).rejects.toMatchObject({ code: 15 });
    await expect(c.replaceOne({ _id: 1 }, { b: { c: deep } })).rejects.toMatchObject({ code: 15 });
    await expect(c.updateOne({ _id: 1 }, [{ $set: { a: { b: '$a' } } }])).rejects.toMatchObject({ code: 15 });
    expect((await c.findOne({ _id: 1 }))?.b).toBeUndefined();
  });

  test('documents of 16 MB are stored, larger ones are refused, also as the result of an update', async () => {
    const c = database.db.collection<Thing>('large');
    const size = 16 * 1024 * 1024;
    const text = 'x'.repeat(size - 33);
    await c.insertOne({ _id: 1, text });
    expect(BSON.calculateObjectSize({ _id: 1, text })).toBeLessThanOrEqual(size);
    expect(await insert(serialize({ _id: new ObjectId(), text: 'x'.repeat(size) }))).toBe(10334);
    await expect(c.updateOne({ _id: 1 }, { $set: { more: 'x'.repeat(100) } })).rejects.toMatchObject({ code: 10334 });
    await expect(c.updateOne({ _id: 1 }, [{ $set: { more: '$text' } }])).rejects.toMatchObject({ code: 10334 });
    expect(await c.countDocuments({ more: { $exists: true } })).toBe(0);
    await c.drop();
  });

  test('keeps what clients sent byte for byte: order of fields, duplicate names, broken UTF-8, far dates', async () => {
    const collection = `kept${new ObjectId().toHexString()}`;
    const far = Buffer.alloc(8);
    far.writeBigInt64LE(2n ** 63n - 1n);
    const document = rawDocument(
      element(0x10, 'b', int32(1)),
      element(0x10, '0', int32(2)),
      element(0x10, 'b', int32(3)),
      element(0x02, 'text', Buffer.concat([int32(3), Buffer.from([0xff, 0xfe, 0])])),
      element(0x09, 'far', far),
      element(0x10, '', int32(4)),
      element(0x10, '__proto__', int32(5)),
      element(0x10, '_id', int32(7)),
    );
    const connection = await open();
    connection.send(
      framed(
        0,
        Buffer.concat([
          bodySection(serialize({ insert: collection, $db: 'test' })),
          sequenceSection('documents', [document]),
        ]),
      ),
    );
    expect((await connection.reply())?.document).toMatchObject({ n: 1 });
    connection.close();
    const c = database.db.collection<Thing>(collection);
    const id = element(0x10, '_id', int32(7));
    const stored = Buffer.concat([document.subarray(4, document.length - id.length - 1)]);
    const [raw] = (await c.find({ _id: 7 }, { raw: true }).toArray()) as unknown as Buffer[];
    expect(Buffer.from(raw as Buffer)).toEqual(rawDocument(id, stored));
    await c.createIndex({ far: -1 });
    expect(await c.countDocuments({ far: { $gt: new Date(8.64e15) } })).toBe(1);
    await c.updateOne({ _id: 7 }, { $set: { z: 1 } });
    const [after] = (await c.find({ z: 1 }, { raw: true }).toArray()) as unknown as Buffer[];
    expect(Buffer.from(after as Buffer).includes(far)).toBe(true);
  });

  test('_id may be neither array, regular expression, undefined, nor hold names with a dollar, nor be there twice', async () => {
    expect(await insert(serialize({ _id: [1] }))).toBe(53);
    expect(await insert(serialize({ _id: /a/ }))).toBe(53);
    expect(await insert(serialize({ _id: { $a: 1 } }))).toBe(52);
    expect(await insert(serialize({ _id: { a: [{ $b: 1 }] } }))).toBe(52);
    expect(await insert(rawDocument(element(0x10, '_id', int32(1)), element(0x10, '_id', int32(2))))).toBe(2);
    expect(await insert(serialize({ _id: { a: { b: 1 } } }))).toBe(0);
  });
});
