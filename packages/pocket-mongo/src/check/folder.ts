import { decode } from '../bson/decode.js';
import { successor } from '../bson/keys.js';
import { DamagedFile, dataFileOf, type Meta, PageFile } from '../data-file.js';
import { cappedTables } from '../storage/capped.js';
import { type Collection, collectionOf } from '../storage/catalog.js';
import { keyPrefix } from '../storage/index-definition.js';
import { PREFIX_LENGTH } from '../storage/sorted-table.js';
import { type Snapshot, Store } from '../storage/store.js';
import { SYSTEM } from '../storage/system-tables.js';
import { type KeyRange, scan, type View } from '../storage/view.js';
import { checkCollection } from './collection.js';
import { walkPages } from './pages.js';
import { type Problem, Problems } from './problems.js';

/** What was found in a data folder. */
export interface CheckResult {
  /** True when there is no problem. */
  readonly ok: boolean;
  readonly collections: number;
  readonly documents: number;
  readonly indexEntries: number;
  readonly problems: readonly Problem[];
}

/** LMDB's keys end at so many bytes. */
const MAX_KEY = 1978;

/** Above all keys, but itself: no server makes it. */
const END = '\xff'.repeat(MAX_KEY);

function finish<T>(steps: Generator<undefined, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/**
 * Checks a data folder, stopped or running: its pages, then its records. `progress` is told what is looked at next, so that
 * a crash can be told where it was.
 */
export function checkFolder(path: string, progress: (what: string) => void): CheckResult {
  const checker = new FolderChecker(progress);
  try {
    checker.run(path);
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    checker.problems.add({ kind: 'page', what: error.reason });
  }
  return checker.result();
}

class FolderChecker {
  readonly problems = new Problems();
  private readonly collections: Collection[] = [];
  private documents = 0;
  private indexEntries = 0;

  constructor(private readonly progress: (what: string) => void) {}

  result(): CheckResult {
    const problems = this.problems.all();
    const { documents, indexEntries } = this;
    return { ok: problems.length === 0, collections: this.collections.length, documents, indexEntries, problems };
  }

  run(path: string): void {
    this.progress('the heads of the file');
    const store = new Store(path, { sync: true, readOnly: true, onFailure: () => undefined });
    const file = new PageFile(dataFileOf(path));
    const { snapshot, meta } = pin(store, file);
    this.progress('the pages of the file');
    for (const what of finish(walkPages(file, meta))) this.problems.add({ kind: 'page', what });
    // LMDB trusts its pages: over damaged ones it can crash, or go in circles.
    if (this.problems.list.length > 0)
      this.problems.add({ kind: 'page', what: 'the records were not looked at, because pages are damaged' });
    else this.records(snapshot);
    file.close();
    snapshot.close();
    void store.close();
  }

  private records(view: View): void {
    this.progress('the catalog');
    this.readCatalog(view);
    this.readOutcomes(view);
    for (const collection of this.collections) {
      this.progress(`the collection ${collection.ns}`);
      const { documents, keysPerIndex } = finish(checkCollection(view, collection, this.problems));
      this.documents += documents;
      for (const { name } of collection.secondary) this.indexEntries += keysPerIndex[name] ?? 0;
    }
    this.progress('records outside of collections');
    this.findStrays(view);
  }

  private readCatalog(view: View): void {
    const names = new Map<string, Collection>();
    for (const { key, value } of scan(view, { from: SYSTEM.catalog, to: successor(SYSTEM.catalog) })) {
      try {
        const collection = collectionOf(decode(value));
        const problem = catalogProblem(collection, key, names);
        if (problem) this.problems.add({ kind: 'catalog', what: problem, ns: collection.ns });
        names.set(collection.ns, collection);
        this.collections.push(collection);
      } catch (error) {
        const name = Buffer.from(key.slice(PREFIX_LENGTH), 'latin1').toString('hex');
        const why = error instanceof Error ? error.message : error;
        this.problems.add({ kind: 'catalog', what: `the entry ${name} of the catalog is broken: ${why}` });
      }
    }
  }

  private readOutcomes(view: View): void {
    for (const { key, value } of scan(view, { from: SYSTEM.outcomes, to: successor(SYSTEM.outcomes) })) {
      try {
        const { txnNumber, at } = decode(value);
        if (Number.isNaN(Number(txnNumber)) || !(at instanceof Date)) throw new Error('fields are missing');
      } catch (error) {
        const session = Buffer.from(key.slice(PREFIX_LENGTH), 'latin1').toString('hex');
        const why = error instanceof Error ? error.message : error;
        this.problems.add({ kind: 'catalog', what: `the outcome of the session ${session} is broken: ${why}` });
      }
    }
  }

  /** Everything between the tables of the server, the collections, their indexes, and what is being removed. */
  private findStrays(view: View): void {
    const known = [
      ...Object.values(SYSTEM),
      ...this.collections.flatMap(({ indexes }) => indexes.map(({ prefix }) => prefix)),
      ...this.collections.filter(({ capped }) => capped).flatMap(cappedTables),
    ];
    for (const { key } of scan(view, { from: SYSTEM.garbage, to: successor(SYSTEM.garbage) }))
      known.push(key.slice(PREFIX_LENGTH));
    known.sort();
    let from = '';
    for (const prefix of [...known, END]) {
      if (from < prefix) this.straysIn(view, { from, to: prefix });
      const after = prefix === END ? END : successor(prefix);
      if (after > from) from = after;
    }
  }

  private straysIn(view: View, range: KeyRange): void {
    let { from } = range;
    for (;;) {
      const [first] = view.read({ from, to: range.to }, false, 1).entries;
      if (!first) return;
      const prefix = first.key.slice(0, PREFIX_LENGTH);
      // Nothing comes after a prefix of FF bytes alone.
      const to = successor(prefix) > first.key ? successor(prefix) : range.to;
      let count = 0;
      for (const _ of scan(view, { from: first.key, to })) count++;
      this.problems.add({ kind: 'stray', what: `${count} records of ${tableName(prefix)}, which does not exist` });
      from = to;
    }
  }
}

function tableName(prefix: string): string {
  const bytes = Buffer.from(prefix, 'latin1');
  if (bytes.length < PREFIX_LENGTH) return 'a table without a number';
  return `index ${bytes.readUInt16BE(4)} of collection number ${bytes.readUInt32BE(0)}`;
}

function catalogProblem(collection: Collection, key: string, names: ReadonlyMap<string, Collection>) {
  const { id, ns, indexes, nextIndex } = collection;
  if (!Number.isInteger(id) || id < 1 || id > 0xffff_ffff) return `${ns} has the impossible number ${id}`;
  if (key !== SYSTEM.catalog + keyPrefix(id, 0)) return `the entry of ${ns} has another number`;
  if (names.has(ns)) return `${ns} is there twice`;
  if (indexes[0]?.isId !== true) return `${ns} has no index on _id`;
  const ids = new Set(indexes.map((index) => index.id));
  if (ids.size !== indexes.length) return `${ns} has two indexes with one number`;
  if (Math.max(...ids) >= nextIndex) return `${ns} would give the number of an index again`;
  return undefined;
}

/** A snapshot, and the head of the file that it is of: no page of it is written over while the snapshot is open. */
function pin(store: Store, file: PageFile): { snapshot: Snapshot; meta: Meta } {
  for (;;) {
    const before = file.meta();
    const snapshot = store.snapshot();
    const meta = file.meta();
    if (meta.txnid === before.txnid) return { snapshot, meta };
    snapshot.close();
    store.refresh();
  }
}
