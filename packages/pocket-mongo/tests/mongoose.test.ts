import { once } from 'node:events';
import mongoose, { Schema } from 'mongoose';
import { createServer, type PocketMongo } from 'pocket-mongo';

let server: PocketMongo;
beforeAll(async () => {
  server = await createServer({ memory: true, port: 0 });
  await mongoose.connect(server.uri, { dbName: 'restaurant' });
});
afterAll(async () => {
  await mongoose.disconnect();
  await server.close();
});

const lineSchema = new Schema({ item: String, n: Number }, { _id: false });
const orderSchema = new Schema(
  {
    number: { type: Number, unique: true },
    table: { type: Schema.Types.ObjectId, ref: 'Table' },
    lines: [lineSchema],
    price: Schema.Types.Decimal128,
  },
  { timestamps: true, optimisticConcurrency: true },
);
const Order = mongoose.model('Order', orderSchema);
const Table = mongoose.model('Table', new Schema({ name: String }));

describe('mongoose', () => {
  test('over TCP: indexes, save, populate, unique, versions, transactions', async () => {
    await Promise.all([Order.init(), Table.init()]);
    const table = await Table.create({ name: 'T1' });
    const order = await Order.create({ number: 1, table: table._id, lines: [{ item: 'soup', n: 1 }], price: '9.90' });
    order.lines.push({ item: 'bread', n: 2 });
    await order.save();
    const found = await Order.findOne({ 'lines.item': 'bread' })
      .populate<{ table: { name: string } }>('table')
      .orFail();
    expect(found.table.name).toBe('T1');
    expect(String(found.price)).toBe('9.90');
    await expect(Order.create({ number: 1 })).rejects.toMatchObject({ code: 11000, keyValue: { number: 1 } });

    const stale = await Order.findById(order._id).orFail();
    order.lines[0]!.n = 5;
    await order.save();
    stale.lines[0]!.n = 7;
    await expect(stale.save()).rejects.toThrow(mongoose.Error.VersionError);

    await expect(
      mongoose.connection.transaction(async (session) => {
        await Order.create([{ number: 2 }], { session });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await Order.countDocuments()).toBe(1);
    expect(
      await Order.findOneAndUpdate(
        { number: 1 },
        { $inc: { 'lines.$[l].n': 1 } },
        { arrayFilters: [{ 'l.item': 'bread' }], returnDocument: 'after' },
      ).lean(),
    ).toMatchObject({
      lines: [
        { item: 'soup', n: 5 },
        { item: 'bread', n: 3 },
      ],
    });
    const seen: number[] = [];
    for await (const one of Order.find().cursor()) seen.push(Number(one.number));
    expect(seen).toEqual([1]);
  });

  test('a client notices that its server has closed, and may be closed after it', async () => {
    const other = await createServer({ memory: true });
    const connection = await mongoose
      .createConnection(other.uri, { dbName: 'x', serverSelectionTimeoutMS: 100 })
      .asPromise();
    await connection.collection('a').insertOne({ a: 1 });
    const noticed = once(connection, 'disconnected');
    await other.close();
    // Before it notices, the driver (7.8) may write its farewell to a socket just ended, and wait for that for ever.
    await noticed;
    await connection.close();
  });
});
