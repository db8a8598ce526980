// Loaded before a program (node --import flush-log.mjs?FILE): writes to FILE which files and folders it flushes and
// renames, in order.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const log = decodeURIComponent(new URL(import.meta.url).search.slice(1));
const names = new Map();
const { openSync, fsyncSync, renameSync } = fs;

fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest);
  names.set(descriptor, path);
  return descriptor;
};
fs.fsyncSync = (descriptor) => {
  fsyncSync(descriptor);
  fs.appendFileSync(log, `flushed ${names.get(descriptor)}\n`);
};
fs.renameSync = (from, to) => {
  renameSync(from, to);
  fs.appendFileSync(log, `renamed ${from} to ${to}\n`);
};
syncBuiltinESMExports();
