export interface ChangeLogOptions {
  /** Entries are kept at most about so long, in milliseconds. */
  readonly maxAgeMs: number;
  /** The log takes at most about so many bytes. */
  readonly maxBytes: number;
}

/** A day, and 128 MiB. */
export const CHANGE_LOG_BOUNDS: ChangeLogOptions = { maxAgeMs: 24 * 3_600_000, maxBytes: 128 * 1024 * 1024 };
