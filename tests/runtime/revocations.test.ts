import mongoose from 'mongoose';
import { revocation, revocationModel } from '../../src/runtime/revocations.js';
import { type Brigade, type House, openHouse, startBrigade } from '../harness/index.js';
import { until } from '../harness/until.js';

let brigade: Brigade;
let house: House;
beforeAll(async () => {
  brigade = await startBrigade();
  house = await openHouse(brigade);
});
afterAll(async () => {
  await house?.close();
  await brigade?.stop();
});

it('heard late ends who has no right to be there any more, and not who has logged in since', async () => {
  const [stays, goes] = await Promise.all([house.hire('waiter'), house.hire('waiter')]);
  const [kept, lost] = await Promise.all([stays.screen(), goes.screen()]);
  // As a process finds them that was started a moment after they were committed elsewhere.
  await mongoose.connection.collection('staff').updateOne({ _id: goes.userId as never }, { $set: { active: false } });
  await revocationModel.collection.insertMany([
    { ...revocation({ userId: stays.userId }) },
    { ...revocation({ userId: goes.userId }) },
  ] as never[]);
  await until('the other was ended', () => lost.ended?.code === 'session_ended');
  expect((await kept.call('auth:me')).data.user.id).toBe(stays.userId);
  expect(kept.ended).toBeUndefined();
});
