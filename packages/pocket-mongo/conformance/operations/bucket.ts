import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Document, GridFSBucket, GridFSBucketReadStream, GridFSBucketWriteStream, GridFSFile } from 'mongodb';
import type { Handlers } from '../context.js';
import { InvalidTest, SkipTest } from '../failures.js';
import { bytesOfHex } from '../matcher.js';

/** An argument that was taken out of the driver. */
function unless(contentType: unknown): void {
  if (contentType !== undefined) throw new SkipTest('driver: buckets have no contentType');
}

async function upload(stream: GridFSBucketWriteStream, source: Document): Promise<unknown> {
  if (Object.keys(source ?? {}).join() !== '$$hexBytes') throw new InvalidTest('a source is { $$hexBytes: <string> }');
  const bytes = bytesOfHex(source.$$hexBytes);
  await pipeline(Readable.from(bytes.length > 0 ? [bytes] : []), stream);
  return stream.id;
}

async function bytesOf(stream: GridFSBucketReadStream): Promise<Buffer> {
  let length = 0;
  stream.once('file', (file: GridFSFile) => {
    length = file.length;
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (bytes.length < length) throw new SkipTest('driver: a download does not notice that its last chunks are missing');
  return bytes;
}

const missing = (name: string) => () => {
  throw new SkipTest(`driver: buckets have no ${name}`);
};

export const bucketOperations: Handlers<GridFSBucket> = {
  upload: async (bucket, { filename, source, contentType, disableMD5: _md5, ...options }) => {
    unless(contentType);
    return await upload(bucket.openUploadStream(filename, options), source);
  },
  uploadWithId: async (bucket, { id, filename, source, contentType, disableMD5: _md5, ...options }) => {
    unless(contentType);
    return await upload(bucket.openUploadStreamWithId(id, filename, options), source);
  },
  download: (bucket, { id, ...options }) => bytesOf(bucket.openDownloadStream(id, options)),
  downloadByName: (bucket, { filename, ...options }) => bytesOf(bucket.openDownloadStreamByName(filename, options)),
  delete: (bucket, { id, ...options }) => bucket.delete(id, options as { timeoutMS: number }),
  rename: (bucket, { id, newFilename, ...options }) => bucket.rename(id, newFilename, options as { timeoutMS: number }),
  find: (bucket, { filter, ...options }) => bucket.find(filter, options).toArray(),
  drop: (bucket, options) => bucket.drop(options as { timeoutMS: number }),
  deleteByName: missing('deleteByName'),
  renameByName: missing('renameByName'),
};
