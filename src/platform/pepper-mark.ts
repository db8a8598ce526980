import mongoose from 'mongoose';
import { WrongSurroundings } from './surroundings.js';

/**
 * What the database keeps of the pepper: a digest by it. PINs, paired devices and sessions are found by digests, and with
 * another pepper none of them is, without a word. So a start with another one is refused.
 */

const COLLECTION = 'marks';
const PEPPER = 'pepper' as never;

type Digest = (purpose: string, value: string) => string;

const markBy = (digest: Digest): string => digest('mark', 'pepper');

/** @throws WrongSurroundings where this database was served with another pepper */
export async function checkPepper(digest: Digest): Promise<void> {
  const marks = mongoose.connection.collection(COLLECTION);
  const mark = markBy(digest);
  const found =
    (await marks.findOne({ _id: PEPPER })) ??
    (await marks.findOneAndUpdate(
      { _id: PEPPER },
      { $setOnInsert: { mark } },
      { upsert: true, returnDocument: 'after' },
    ));
  if (found?.mark === mark) return;
  throw new WrongSurroundings(
    'PIN_PEPPER is not the one this database was served with: no PIN, no paired device and no session would be known. ' +
      'Put the secrets back that belong to these data: secrets.json of the data folder, or PIN_PEPPER of the environment. ' +
      'If they are lost, run "npm run new-pepper" once: people then log in by password, PINs are set and devices paired anew.',
  );
}

/** From here on the present pepper is the right one. */
export async function acceptPepper(digest: Digest): Promise<void> {
  const marks = mongoose.connection.collection(COLLECTION);
  await marks.updateOne({ _id: PEPPER }, { $set: { mark: markBy(digest) } }, { upsert: true });
}
