import type { Document } from 'mongodb';
import { InvalidTest } from '../failures.js';

/** Arguments without which an operation makes no sense; the driver's own complaint could be the error that a test expects. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  aggregate: ['pipeline'],
  bulkWrite: ['requests'],
  clientBulkWrite: ['models'],
  countDocuments: ['filter'],
  createChangeStream: ['pipeline'],
  createCollection: ['collection'],
  createCommandCursor: ['command'],
  createFindCursor: ['filter'],
  createIndex: ['keys'],
  deleteMany: ['filter'],
  deleteOne: ['filter'],
  distinct: ['fieldName', 'filter'],
  dropCollection: ['collection'],
  dropIndex: ['name'],
  findOneAndDelete: ['filter'],
  findOneAndReplace: ['filter', 'replacement'],
  findOneAndUpdate: ['filter', 'update'],
  insertMany: ['documents'],
  insertOne: ['document'],
  replaceOne: ['filter', 'replacement'],
  runCommand: ['command'],
  runCursorCommand: ['command'],
  updateMany: ['filter', 'update'],
  updateOne: ['filter', 'update'],
  withTransaction: ['callback'],
};

/** @throws InvalidTest naming an argument that an operation needs and has not */
export function checkRequired(name: string, args: Document): void {
  const required = Object.hasOwn(REQUIRED, name) ? REQUIRED[name] : undefined;
  const missing = required?.find((argument) => args[argument] === undefined);
  if (missing !== undefined) throw new InvalidTest(`${name} needs ${missing}`);
}
