import type { Collection, MongoClient } from 'mongodb';
import { isLinearizable, type Operation } from './histories/linearizable.js';
import { CLIENTS, openStage, type Roll, type Stage, timed } from './histories/play.js';

/** A document with one value, which clients read, write, and change if it is what they think. */
interface Register {
  _id: number;
  value: number;
  seen: number;
}

const REGISTERS = 12;
const ROUNDS = 500;

let stage: Stage;
const history = Array.from({ length: REGISTERS }, (): Operation<number>[] => []);
let nextValue = 1;

beforeAll(async () => {
  stage = await openStage();
  const registers = stage.database.db.collection<Register>('registers');
  await registers.insertMany(Array.from({ length: REGISTERS }, (_, _id) => ({ _id, value: 0, seen: 0 })));
  await registers.createIndex({ value: 1 });
  /** The value that each client saw last in each register: a guess for its next compare and set. */
  const guesses = Array.from({ length: CLIENTS }, () => new Array<number>(REGISTERS).fill(0));
  await stage.play(ROUNDS, async (client, name, roll) => {
    const _id = roll(REGISTERS);
    const mine = guesses[name] as number[];
    history[_id]?.push(await operate(client, _id, roll, mine));
  });
});
afterAll(() => stage.close());

/** Notes an answer by which the register had this value, and has another now; undefined: it told nothing of it. */
function told(at: { began: number; ended: number }, had: number | undefined, has?: number): Operation<number> {
  const { began, ended } = at;
  return { began, ended, apply: (state) => (had === undefined || had === state ? (has ?? state) : undefined) };
}

/** One operation of any kind, as the history has it. */
async function operate(client: MongoClient, _id: number, roll: Roll, guesses: number[]): Promise<Operation<number>> {
  const registers: Collection<Register> = client.db('test').collection('registers');
  const value = nextValue++;
  const guess = guesses[_id] ?? 0;
  const kind = roll(5);
  if (kind === 0) {
    const at = await timed(() => registers.findOne({ _id }));
    guesses[_id] = at.result?.value ?? Number.NaN;
    return told(at, guesses[_id]);
  }
  if (kind === 1) return told(await timed(() => registers.updateOne({ _id }, { $set: { value } })), undefined, value);
  if (kind === 2) {
    const at = await timed(() => registers.findOneAndUpdate({ _id }, { $set: { value } }));
    guesses[_id] = value;
    return told(at, at.result?.value ?? Number.NaN, value);
  }
  if (kind === 3) {
    const at = await timed(() =>
      registers.findOneAndUpdate({ _id }, [{ $set: { seen: '$value', value } }], { returnDocument: 'after' }),
    );
    return told(at, at.result?.seen ?? Number.NaN, value);
  }
  const at = await timed(() => registers.updateOne({ _id, value: guess }, { $set: { value } }));
  const { began, ended } = at;
  if (at.result.modifiedCount === 1) return told(at, guess, value);
  return { began, ended, apply: (state) => (state === guess ? undefined : state) };
}

test('single documents are linearizable: one order explains thousands of reads, writes, swaps and compare-and-sets', () => {
  expect(history.flat()).toHaveLength(CLIENTS * ROUNDS);
  expect(history.map((operations) => isLinearizable(0, operations))).toEqual(new Array(REGISTERS).fill(true));
});

test('the same histories with one answer changed are not', () => {
  for (const operations of history) {
    const last = operations.reduce((latest, one) => (one.began > latest.began ? one : latest));
    const after = { began: last.ended + 1, ended: last.ended + 2 };
    expect(isLinearizable(0, [...operations, told(after, -1)])).toBe(false);
  }
});
