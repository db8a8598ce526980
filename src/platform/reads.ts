import type { Schema } from 'mongoose';

const made = new Map<string, number>();

/** Reads of the database by this process so far, by collection. */
export const readsMade = (): ReadonlyMap<string, number> => made;

/** Counts every read that goes through a model of this schema. */
export function countReads(schema: Schema, collection: string): void {
  const count = () => {
    made.set(collection, (made.get(collection) ?? 0) + 1);
  };
  schema.pre(/^(find|findOne|countDocuments|distinct)$/, { query: true, document: false }, count);
  schema.pre('aggregate', count);
}
