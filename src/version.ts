import { readFileSync } from 'node:fs';

/** The version in package.json, which lies two folders up once built (`dist/src`), one from the sources. */
function read(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'brigade' && version !== undefined) return version;
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
}

export const version = read();
