import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DATA, dataFileOf } from '../data-file.js';
import type { CheckResult } from './folder.js';

export type { CheckResult } from './folder.js';
export type { Problem } from './problems.js';

/** What the checking process says. */
export type FromCheck = { readonly progress: string } | { readonly result: CheckResult } | { readonly error: string };

export interface CheckOptions {
  /** The data folder. Its server may be running. */
  readonly dir: string;
}

/**
 * Holds everything in a data folder to everything else: pages of the file, documents, index entries, catalog.
 * @throws Error when there is no database, or it cannot be read for another reason than damage.
 */
export async function check({ dir }: CheckOptions): Promise<CheckResult> {
  const path = join(resolve(dir), DATA);
  if (!existsSync(dataFileOf(path))) throw new Error(`there is no database in ${resolve(dir)}`);
  return checkData(path);
}

/** The same for the folder of the data file. It runs in a process of its own: damage can crash who reads it. */
export async function checkData(path: string): Promise<CheckResult> {
  const child = fork(new URL('./process.js', import.meta.url), [path], { execArgv: [], serialization: 'advanced' });
  let at = 'the file';
  let result: CheckResult | undefined;
  let failure: string | undefined;
  child.on('message', (message: FromCheck) => {
    if ('progress' in message) at = message.progress;
    else if ('result' in message) result = message.result;
    else failure = message.error;
  });
  const how = await new Promise<string>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done(signal ?? `code ${code}`));
  });
  if (result) return result;
  if (failure !== undefined) throw new Error(failure);
  const what = `the check was ended by ${how} while it looked at ${at}: the file is damaged there`;
  return { ok: false, collections: 0, documents: 0, indexEntries: 0, problems: [{ kind: 'crash', what }] };
}
