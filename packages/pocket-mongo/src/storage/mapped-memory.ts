import { readFileSync } from 'node:fs';

/** Looking costs some 30 µs; by so many pages not much can have been added. */
const LOOK_EVERY = 500;
const PAGE = 4096;

/** So much of the data file may be mapped into memory, in bytes. */
const MOST_MAPPED = 48 << 20;

/** A renewed map that gives back less than this was not what fills the memory. */
const WORTH_IT = 8 << 20;

/**
 * How much of the data file is mapped into this process. LMDB reads through a map of the whole file, and the system
 * counts every page that was ever read as memory of the process until the map is renewed.
 */
export class MappedMemory {
  private pages = 0;
  /** What is mapped of other files: the program itself, above all. */
  private others = mappedFiles();

  /** Counts how much was read or written in how many places. @returns true when the map should be renewed */
  grown(bytes: number, places: number): boolean {
    this.pages += places + bytes / PAGE;
    if (this.pages < LOOK_EVERY) return false;
    this.pages = 0;
    return mappedFiles() > this.others + MOST_MAPPED;
  }

  /** Renews the map by `renew`. */
  async renew(renew: () => Promise<void>): Promise<void> {
    const before = mappedFiles();
    await renew();
    const after = mappedFiles();
    if (before - after < WORTH_IT) this.others = after;
  }
}

/** In bytes; 0 where the system does not tell (it is Linux that does). */
function mappedFiles(): number {
  try {
    const [, kilobytes] = /^RssFile:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
