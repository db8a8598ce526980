import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { unpackBackup } from './backup.js';
import { checkData } from './check/check.js';
import { DATA, dataFileOf, flushFolder } from './data-file.js';
import { lockFolder } from './lock.js';

export interface RestoreOptions {
  /** The backup. */
  readonly from: string;
  /** The data folder, without data; made when it does not exist. */
  readonly dir: string;
}

/** What an unfinished restore leaves when its process is killed; removed by the next one. */
const UNFINISHED = 'restoring';

/**
 * Makes a data folder of a backup. The data get their place in one step, after they were checked: a restore that does not
 * finish leaves nothing that a server would open.
 * @throws Error when the folder holds data or is in use, or the backup is incomplete, changed or damaged.
 */
export async function restore({ from, dir }: RestoreOptions): Promise<void> {
  const folder = resolve(dir);
  const file = resolve(from);
  if (!existsSync(file)) throw new Error(`there is no backup ${file}`);
  const lock = await lockFolder(folder);
  try {
    const data = join(folder, DATA);
    if (existsSync(data) && readdirSync(data).length > 0)
      throw new Error(`the folder ${folder} holds data: restore into another one, and nothing is lost`);
    const unfinished = join(folder, UNFINISHED);
    rmSync(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    try {
      await unpackBackup(file, dataFileOf(unfinished));
      const { ok, problems } = await checkData(unfinished);
      if (!ok) throw new Error(`the backup ${file} is damaged: ${problems.map(({ what }) => what).join('; ')}`);
      rmSync(join(unfinished, 'lock.mdb'), { force: true });
      flushFolder(unfinished);
      if (existsSync(data)) await rmdir(data);
      await rename(unfinished, data);
      flushFolder(folder);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw error;
    }
  } finally {
    lock.release();
  }
}
