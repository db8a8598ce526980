import mongoose from 'mongoose';
import { WrongSurroundings } from './surroundings.js';

/** What is needed of a model here. */
type Declared = {
  readonly schema: { indexes(): [object, mongoose.IndexOptions][] };
  readonly collection: mongoose.Collection;
};

/** The same name or the same keys, with other options. */
const CONFLICTS: readonly unknown[] = [85, 86];

/** Creates the declared collections and indexes that are missing. Takes nothing away. */
export async function ensureIndexes(): Promise<void> {
  await Promise.all(
    mongoose.modelNames().map(async (name) => {
      const model = mongoose.model(name);
      await model.createCollection();
      await adjustExpiry(model);
      await model.createIndexes().catch((error: unknown) => {
        throw CONFLICTS.includes((error as { code?: unknown }).code) ? differing(model, error) : error;
      });
    }),
  );
}

/** How long documents stay is a setting (`JOURNAL_RETENTION_DAYS`); everything else of an index is for good. */
async function adjustExpiry(model: Declared): Promise<void> {
  const declared = model.schema.indexes().filter(([, { expireAfterSeconds }]) => expireAfterSeconds !== undefined);
  if (declared.length === 0) return;
  const existing = await model.collection.indexes();
  for (const [, { name, expireAfterSeconds }] of declared) {
    const found = existing.find((index) => index.name === name);
    if (found?.expireAfterSeconds === undefined || found.expireAfterSeconds === expireAfterSeconds) continue;
    const index = { name, expireAfterSeconds };
    await mongoose.connection.db?.command({ collMod: model.collection.collectionName, index });
  }
}

function differing(model: Declared, cause: unknown): WrongSurroundings {
  const { collectionName } = model.collection;
  const { message } = cause as Error;
  return new WrongSurroundings(
    `An index of the collection ${collectionName} is not as Brigade wants it (${message}). ` +
      `If nobody else needs it, drop it (db.${collectionName}.dropIndex, its name is above) and start again: it is made anew.`,
    { cause },
  );
}
