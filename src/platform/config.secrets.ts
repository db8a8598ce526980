import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the file in the data folder that keeps generated secrets. */
export const SECRETS_FILE = 'secrets.json';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * The secrets of this data folder, made where they are missing and the same ever after. The folder is made with mode
 * 0700 and the file with 0600. Several processes that start at once on a new folder agree on one set.
 *
 * @param sizes bytes of randomness by the name of each wanted secret
 * @returns each wanted secret, base64url
 */
export function generatedSecrets(dataDir: string, sizes: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  const path = join(dataDir, SECRETS_FILE);
  mkdirSync(dataDir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const found = readSecrets(path);
  const wanted = [...sizes.keys()].filter((name) => found?.[name] === undefined);
  if (found !== undefined && wanted.length === 0) return new Map(Object.entries(found));

  const complete: Record<string, string> = { ...found };
  for (const name of wanted) complete[name] = randomBytes(sizes.get(name) ?? 0).toString('base64url');
  const draft = join(dataDir, `.${SECRETS_FILE}.${randomUUID()}`);
  writeFileSync(draft, `${JSON.stringify(complete, null, 2)}\n`, { mode: OWNER_ONLY_FILE });
  try {
    if (found !== undefined) renameSync(draft, path);
    // A link fails where a rename would overwrite: the first of several processes wins and the others read its file.
    else linkSync(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    return new Map(Object.entries(readSecrets(path) ?? {}));
  } finally {
    rmSync(draft, { force: true });
  }
  return new Map(Object.entries(complete));
}

function readSecrets(path: string): Record<string, string> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  // A copied or restored data folder often comes back readable for everyone.
  chmodSync(path, OWNER_ONLY_FILE);
  return parseSecrets(text);
}

function parseSecrets(text: string): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and with it the secrets.
    throw new Error('it is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('it is not a JSON object');
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value !== 'string') throw new Error(`${name} is not text`);
    secrets[name] = value;
  }
  return secrets;
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
