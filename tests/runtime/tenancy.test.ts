import mongoose from 'mongoose';
import type { Doc } from '../../src/kernel/documents.js';
import { newId } from '../../src/kernel/ids.js';
import { model } from '../../src/platform/model.js';
import { acrossRestaurants, withinRestaurant } from '../../src/platform/tenancy.js';

interface SpoonDoc extends Doc {
  name: string;
}
const spoons = model<SpoonDoc>({ collection: 'spoons', title: 'spoon', hold: 'all', fields: { name: String } });
const Spoon = spoons.model;
const [ours, theirs] = [newId(), newId()];

const spoon = (restaurantId: string, name: string) => ({
  ...{ _id: newId(), restaurantId, version: 1, createdAt: new Date(), updatedAt: new Date(), name },
});

beforeAll(async () => {
  await mongoose.connect(process.env.TEST_MONGODB_URI ?? '', { dbName: `test-tenancy-${newId()}` });
  await Spoon.collection.insertMany([spoon(ours, 'a'), spoon(ours, 'b'), spoon(theirs, 'c')] as never[]);
});
afterAll(async () => {
  await mongoose.connection.dropDatabase();
  await mongoose.disconnect();
});

describe('the tenancy plugin', () => {
  it('adds the restaurant to every kind of read', async () => {
    const counted = await withinRestaurant(ours, async () => [
      (await Spoon.find().lean()).length,
      await Spoon.countDocuments(),
      (await Spoon.distinct('name')).length,
      (await Spoon.aggregate([{ $match: {} }])).length,
      (await Spoon.findOne({ name: 'c' }).lean()) === null ? 0 : 1,
    ]);
    expect(counted).toEqual([2, 2, 2, 2, 0]);
  });

  it('adds it to updates and deletions', async () => {
    const changed = await withinRestaurant(ours, async () => [
      (await Spoon.updateMany({}, { $set: { name: 'd' } })).matchedCount,
      (await Spoon.updateOne({ name: 'c' }, { $set: { name: 'd' } })).matchedCount,
      (await Spoon.deleteMany({ name: 'c' })).deletedCount,
      (await Spoon.findOneAndUpdate({ name: 'c' }, { name: 'e' })) === null ? 0 : 1,
    ]);
    expect(changed).toEqual([2, 0, 0, 0]);
  });

  it.each([
    ['find', () => Spoon.find().lean().exec()],
    ['count', () => Spoon.countDocuments().exec()],
    ['update', () => Spoon.updateMany({}, { $set: { name: 'x' } }).exec()],
    ['delete', () => Spoon.deleteMany({}).exec()],
    ['aggregate', () => Spoon.aggregate([]).exec()],
    ['insert', () => Spoon.create(spoon(ours, 'x') as never)],
    ['insertMany', () => Spoon.insertMany([spoon(ours, 'x')] as never)],
  ])('throws on %s without a restaurant', async (_name, forgetful) => {
    await expect(forgetful()).rejects.toThrow(/without a restaurant/);
  });

  it('throws when another restaurant is named or written', async () => {
    await expect(withinRestaurant(ours, () => Spoon.find({ restaurantId: theirs }).lean().exec())).rejects.toThrow(
      /another restaurant/,
    );
    await expect(withinRestaurant(ours, () => Spoon.create(spoon(theirs, 'x') as never))).rejects.toThrow(
      /another restaurant/,
    );
    await expect(withinRestaurant(ours, () => Spoon.bulkWrite([]))).rejects.toThrow(/unit of work/);
  });

  it('lets a stated reason look across restaurants', async () => {
    expect(await acrossRestaurants('this test', () => Spoon.countDocuments().exec())).toBe(3);
  });
});
