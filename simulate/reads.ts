/** Reads of the database during a service, as the server counts them. */
export interface Reads {
  /** By collection. */
  made: Readonly<Record<string, number>>;
  /** Not made, for memory had the answer: of queries (`cache`), of documents for commands (`lane`), of sessions. */
  saved: Readonly<Record<string, number>>;
}

/**
 * What the server's metrics say since its start; of several processes behind one address, one of them. Nothing where it
 * does not say where they are, as in production.
 */
export async function readsOf(url: string): Promise<Reads> {
  const { metrics } = (await (await fetch(`${url}/health`)).json()) as { metrics?: string };
  const text = metrics === undefined ? '' : await (await fetch(metrics)).text();
  const series = (name: string) =>
    Object.fromEntries(
      [...text.matchAll(new RegExp(`^${name}{\\w+="(\\w+)"} (\\d+)$`, 'gm'))].map(([, label, count]) => [
        label,
        Number(count),
      ]),
    );
  return { made: series('brigade_database_reads_total'), saved: series('brigade_database_reads_saved_total') };
}

export const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** What was read between two looks; a server that was killed in between counts from its new start. */
export function readsSince(before: Reads, now: Reads): Reads {
  if (total(now.made) < total(before.made)) return now;
  const less = (counts: Reads['made'], from: Reads['made']) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count - (from[name] ?? 0)]));
  return { made: less(now.made, before.made), saved: less(now.saved, before.saved) };
}

/** Which share of the reads memory saved, in percent: of all, and of those that only the cache of answers could save. */
export function shares({ made, saved }: Reads): { all: number; cache: number } {
  const percent = (part: number, rest: number) =>
    part + rest === 0 ? 0 : Math.round((1000 * part) / (part + rest)) / 10;
  return { all: percent(total(saved), total(made)), cache: percent(saved.cache ?? 0, total(made)) };
}
