import { BrigadeProblem } from '@brigade/client';
import { hasRedisServer } from '../cluster/redis-server.js';
import type { Screen } from '../simulate/screen.js';
import type { Tally } from '../simulate/tally.js';
import { waitedFor } from '../simulate/waits.js';
import { diagnosis } from './diagnosis.js';
import { type Evening, playEvening } from './evening.js';
import { type Options, readOptions, usage } from './options.js';
import { World } from './world.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A world is used for some evenings: its start costs more than one of them. */
const EVENINGS_PER_WORLD = 10;
/** An evening that takes longer hangs. */
const deadlineMs = ({ longestMs }: Options): number => 90_000 + 4 * longestMs;

interface Total {
  passed: number;
  failed: number;
  commands: number;
  events: number;
}

/** One evening, which fails when it hangs, when a process ends by itself, or when anything rejects unhandled. */
class Stage {
  #world: World | undefined;
  #played = 0;
  #screens: readonly Screen[] = [];
  #faults: string[] = [];
  #tally: Tally | undefined;
  #fail: (error: Error) => void = () => undefined;

  async play(options: Options, seed: number): Promise<Evening> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const ms = deadlineMs(options);
    const alarm = setTimeout(() => this.#fail(new Error(`Not done after ${ms / 1000} s`)), ms);
    try {
      return await Promise.race([this.#play(options, seed), failed]);
    } catch (error) {
      const tally = this.#tally;
      const refused = [...(tally?.refused ?? [])].map(
        ([code, count]) => `refused ${count} times: ${code}, last ${tally?.lastRefused.get(code)}`,
      );
      const unexpected = tally?.unexpected.slice(0, 10) ?? [];
      const standing = this.#world === undefined ? [] : await diagnosis(this.#world, this.#screens);
      const waits = waitedFor().map((wait) => `waited for ${wait}`);
      const screens = this.#screens.map((screen) => screen.describe());
      const output = this.#world?.output ?? '';
      await this.close();
      return {
        faults: this.#faults,
        commands: 0,
        events: 0,
        seconds: 0,
        findings: [
          String((error as Error).stack),
          ...refused,
          ...unexpected,
          ...standing,
          ...waits,
          ...screens,
          output,
        ],
      };
    } finally {
      clearTimeout(alarm);
    }
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  /** The next evening gets a new world. */
  async close(): Promise<void> {
    for (const screen of this.#screens) screen.close();
    await this.#world?.stop();
    this.#world = undefined;
  }

  async #play(options: Options, seed: number): Promise<Evening> {
    if (this.#played % EVENINGS_PER_WORLD === 0) await this.close();
    this.#played += 1;
    this.#world ??= await World.start((error) => this.#fail(error));
    const evening = await playEvening(this.#world, { ...options, seed }, (screens, names, tally) => {
      this.#screens = screens;
      this.#faults = names;
      this.#tally = tally;
    });
    if (evening.findings.length > 0) {
      evening.findings.push(this.#world.output);
      await this.close();
    }
    return evening;
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!hasRedisServer()) say('no redis-server on PATH: faults of Redis are left out');
  const stage = new Stage();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  process.on('unhandledRejection', (error) => {
    // What an evening that failed leaves behind is not the next one's fault.
    if (!(error instanceof BrigadeProblem && error.code === 'closed')) stage.fail(error as Error);
  });
  const total: Total = { passed: 0, failed: 0, commands: 0, events: 0 };
  for (let seed = options.seed; seed < options.seed + options.seeds; seed += 1) {
    const evening = await stage.play(options, seed);
    tell(seed, evening, options);
    total.commands += evening.commands;
    total.events += evening.events;
    if (evening.findings.length === 0) total.passed += 1;
    else total.failed += 1;
  }
  await stage.close();
  say(`${total.commands} commands acknowledged, ${total.events} events applied`);
  say(`${total.passed} passed, ${total.failed} failed`);
  process.exit(total.failed === 0 ? 0 : 1);
}

function tell(seed: number, { faults, findings, commands, events, seconds }: Evening, { fault }: Options): void {
  const what = faults.join(' + ') || 'no fault';
  const verdict = findings.length === 0 ? 'ok' : 'FAILED';
  say(`seed ${seed}: ${verdict}: ${what} (${commands} commands, ${events} events, ${seconds.toFixed(1)} s)`);
  for (const finding of findings.slice(0, 60)) say(`    ${finding}`);
  if (findings.length > 0)
    say(`    again: npm run faults -- --seeds 1 --seed ${seed}${fault === undefined ? '' : ` --fault '${fault}'`}`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n${usage}\n`);
  process.exit(1);
});
