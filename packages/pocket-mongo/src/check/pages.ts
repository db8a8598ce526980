import { type Meta, P_BRANCH, P_LEAF, P_OVERFLOW, PAGE_HEADER, type PageFile, type Tree } from '../data-file.js';

const NODE_HEADER = 8;
const BIG_DATA = 0x01;
const LEAF_OR_BRANCH = P_BRANCH | P_LEAF;
/** B-trees are at most this deep in LMDB. */
const MAX_DEPTH = 32;

/** A set of page numbers in one bit each, so that a file of many gigabytes takes a few megabytes. */
class Pages {
  private readonly bits: Uint8Array;

  constructor(count: number) {
    this.bits = new Uint8Array(Math.ceil(count / 8));
  }

  has(page: number): boolean {
    return ((this.bits[page >>> 3] ?? 0) & (1 << (page & 7))) !== 0;
  }

  add(page: number): void {
    this.bits[page >>> 3] = (this.bits[page >>> 3] ?? 0) | (1 << (page & 7));
  }
}

interface Counts {
  branch: number;
  leaf: number;
  overflow: number;
  entries: number;
}

type Compare = (a: Buffer, b: Buffer) => number;

/** Keys of the free list are transaction numbers. */
const byNumber: Compare = (a, b) => {
  const [x, y] = [a.readBigUInt64LE(0), b.readBigUInt64LE(0)];
  return x < y ? -1 : x > y ? 1 : 0;
};

class Broken extends Error {}

/**
 * Walks both B-trees of one committed state, page by page, without LMDB: a damaged page must not crash who looks for it.
 * Every page in use must be inside the file, be what its parent takes it for, hold its keys in order, and be used once.
 */
class Walk {
  private readonly used: Pages;
  readonly problems: string[] = [];

  constructor(
    private readonly file: PageFile,
    private readonly meta: Meta,
  ) {
    this.used = new Pages(meta.lastPage + 1);
  }

  *run(): Generator<undefined> {
    const free: Buffer[] = [];
    yield* this.tree('the free list', this.meta.free, byNumber, (value) => free.push(value));
    yield* this.tree('the records', this.meta.main, Buffer.compare, undefined);
    this.checkFree(free);
  }

  private *tree(
    name: string,
    tree: Tree,
    compare: Compare,
    visit: ((value: Buffer) => void) | undefined,
  ): Generator<undefined> {
    const counts: Counts = { branch: 0, leaf: 0, overflow: 0, entries: 0 };
    let whole = true;
    if (tree.root !== undefined) {
      const stack: { page: number; depth: number; from: Buffer | undefined; to: Buffer | undefined }[] = [
        { page: tree.root, depth: 1, from: undefined, to: undefined },
      ];
      for (let next = stack.pop(); next; next = stack.pop()) {
        try {
          const { page, depth, from, to } = next;
          if (depth > Math.min(tree.depth, MAX_DEPTH)) throw new Broken(`is deeper in its tree than it may be`);
          const bytes = this.page(page, depth === tree.depth ? P_LEAF : P_BRANCH);
          const nodes = this.nodes(bytes, from, to, compare, depth === tree.depth);
          if (depth === tree.depth) this.leaf(bytes, nodes, counts, visit);
          else {
            counts.branch++;
            for (let i = nodes.length - 1; i >= 0; i--) {
              const node = nodes[i] as Node;
              stack.push({
                page:
                  bytes.readUInt16LE(node.at) +
                  bytes.readUInt16LE(node.at + 2) * 2 ** 16 +
                  bytes.readUInt16LE(node.at + 4) * 2 ** 32,
                depth: depth + 1,
                from: i === 0 ? from : node.key,
                to: nodes[i + 1]?.key ?? to,
              });
            }
          }
        } catch (error) {
          if (!(error instanceof Broken)) throw error;
          whole = false;
          this.problems.push(`page ${next.page} of ${name} ${error.message}`);
        }
        yield undefined;
      }
    }
    if (whole) this.compareCounts(name, tree, counts);
  }

  private compareCounts(name: string, tree: Tree, counts: Counts): void {
    const { branchPages, leafPages, overflowPages, entries } = tree;
    const expected = [branchPages, leafPages, overflowPages, entries].join(', ');
    const found = [counts.branch, counts.leaf, counts.overflow, counts.entries].join(', ');
    if (expected !== found)
      this.problems.push(`${name}: branch pages, leaf pages, overflow pages and entries are ${found}, not ${expected}`);
  }

  /** Takes a page for the tree and checks its head. */
  private page(page: number, type: number): Buffer {
    this.take(page);
    const { pageSize, txnid } = this.meta;
    const bytes = this.file.bytes(page * pageSize, pageSize);
    if (bytes.length < pageSize) throw new Broken('lies beyond the end of the file');
    if (bytes.readBigUInt64LE(0) !== BigInt(page)) throw new Broken('does not carry its own number');
    if (bytes.readBigUInt64LE(8) > txnid) throw new Broken('is newer than the state it belongs to');
    if ((bytes.readUInt16LE(18) & (LEAF_OR_BRANCH | P_OVERFLOW)) !== type) throw new Broken('is of another type');
    return bytes;
  }

