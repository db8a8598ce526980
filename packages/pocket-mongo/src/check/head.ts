import { type Meta, P_BRANCH, P_LEAF, PAGE_HEADER, PageFile } from '../data-file.js';
import { walkPages } from './pages.js';

/**
 * Looks at what LMDB trusts when it opens a file: it maps it, and a page that is not there kills the process.
 * @throws DamagedFile when the file is cut off, empty, or not a database.
 */
export function checkHead(file: string): void {
  const pages = new PageFile(file);
  try {
    if (pages.size === 0) throw pages.damaged('it is empty');
    const meta = pages.meta();
    const { pageSize, lastPage } = meta;
    for (const { root, depth } of [meta.free, meta.main]) {
      if (root === undefined) continue;
      const head = pages.bytes(root * pageSize, PAGE_HEADER);
      const type = depth > 1 ? P_BRANCH : P_LEAF;
      if (root > lastPage || head.length < PAGE_HEADER) throw pages.damaged(cutOff(pages, meta));
      if (head.readBigUInt64LE(0) !== BigInt(root) || !(head.readUInt16LE(18) & type))
        throw pages.damaged(`its page ${root}, where a tree begins, is not that page`);
    }
    // The last pages of a file may be missing where they are free; whether they are is seen in the free list.
    if (pages.size < (lastPage + 1) * pageSize && !isWhole(pages, meta)) throw pages.damaged(cutOff(pages, meta));
  } finally {
    pages.close();
  }
}

function cutOff(pages: PageFile, { lastPage, pageSize }: Meta): string {
  return `it was cut off: it is ${pages.size} bytes long, and its head speaks of ${(lastPage + 1) * pageSize}`;
}

function isWhole(pages: PageFile, meta: Meta): boolean {
  const walk = walkPages(pages, meta);
  for (let step = walk.next(); ; step = walk.next()) if (step.done) return step.value.length === 0;
}
