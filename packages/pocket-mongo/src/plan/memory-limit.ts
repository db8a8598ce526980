import { CommandError } from '../errors.js';

/** What a sort or a stage may hold when `allowDiskUse` is false, in bytes, as in MongoDB. */
const LIMIT = 100 * 1024 * 1024;

/** Counts the bytes that a stage holds. The function throws CommandError 292 when they are too many. */
export function memoryLimit(stage: string): (bytes: number) => void {
  let held = 0;
  return (bytes) => {
    held += bytes;
    if (held <= LIMIT) return;
    throw new CommandError(
      292,
      stage === '$sort'
        ? `Sort exceeded memory limit of ${LIMIT} bytes, but did not opt in to external sorting. Aborting operation. Pass allowDiskUse:true to opt in.`
        : `Exceeded memory limit for ${stage}, but didn't allow external sort. Pass allowDiskUse:true to opt in.`,
    );
  };
}
