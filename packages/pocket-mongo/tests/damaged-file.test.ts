import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, createServer } from 'pocket-mongo';
import { openDatabase, type Thing } from './database.js';
import { run } from './processes.js';

let dir: string;
let file: string;
let good: Buffer;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-damaged-'));
  file = join(dir, 'data', 'data.mdb');
  const database = await openDatabase({ dir });
  const things = database.db.collection<Thing>('things');
  await things.createIndex({ n: 1 });
  for (let i = 0; i < 5; i++)
    await things.insertMany(Array.from({ length: 400 }, (_, n) => ({ n, pad: 'x'.repeat(n % 7 ? 100 : 6000) })));
  await database.close();
  good = readFileSync(file);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(() => writeFileSync(file, good));

const PAGE = 4096;

function overwrite(position: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, position);
  closeSync(descriptor);
}

/** The root page of the records, by the newest head. */
function rootPage(): number {
  const heads = [0, PAGE].map((at) => ({
    txnid: good.readBigUInt64LE(at + 24 + 128),
    root: good.readBigUInt64LE(at + 24 + 112),
  }));
  return Number((heads[0]!.txnid > heads[1]!.txnid ? heads[0]! : heads[1]!).root);
}

describe('a damaged file', () => {
  test('is none as it was written', async () => {
    expect(await check({ dir })).toMatchObject({ ok: true, documents: 2000 });
  });

  test.each<[string, string, () => void]>([
    ['cut off in its middle', 'it was cut off', () => truncateSync(file, PAGE * Math.floor(good.length / PAGE / 2))],
    ['without its last page', 'it was cut off', () => truncateSync(file, good.length - PAGE)],
    ['cut off within its heads', 'it ends within its head', () => truncateSync(file, PAGE + 50)],
    ['empty', 'it is empty', () => truncateSync(file, 0)],
    ['gone', 'it is missing', () => rmSync(file)],
    ['with a zeroed first head', 'its head is not that of a database', () => overwrite(0, Buffer.alloc(PAGE))],
    ['with a zeroed second head', 'its head is not that of a database', () => overwrite(PAGE, Buffer.alloc(PAGE))],
    ['of other content', 'its head is not that of a database', () => writeFileSync(file, 'precious '.repeat(5000))],
    ['of a newer format', 'its format is version 3, not 2', () => overwrite(24 + 4, Buffer.from([3]))],
    ['with an impossible page size', 'impossible page size', () => overwrite(24 + 24, Buffer.from([1, 2, 3, 4]))],
    ['with a zeroed root page', 'where a tree begins', () => overwrite(rootPage() * PAGE, Buffer.alloc(PAGE))],
    [
      'with another page in the place of the root',
      'where a tree begins',
      () => overwrite(rootPage() * PAGE, good.subarray(0, PAGE)),
    ],
  ])('%s is refused, named, and left as it is', async (_, reason, damage) => {
    damage();
    const damaged = reason === 'it is missing' ? undefined : readFileSync(file);
    const error = await createServer({ dir }).catch((cause: Error) => cause);
    expect(String(error)).toContain(`the data file ${file} is damaged: `);
    expect(String(error)).toContain(reason);
    expect(String(error)).toContain('pocket-mongo restore --from FILE --dir NEW');
    const command = await run('--dir', dir);
    expect(command).toMatchObject({ code: 1, out: '' });
    expect(command.err).toContain(reason);
    expect((await run('backup', '--dir', dir, '--to', join(dir, 'b'))).code).toBe(1);
    if (!damaged) return;
    expect(readFileSync(file).equals(damaged)).toBe(true);
    expect((await check({ dir })).problems).toMatchObject([{ kind: 'page', what: expect.stringContaining(reason) }]);
  });

  test('pages that are flipped, swapped or of noise are found by check, whichever they are', async () => {
    const pages = Math.floor(good.length / PAGE);
    const used = new Set<number>();
    for (let page = 2; page < pages; page += 7) {
      // A page that is free now may hold anything.
      const flags = good.readUInt16LE(page * PAGE + 18);
      if ((flags & 3) === 0) continue;
      used.add(page);
      const noise = Buffer.from(Array.from({ length: PAGE }, (_, i) => (i * 7919 + page) & 0xff));
      overwrite(page * PAGE, noise);
    }
    expect(used.size).toBeGreaterThan(2);
    const { ok, problems } = await check({ dir });
    expect(ok).toBe(false);
    expect(problems.every(({ kind }) => kind === 'page')).toBe(true);
    writeFileSync(file, good);
    expect(await check({ dir })).toMatchObject({ ok: true });
  });
});
