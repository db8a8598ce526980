import { open, readFile, rename } from 'node:fs/promises';
import type { Storage } from './storage.js';

/** A file, for tills and scripts on Node; replaced as a whole and flushed, so a crash leaves the old text or the new. */
export function fileStorage(path: string): Storage {
  return {
    async load() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async save(text) {
      const next = `${path}.next`;
      const file = await open(next, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
    },
  };
}
