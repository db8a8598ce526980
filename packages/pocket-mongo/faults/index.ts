import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Life, type Round } from './life.js';

const USAGE = `npm run faults -w packages/pocket-mongo -- [options]
  --rounds N   so often a server is killed under load, restarted and looked at (100)
  --seed S     the choices of another run, by the number it printed (any)`;

/** So many rounds have one data folder; then a new one begins. */
const ROUNDS_PER_LIFE = 5;
const SHOWN = 20;

function positive(text: string, name: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${name} must be a whole number above 0, not '${text}'\n${USAGE}`);
  process.exit(2);
}

async function roundOf(life: Life, seed: number): Promise<Round> {
  try {
    return await life.round(seed);
  } catch (error) {
    const problems = [String(error instanceof Error ? error.stack : error)];
    return { problems, kills: 0, acknowledged: 0, backup: 'none' };
  }
}

function tell(round: Round, life: Life, index: number, first: number): void {
  const { problems } = round;
  console.log(`round ${index + 1}: ${problems.length} problems; the data folder is kept: ${life.folder}`);
  for (const problem of problems.slice(0, SHOWN)) console.log(`  ${problem}`);
  if (problems.length > SHOWN) console.log(`  and ${problems.length - SHOWN} more`);
  console.log(`  again: --seed ${first} --rounds ${(index % ROUNDS_PER_LIFE) + 1}`);
}

async function run(rounds: number, seed: number): Promise<number> {
  const started = performance.now();
  const done: Round[] = [];
  let life: Life | undefined;
  let first = seed;
  for (let i = 0; i < rounds; i++) {
    if (!life) {
      first = seed + i;
      life = await Life.begin(first);
    }
    const round = await roundOf(life, seed + i);
    done.push(round);
    const failed = round.problems.length > 0;
    if (failed) tell(round, life, i, first);
    if (failed || (i + 1) % ROUNDS_PER_LIFE === 0 || i + 1 === rounds) {
      await life.end(failed);
      life = undefined;
    }
  }
  const sum = (count: (round: Round) => number) => done.reduce((total, round) => total + count(round), 0);
  const backups = done.filter(({ backup }) => backup !== 'none');
  const seconds = Math.round((performance.now() - started) / 1000);
  const failed = sum(({ problems }) => (problems.length > 0 ? 1 : 0));
  console.log(
    `${sum(({ kills }) => kills)} kills, ${backups.length} of them during a backup ` +
      `(${backups.filter(({ backup }) => backup === 'whole').length} whole), ` +
      `${sum(({ acknowledged }) => acknowledged)} acknowledged writes, ` +
      `${seconds} s, seed ${seed}`,
  );
  console.log(`${done.length - failed} passed, ${failed} failed`);
  return failed;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else if ((await run(positive(values.rounds, 'rounds'), positive(values.seed, 'seed'))) > 0) process.exitCode = 1;
