import { statfs } from 'node:fs/promises';

/** Room on a disk, bytes. */
export interface Room {
  freeBytes: number;
  sizeBytes: number;
}

export interface DiskOptions {
  folder: string;
  /** Whether the last write was refused for want of room. */
  isFull: () => boolean;
  gauge: { set(bytes: number): void };
  /** Told at the start and once an hour while there is little room. */
  onLow: (room: Room) => void;
}

const LOOK_MS = 10_000;
const REMIND_MS = 3_600_000;

/** So little room is a reason to say so: a GiB, or a fifth of a small disk. The database stops at 32 MiB, or an eighth. */
const LOW_BYTES = 2 ** 30;
const LOW_PART = 5;

/** The disk of the data folder: looked at every ten seconds, and when somebody asks. */
export class Disk {
  #timer: NodeJS.Timeout | undefined;
  #told = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: DiskOptions) {}

  get isFull(): boolean {
    return this.options.isFull();
  }

  start(): void {
    void this.#look();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Undefined where the system does not tell, or there is no such folder. */
  async room(): Promise<Room | undefined> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.options.folder);
      return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
    } catch {
      return undefined;
    }
  }

  async #look(): Promise<void> {
    const room = await this.room();
    if (room === undefined) return;
    this.options.gauge.set(room.freeBytes);
    const isLow = room.freeBytes < Math.min(LOW_BYTES, room.sizeBytes / LOW_PART);
    if (!isLow || performance.now() - this.#told < REMIND_MS) return;
    this.#told = performance.now();
    this.options.onLow(room);
  }
}
