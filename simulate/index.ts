import { type House, openHouse, screensOf } from './house.js';
import { type Options, readOptions, usage } from './options.js';
import { readsOf, readsSince } from './reads.js';
import { isClean, report } from './report.js';
import type { Screen } from './screen.js';
import { ServerProcess } from './server-process.js';
import { playService } from './service.js';
import { Tally } from './tally.js';
import { atRest, judge, judgeOrders, type ScreenVerdict } from './verdict.js';
import { waitedFor } from './waits.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A dinner service through the real client, and a comparison of what every screen saw with what the database holds. */
async function simulate(
  options: Options,
  url: string,
  server: ServerProcess | undefined,
  onOpened: (screens: readonly Screen[]) => void,
): Promise<boolean> {
  const tally = new Tally(`sim-${options.seed}-${Date.now().toString(36)}`);
  const house = await openHouse([url], tally);
  const screens = screensOf(house);
  onOpened(screens);
  await atRest(screens, url);
  for (const { ledger, client } of screens) ledger.begin(client.position);
  say(`${screens.length} screens are up to date; the service begins (${options.covers} covers, seed ${options.seed})`);
  const before = await readsOf(url);
  const started = performance.now();
  await playService({ house, options, tally, server, say });
  const seconds = (performance.now() - started) / 1000;
  const reads = readsSince(before, await readsOf(url));
  await atRest(screens, url);
  const verdicts: ScreenVerdict[] = [];
  for (const screen of screens) verdicts.push(await judge(screen, url));
  const orders = await judgeOrders(house.manager, url, tally);
  const evening = { verdicts, orders, tally, seconds, reads, kills: server?.kills ?? 0 };
  report(evening, say);
  close(house);
  return isClean(evening);
}

function close(house: House): void {
  for (const screen of screensOf(house)) screen.close();
}

/** A hang is a failure, and says what it waited for. */
function deadlineFor({ covers, speed }: Options): number {
  return 60_000 + (covers * 1_000) / Math.min(1, speed);
}

/** Rejects when the time is over, the server ends by itself, or something fails that nobody waits for. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  let server: ServerProcess | undefined;
  let screens: readonly Screen[] = [];
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  process.on('unhandledRejection', (error) => fail(error as Error));
  const ms = deadlineFor(options);
  setTimeout(() => fail(new Error(`Not done after ${ms / 1000} s`)), ms).unref();
  const run = async (): Promise<boolean> => {
    if (options.url === undefined) server = await ServerProcess.start(fail);
    return simulate(options, options.url ?? server?.url ?? '', server, (opened) => {
      screens = opened;
    });
  };
  try {
    process.exitCode = (await Promise.race([run(), failed])) ? 0 : 1;
    await server?.stop();
  } catch (error) {
    process.exitCode = 1;
    const state = [...waitedFor().map((wait) => `waited for ${wait}`), ...screens.map((screen) => screen.describe())];
    process.stderr.write(`${(error as Error).stack}\n  ${state.join('\n  ')}\n${server?.output ?? ''}\n`);
    await server?.stop('SIGKILL');
  }
  // Whoever still waits then must not keep the process.
  process.exit();
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n${usage}\n`);
  process.exit(1);
});
