import { closeSync, existsSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Inside the data folder: LMDB's own folder with `data.mdb` and `lock.mdb`. */
export const DATA = 'data';

export function dataFileOf(path: string): string {
  return join(path, 'data.mdb');
}

const MAGIC = 0xbeefc0de;
const VERSION = 2;
export const PAGE_HEADER = 24;
export const P_BRANCH = 0x01;
export const P_LEAF = 0x02;
export const P_OVERFLOW = 0x04;
const P_META = 0x08;
/** LMDB's number of no page. */
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** The head of one of the two B-trees: the free list and the records. */
export interface Tree {
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined for an empty tree. */
  readonly root: number | undefined;
}

/** What a meta page says: one committed state of the file. */
export interface Meta {
  readonly pageSize: number;
  readonly txnid: bigint;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

/** The data file is not what it was when it was written. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';

  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(
      `the data file ${file} is damaged: ${reason}. It was left as it is. Restore a backup into another folder ` +
        '(pocket-mongo restore --from FILE --dir NEW), or see what is wrong with it (pocket-mongo check --dir DIR).',
    );
  }
}

function treeAt(page: Buffer, at: number): Tree {
  const number = (offset: number) => Number(page.readBigUInt64LE(at + offset));
  const root = page.readBigUInt64LE(at + 40);
  return {
    depth: page.readUInt16LE(at + 6),
    branchPages: number(8),
    leafPages: number(16),
    overflowPages: number(24),
    entries: number(32),
    root: root === NO_PAGE ? undefined : Number(root),
  };
}

/** Where in a meta page its parts are: after the page's header magic, version, address, map size, two trees. */
const AT = { magic: 0, version: 4, free: 24, main: 72, lastPage: 120, txnid: 128, end: 144 };

function metaIn(page: Buffer): Meta | string {
  if (page.length < PAGE_HEADER + AT.end) return 'it ends within its head';
  if (!(page.readUInt16LE(18) & P_META)) return 'its head is not that of a database';
  const meta = page.subarray(PAGE_HEADER);
  if (meta.readUInt32LE(AT.magic) !== MAGIC) return 'its head is not that of a database';
  const version = meta.readUInt32LE(AT.version) & 0xffff;
  if (version !== VERSION) return `its format is version ${version}, not ${VERSION}`;
  const pageSize = meta.readUInt32LE(AT.free);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    return `its head gives an impossible page size, ${pageSize}`;
  return {
    pageSize,
    txnid: meta.readBigUInt64LE(AT.txnid),
    lastPage: Number(meta.readBigUInt64LE(AT.lastPage)),
    free: treeAt(meta, AT.free),
    main: treeAt(meta, AT.main),
  };
}

/** Reads pages of a data file without LMDB, which trusts what it maps. */
export class PageFile {
  private readonly descriptor: number;

  constructor(readonly file: string) {
    if (!existsSync(file)) throw this.damaged('it is missing');
    this.descriptor = openSync(file, 'r');
  }

  get size(): number {
    return fstatSync(this.descriptor).size;
  }

  /** Up to `size` bytes at `position`; fewer at the end of the file. */
  bytes(position: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(this.descriptor, bytes, 0, size, position));
  }

  /** The newest committed state. Both meta pages must be sound. @throws DamagedFile */
  meta(): Meta {
    const first = this.must(metaIn(this.bytes(0, PAGE_HEADER + AT.end)));
    const second = this.must(metaIn(this.bytes(first.pageSize, PAGE_HEADER + AT.end)));
    if (second.pageSize !== first.pageSize) throw this.damaged('its two heads disagree about the page size');
    return second.txnid > first.txnid ? second : first;
  }

  private must(meta: Meta | string): Meta {
    if (typeof meta === 'string') throw this.damaged(meta);
    return meta;
  }

  damaged(reason: string): DamagedFile {
    return new DamagedFile(this.file, reason);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Makes the names in a folder durable; where folders cannot be flushed (Windows) the system does it itself. */
export function flushFolder(folder: string): void {
  if (process.platform !== 'win32') flush(folder, 'r');
}

/** Makes the contents of a file durable. */
export function flushFile(file: string): void {
  flush(file, 'r+');
}

function flush(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes a folder and those that it is in, where they do not exist. Their names are on disk afterwards: a power failure must
 * not take a database away with the name of its folder.
 * @param folder an absolute path
 */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    flushFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}