  private take(page: number): void {
    if (page < 2 || page > this.meta.lastPage) throw new Broken('is outside the file');
    if (this.used.has(page)) throw new Broken('is used twice');
    this.used.add(page);
  }

  private nodes(
    bytes: Buffer,
    from: Buffer | undefined,
    to: Buffer | undefined,
    compare: Compare,
    leaf: boolean,
  ): Node[] {
    const lower = bytes.readUInt16LE(20);
    const upper = bytes.readUInt16LE(22);
    const room = bytes.length - PAGE_HEADER;
    if (lower > upper || upper > room || lower % 2 !== 0) throw new Broken('has an impossible layout');
    const nodes: Node[] = [];
    let before = from;
    for (let i = 0; i < lower / 2; i++) {
      const at = bytes.readUInt16LE(PAGE_HEADER + 2 * i) + PAGE_HEADER;
      if (at < upper + PAGE_HEADER || at + NODE_HEADER > bytes.length) throw new Broken('has an entry outside of it');
      const end = at + NODE_HEADER + bytes.readUInt16LE(at + 6);
      if (end > bytes.length) throw new Broken('has a key outside of it');
      const key = bytes.subarray(at + NODE_HEADER, end);
      // The first key of a branch page stands for everything below the second.
      if (leaf || i > 0) {
        if (compare === byNumber && key.length !== 8) throw new Broken('has a key of a wrong length');
        const order = before ? compare(before, key) : -1;
        if (order > 0 || (order === 0 && (i > 0 || !leaf))) throw new Broken('has its keys out of order');
        before = key;
      }
      nodes.push({ at, key, end });
    }
    if (nodes.length === 0) throw new Broken('is empty');
    if (to && before && compare(before, to) >= 0) throw new Broken('has keys that belong to the next page');
    return nodes;
  }

  private leaf(bytes: Buffer, nodes: readonly Node[], counts: Counts, visit: ((value: Buffer) => void) | undefined) {
    counts.leaf++;
    counts.entries += nodes.length;
    for (const { at, end } of nodes) {
      const size = bytes.readUInt16LE(at) + bytes.readUInt16LE(at + 2) * 2 ** 16;
      const big = (bytes.readUInt16LE(at + 4) & BIG_DATA) !== 0;
      if (end + (big ? 24 : size) > bytes.length) throw new Broken('has a value outside of it');
      if (!big) {
        visit?.(Buffer.from(bytes.subarray(end, end + size)));
        continue;
      }
      const first = Number(bytes.readBigUInt64LE(end));
      const pages = Number(bytes.readBigUInt64LE(end + 16));
      const value = this.overflow(first, pages, size, visit !== undefined);
      counts.overflow += pages;
      if (value) visit?.(value);
    }
  }

  private overflow(first: number, pages: number, size: number, wanted: boolean): Buffer | undefined {
    const { pageSize } = this.meta;
    if (pages !== Math.floor((PAGE_HEADER - 1 + size) / pageSize) + 1)
      throw new Broken('has a long value whose length does not fit its pages');
    if ((first + pages) * pageSize > this.file.size) throw new Broken('has a long value beyond the end of the file');
    for (let page = first; page < first + pages; page++) this.take(page);
    const head = this.file.bytes(first * pageSize, PAGE_HEADER);
    if (
      head.readBigUInt64LE(0) !== BigInt(first) ||
      !(head.readUInt16LE(18) & P_OVERFLOW) ||
      head.readUInt32LE(20) !== pages
    )
      throw new Broken('has a long value whose first page is not its own');
    return wanted ? this.file.bytes(first * pageSize + PAGE_HEADER, size) : undefined;
  }

  /** A page that is free and in use at once would be overwritten one day. */
  private checkFree(lists: readonly Buffer[]): void {
    let twice = 0;
    let outside = 0;
    for (const list of lists) {
      for (const [first, count] of freeRuns(list)) {
        if (first < 2 || first + count - 1 > this.meta.lastPage) outside++;
        else for (let page = first; page < first + count; page++) if (this.used.has(page)) twice++;
      }
    }
    if (twice > 0) this.problems.push(`${twice} pages are in use and in the free list at once`);
    if (outside > 0) this.problems.push(`the free list names ${outside} pages outside the file`);
  }
}

interface Node {
  readonly at: number;
  readonly key: Buffer;
  /** Where the key ends and the value begins. */
  readonly end: number;
}

/** A list of free pages: its length, then page numbers; a negative number is the length of the run that begins next. */
function* freeRuns(list: Buffer): Generator<[first: number, count: number]> {
  const length = Math.min(Number(list.readBigInt64LE(0)), list.length / 8 - 1);
  for (let i = 1; i <= length; i++) {
    const entry = Number(list.readBigInt64LE(8 * i));
    if (entry > 0) yield [entry, 1];
    else if (entry < 0 && ++i <= length) yield [Number(list.readBigInt64LE(8 * i)), -entry];
  }
}

/** What is wrong with the pages of a state of the file; pauses by yielding. */
export function* walkPages(file: PageFile, meta: Meta): Generator<undefined, string[]> {
  const walk = new Walk(file, meta);
  yield* walk.run();
  return walk.problems;
}
