import type { Db, IndexDescription } from 'mongodb';
import { Known } from '../known.js';
import { type Complain, padding, type Worker, type Workload } from '../workload.js';

/** What a worker's collection goes through, and begins again. */
const PHASES = ['absent', 'filled', 'indexed', 'fewer', 'renamed'] as const;
type Phase = (typeof PHASES)[number] | 'other';

const DOCUMENTS = 600;
const INDEXES: IndexDescription[] = [
  { key: { n: 1 }, name: 'number', unique: true },
  { key: { tags: 1, pad: -1 }, name: 'tags' },
];

/** Collections are made, filled, indexed, renamed and dropped. An index is there whole or not at all. */
export class Definitions implements Workload {
  readonly name = 'definitions';
  readonly weight = 2;
  private readonly known = new Map<number, Known<Phase>>();

  async setUp(): Promise<void> {
    // Its collections come and go.
  }

  async step({ number, db }: Worker): Promise<void> {
    const known = this.known.get(number) ?? new Known<Phase>('absent');
    this.known.set(number, known);
    const name = `made${number}`;
    const phase = known.now;
    if (phase === 'absent') await known.change('filled', () => fill(db, name));
    else if (phase === 'filled') await known.change('indexed', () => db.collection(name).createIndexes(INDEXES));
    else if (phase === 'indexed') await known.change('fewer', () => db.collection(name).dropIndex('tags'));
    else if (phase === 'fewer') await known.change('renamed', () => db.renameCollection(name, `${name}-renamed`));
    else await known.change('absent', () => db.collection(`${name}-renamed`).drop());
  }

  async verify(db: Db, complain: Complain): Promise<void> {
    for (const [number, known] of this.known) {
      let phase = await phaseOf(db, `made${number}`);
      if (phase === 'other') {
        // The only write of many messages: some of its documents are there.
        await db.collection(`made${number}`).drop();
        phase = 'absent';
      }
      const wrong = known.settle(phase);
      if (wrong) complain(`the collection of worker ${number} ${wrong}`);
    }
  }
}

async function fill(db: Db, name: string): Promise<void> {
  const documents = Array.from({ length: DOCUMENTS }, (_, n) => {
    return { n, tags: [n % 7, n % 11, `tag${n % 13}`], pad: padding(n % 96) };
  });
  await db.collection(name).insertMany(documents);
}

async function phaseOf(db: Db, name: string): Promise<Phase> {
  const names = (await db.listCollections({ name: { $in: [name, `${name}-renamed`] } }).toArray()).map((c) => c.name);
  const [stored] = names;
  if (stored === undefined) return 'absent';
  if (names.length > 1) throw new Error(`both ${names} are there`);
  const collection = db.collection(stored);
  const indexes = (await collection.indexes()).map((index) => index.name).sort();
  const whole = (await collection.countDocuments()) === DOCUMENTS;
  if (!whole) return 'other';
  const kind = `${stored === name ? '' : 'renamed '}${indexes}`;
  const phases: Readonly<Record<string, Phase>> = {
    _id_: 'filled',
    '_id_,number,tags': 'indexed',
    '_id_,number': 'fewer',
    'renamed _id_,number': 'renamed',
  };
  return phases[kind] ?? 'other';
}
