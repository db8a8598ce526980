import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** What becomes of log files that are closed: compressed, and deleted when they are old or too much. */

const DAY_MS = 86_400_000;

/** Ours, also of other processes and of the library that wrote them before. */
const OURS = /^\.?(?:combined|errors|requests|performance)-[\d.-]*(?:\.log(?:\.gz)?(?:\.part)?|\.?audit\.json)$/;

/** Moves a file out of the way, under the next free number. Answers its new name; undefined where there is no such file. */
export async function nameForClosed(path: string): Promise<string | undefined> {
  for (let number = 1; ; number += 1) {
    const closed = path.replace(/\.log$/, `.${number}.log`);
    if ((await exists(closed)) || (await exists(`${closed}.gz`))) continue;
    try {
      await rename(path, closed);
      return closed;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Replaces a file by its compressed form. Whoever is interrupted leaves the plain one. */
export async function compress(path: string): Promise<void> {
  const { mode } = await stat(path);
  const draft = join(dirname(path), `.${basename(path)}.part`);
  await pipeline(createReadStream(path), createGzip(), createWriteStream(draft, { mode: mode & 0o640 }));
  await rename(draft, `${path}.gz`);
  await rm(path);
}

/** Files of this stem that an earlier process left open on an earlier day. */
export async function compressLeftOvers(dir: string, stem: string, today: string): Promise<void> {
  const mine = new RegExp(`^${stem}-(\\d{4}-\\d\\d-\\d\\d)(?:\\.\\d+)?\\.log$`);
  for (const name of await readdir(dir)) {
    const day = mine.exec(name)?.[1];
    if (day !== undefined && day < today) await compress(join(dir, name));
  }
}

/** Deletes what is older than the limit, and the oldest of the closed files while all are too much together. */
export async function deleteOldFiles(limits: { dir: string; maxDays: number; maxTotalBytes: number }): Promise<void> {
  const { dir, maxDays, maxTotalBytes } = limits;
  const found = await Promise.all(
    (await readdir(dir))
      .filter((name) => OURS.test(name))
      .map(async (name) => {
        const stats = await stat(join(dir, name)).catch(() => undefined);
        return { name, size: stats?.size ?? 0, at: stats?.mtimeMs ?? 0 };
      }),
  );
  let total = found.reduce((sum, { size }) => sum + size, 0);
  const oldest = Date.now() - maxDays * DAY_MS;
  for (const { name, size, at } of found.sort((a, b) => a.at - b.at)) {
    const tooMuch = total > maxTotalBytes && name.endsWith('.gz');
    if (at >= oldest && !tooMuch) continue;
    await rm(join(dir, name), { force: true, recursive: false }).catch(() => undefined);
    total -= size;
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
