import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Snapshot, Store } from '../src/storage/store.js';

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pocket-mongo-store-'));
  store = new Store(join(folder, 'data'), {
    sync: false,
    onFailure: (error) => {
      throw error;
    },
  });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const KEY = 'table!key';
const RANGE = { from: 'table!', to: 'table~' };
const put = (value: string) => store.put(KEY, Buffer.from(value));
const seenBy = (view: Store | Snapshot) => [
  view.get(KEY)?.toString() ?? 'nothing',
  view.read(RANGE, false, 10).entries[0]?.value.toString() ?? 'nothing',
];
const both = (value: string) => [value, value];

test('a snapshot sees what it saw, while others that are older and younger are open and writes go to disk', async () => {
  put('one');
  // Taken while the write is on its way: it needs it from memory, for as long as it is open.
  const older = store.snapshot();
  await store.durable();
  put('two');
  await store.durable();
  // Taken when all is on disk: it has it from there, although something older is still in memory.
  const between = store.snapshot();
  put('three');
  const younger = store.snapshot();
  await store.durable();
  const views = [older, between, younger, store];
  expect(views.map(seenBy)).toEqual([both('one'), both('two'), both('three'), both('three')]);
  store.remove(KEY);
  await store.durable();
  expect(views.map(seenBy)).toEqual([both('one'), both('two'), both('three'), both('nothing')]);
  older.close();
  expect([between, younger].map(seenBy)).toEqual([both('two'), both('three')]);
  between.close();
  expect(seenBy(younger)).toEqual(both('three'));
});
