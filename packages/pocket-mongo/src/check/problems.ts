/** What kind of damage it is. */
export type ProblemKind =
  /** The check itself did not survive reading the file. */
  | 'crash'
  /** A page of the file, or the file as a whole. */
  | 'page'
  /** An entry of the catalog or of another table of the server. */
  | 'catalog'
  /** A document that is no BSON, or is stored under another `_id`. */
  | 'document'
  /** A document without an entry in an index that should have it. */
  | 'missingIndexEntry'
  /** An index entry that belongs to no document. */
  | 'extraIndexEntry'
  /** An index entry that names another document. */
  | 'wrongIndexEntry'
  /** Two documents with one key of a unique index. */
  | 'duplicateKey'
  /** An index with several keys of one document that does not know of it. */
  | 'multikey'
  /** A count that is not what was counted. */
  | 'count'
  /** Records that belong to no collection. */
  | 'stray';

/** One disagreement in the data. */
export interface Problem {
  readonly kind: ProblemKind;
  /** In words, for people. */
  readonly what: string;
  /** Database and collection. */
  readonly ns?: string;
  /** The name of the index. */
  readonly index?: string;
}

/** As many problems of one kind in one place are told one by one; the rest is counted. */
const TOLD = 20;

/** Collects problems in bounded memory. */
export class Problems {
  readonly list: Problem[] = [];
  private readonly counts = new Map<string, { count: number; problem: Problem }>();

  add(problem: Problem): void {
    const place = JSON.stringify([problem.kind, problem.ns, problem.index]);
    const known = this.counts.get(place);
    if (known) known.count++;
    else this.counts.set(place, { count: 1, problem });
    if ((known?.count ?? 1) <= TOLD) this.list.push(problem);
  }

  /** How many of a kind there are, told or not. */
  count(kind: ProblemKind, index?: string): number {
    let sum = 0;
    for (const { count, problem } of this.counts.values())
      if (problem.kind === kind && (index === undefined || problem.index === index)) sum += count;
    return sum;
  }

  /** All of them, with how many more there are of those that were not told. */
  all(): Problem[] {
    const more = [...this.counts.values()]
      .filter(({ count }) => count > TOLD)
      .map(({ count, problem }): Problem => ({ ...problem, what: `${count - TOLD} more of this kind` }));
    return [...this.list, ...more];
  }
}
