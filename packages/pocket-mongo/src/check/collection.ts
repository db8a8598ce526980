import { check, decodeFields } from '../bson/decode.js';
import { successor } from '../bson/keys.js';
import { show } from '../bson/show.js';
import type { Document } from '../bson/values.js';
import type { Collection } from '../storage/catalog.js';
import { entryKey } from '../storage/documents.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import { scan, type View } from '../storage/view.js';
import { type Problem, Problems } from './problems.js';

/** Documents or entries looked at between two pauses. */
const STEP = 32;

/** What was found in one index. */
interface IndexCheck {
  readonly index: IndexDefinition;
  /** Entries that documents should have and have. */
  matched: number;
  /** Entries that are there and name another document. */
  wrong: number;
  multikeyTold: boolean;
}

export interface CollectionCheck {
  readonly documents: number;
  /** Entries in each index; of `_id` the documents themselves. */
  readonly keysPerIndex: Readonly<Record<string, number>>;
  readonly problems: Problems;
}

/**
 * Holds documents and index entries of a collection to each other, on a view that does not change meanwhile: every document
 * must be whole and have exactly the entries that its fields make. Memory does not grow with the collection. Yields to pause.
 */
export function* checkCollection(
  view: View,
  collection: Collection,
  problems = new Problems(),
): Generator<undefined, CollectionCheck> {
  const checker = new CollectionChecker(view, collection, problems);
  yield* checker.run();
  return checker.result();
}

class CollectionChecker {
  private readonly indexes: IndexCheck[];
  private readonly keysPerIndex: Record<string, number> = {};
  private documents = 0;

  constructor(
    private readonly view: View,
    private readonly collection: Collection,
    private readonly problems: Problems,
  ) {
    this.indexes = collection.secondary
      .filter(({ building }) => !building)
      .map((index) => ({ index, matched: 0, wrong: 0, multikeyTold: false }));
  }

  result(): CollectionCheck {
    return { documents: this.documents, keysPerIndex: this.keysPerIndex, problems: this.problems };
  }

  *run(): Generator<undefined> {
    const { prefix } = this.collection;
    let before = '';
    for (const { key, value } of scan(this.view, { from: prefix, to: successor(prefix) })) {
      if (key <= before) this.problem('page', 'documents are out of order in the file');
      before = key;
      this.documents++;
      this.document(key.slice(prefix.length), value);
      if (this.documents % STEP === 0) yield undefined;
    }
    this.keysPerIndex._id_ = this.documents;
    for (const checked of this.indexes) {
      const { index } = checked;
      const entries = yield* this.countEntries(index);
      this.keysPerIndex[index.name] = entries;
      if (entries !== checked.matched + checked.wrong) yield* this.findExtra(index);
    }
  }

  private *countEntries(index: IndexDefinition): Generator<undefined, number> {
    let entries = 0;
    let before = '';
    for (const { key } of scan(this.view, { from: index.prefix, to: successor(index.prefix) })) {
      if (key <= before) this.problem('page', 'entries are out of order in the file', index);
      before = key;
      if (++entries % STEP === 0) yield undefined;
    }
    return entries;
  }

  private problem(kind: Problem['kind'], what: string, index?: IndexDefinition): void {
    this.problems.add({ kind, what, ns: this.collection.ns, ...(index ? { index: index.name } : {}) });
  }

  /** The fields of a stored document that identify and index it; undefined, and a problem, when it is broken. */
  private fieldsOf(id: string, bytes: Buffer): Document | undefined {
    const name = `the document with the key ${Buffer.from(id, 'latin1').toString('hex')}`;
    try {
      if (bytes.length < 5 || bytes.readInt32LE(0) !== bytes.length) throw new Error('its length is wrong');
      check(bytes);
      const fields = decodeFields(bytes, this.collection.fields);
      if (this.collection.isKeyOf(id, fields._id)) return fields;
      this.problem('document', `${name} has the _id ${show(fields._id)}, which makes another key`);
    } catch (error) {
      this.problem('document', `${name} is broken: ${error instanceof Error ? error.message : error}`);
    }
    return undefined;
  }

  private document(id: string, bytes: Buffer): void {
    const fields = this.fieldsOf(id, bytes);
    if (!fields) return;
    for (const checked of this.indexes) {
      try {
        this.entries(checked, id, fields);
      } catch (error) {
        const why = error instanceof Error ? error.message : error;
        this.problem('document', `the document ${show(fields._id)} cannot be indexed: ${why}`, checked.index);
      }
    }
  }

  private entries(checked: IndexCheck, id: string, fields: Document): void {
    const { index } = checked;
    const { keys, multikey } = index.keysOf(fields);
    if (multikey && !index.multikey && !checked.multikeyTold) {
      checked.multikeyTold = true;
      this.problem(
        'multikey',
        `the document ${show(fields._id)} has several keys, and the index is not marked multikey`,
        index,
      );
    }
    for (const key of keys) {
      const owner = this.view.get(entryKey(index, key, id))?.latin1Slice();
      if (owner === id) checked.matched++;
      else if (owner === undefined)
        this.problem('missingIndexEntry', `the document ${show(fields._id)} has no entry in the index`, index);
      else {
        checked.wrong++;
        this.otherOwner(index, key, fields, owner);
      }
    }
  }

  private otherOwner(index: IndexDefinition, key: string, fields: Document, owner: string): void {
    const other = this.view.get(this.collection.prefix + owner);
    const theirs = other ? decodeFields(other, this.collection.fields) : undefined;
    if (theirs && index.unique && index.keysOf(theirs).keys.includes(key)) {
      // The entry that is there is the other's.
      const checked = this.indexes.find((one) => one.index === index);
      if (checked) checked.wrong--;
      this.problem(
        'duplicateKey',
        `the documents ${show(fields._id)} and ${show(theirs._id)} have one key of the unique index`,
        index,
      );
    } else
      this.problem('wrongIndexEntry', `the entry of the document ${show(fields._id)} names another document`, index);
  }

  /** Looks for the entries that no document has made. */
  private *findExtra(index: IndexDefinition): Generator<undefined> {
    let seen = 0;
    for (const { key, value } of scan(this.view, { from: index.prefix, to: successor(index.prefix) })) {
      if (++seen % STEP === 0) yield undefined;
      const id = value.latin1Slice();
      const bytes = this.view.get(this.collection.prefix + id);
      const owner = `the document with the key ${Buffer.from(id, 'latin1').toString('hex')}`;
      if (!bytes) this.problem('extraIndexEntry', `an entry belongs to ${owner}, which is not there`, index);
      else if (!this.makes(index, id, bytes, key))
        this.problem('extraIndexEntry', `an entry is not what ${owner} makes`, index);
    }
  }

  private makes(index: IndexDefinition, id: string, bytes: Buffer, entry: string): boolean {
    try {
      const { keys } = index.keysOf(decodeFields(bytes, this.collection.fields));
      return keys.some((key) => entryKey(index, key, id) === entry);
    } catch {
      // The document is broken, which is known already.
      return true;
    }
  }
}
