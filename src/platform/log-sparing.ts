type Write = (message: string, fields: object) => void;

const MINUTE_MS = 60_000;

/**
 * Writes each message at most once a minute, and then says how often it was kept back: for rounds that fail alike for as
 * long as something is wrong.
 */
export function sparingly(write: Write, now: () => number = () => performance.now()): Write {
  const seen = new Map<string, { at: number; keptBack: number }>();
  return (message, fields) => {
    const last = seen.get(message);
    if (last !== undefined && now() - last.at < MINUTE_MS) last.keptBack += 1;
    else {
      seen.set(message, { at: now(), keptBack: 0 });
      write(message, last === undefined || last.keptBack === 0 ? fields : { ...fields, keptBack: last.keptBack });
    }
  };
}
