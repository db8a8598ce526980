import { createHash } from 'node:crypto';
import { asNumber, Binary, type Document } from '../bson/values.js';
import type { Handler } from '../engine/context.js';
import { CommandError } from '../errors.js';
import { execute } from '../plan/execute.js';

const NEEDS = new Set(['n', 'data']);

/** The MD5 of a file in GridFS, with which older drivers check what they have written. */
export const fileMd5: Handler = async (context) => {
  const { command, db, environment, writer, pace } = context;
  const { filemd5, root = 'fs' } = command;
  const chunks = context.find(db, `${String(root)}.chunks`);
  const query = { filter: { files_id: { $eq: filemd5 } }, sort: { n: 1 }, environment, needs: NEEDS };
  const hash = createHash('md5');
  let numChunks = 0;
  for await (const { fields } of pace.through(chunks ? execute(writer, chunks, query) : [])) {
    hash.update(dataOf(fields, numChunks));
    numChunks++;
  }
  return { numChunks, md5: hash.digest('hex'), ok: 1 };
};

function dataOf({ n, data }: Document, expected: number): Uint8Array {
  if (asNumber(n) !== expected)
    throw new CommandError(10040, `chunks out of order: should have chunk ${expected}, have ${String(n)}`);
  if (!(data instanceof Binary)) throw new CommandError(14, `the data of chunk ${expected} are not of type binData`);
  return data.value();
}
