import { type House, openHouse, screensOf } from '../simulate/house.js';
import { Random } from '../simulate/random.js';
import type { Screen } from '../simulate/screen.js';
import { playService } from '../simulate/service.js';
import { Tally } from '../simulate/tally.js';
import { atRest, judge, judgeOrders, type ScreenVerdict } from '../simulate/verdict.js';
import { sleep } from '../simulate/waits.js';
import { type Fault, faults } from './faults.js';
import { Neighbour } from './neighbour.js';
import { judgeJournal } from './oracle.js';
import type { World } from './world.js';

export interface EveningOptions {
  seed: number;
  fault: string | undefined;
  covers: number;
  longestMs: number;
}

export interface Evening {
  faults: string[];
  commands: number;
  events: number;
  /** What went wrong; empty when the promise held. */
  findings: string[];
  seconds: number;
}

/** The faults of a seed: one, or now and then two at the same time. */
export function drawn(random: Random, wanted: string | undefined, hasRedis: boolean): Fault[] {
  const possible = faults.filter(({ name, needsRedis }) =>
    wanted === undefined ? hasRedis || needsRedis !== true : name === wanted,
  );
  const first = random.pick(possible);
  const second = wanted === undefined && random.chance(0.25) ? random.pick(possible) : undefined;
  // The same one twice would be two hands on one process.
  return [...new Set([first, second])].filter((fault) => fault !== undefined);
}

/** A short service with faults in it; afterwards everything is healed and must be as if nothing had happened. */
export async function playEvening(
  world: World,
  { seed, fault, covers, longestMs }: EveningOptions,
  onOpened: (screens: readonly Screen[], faults: string[], tally: Tally) => void,
): Promise<Evening> {
  const random = new Random(seed).fork('faults');
  const struck = drawn(random, fault, world.redis !== undefined);
  const tally = new Tally(`faults-${seed}-${Date.now().toString(36)}`);
  const started = performance.now();
  const house = await openHouse(world.urls, tally);
  const neighbour = await Neighbour.open(world.urls, tally);
  const screens = [...screensOf(house), neighbour.screen];
  const names = struck.map(({ name }) => name);
  onOpened(screens, names, tally);
  try {
    await allAtRest(house, neighbour, world);
    for (const { ledger, client } of screens) ledger.begin(client.position);
    const options = { covers, seed, speed: 2, kill: false, url: undefined };
    let over = false;
    const service = playService({ house, options, tally, server: undefined, say: () => undefined });
    const strikes = Promise.all(
      struck.map(async ({ strike }) => {
        await sleep(random.between(200, 2_500));
        await strike({ world, screens, random, longestMs });
      }),
    ).then(() => world.heal());
    await Promise.all([
      Promise.all([service, strikes]).finally(() => {
        over = true;
      }),
      neighbour.run(() => over),
    ]);
    await allAtRest(house, neighbour, world);
    const { findings, events } = await verdictOn(world, house, neighbour, tally);
    const seconds = (performance.now() - started) / 1000;
    return { faults: names, commands: tally.commands, events, findings, seconds };
  } finally {
    for (const screen of screens) screen.close();
  }
}

async function allAtRest(house: House, neighbour: Neighbour, { urls }: World): Promise<void> {
  const url = urls[0] ?? '';
  await Promise.all([atRest(screensOf(house), url), atRest([neighbour.screen], url)]);
}

async function verdictOn(
  { urls, db }: World,
  house: House,
  neighbour: Neighbour,
  tally: Tally,
): Promise<{ findings: string[]; events: number }> {
  const url = urls[0] ?? '';
  const verdicts: ScreenVerdict[] = [];
  for (const screen of [...screensOf(house), neighbour.screen]) verdicts.push(await judge(screen, url));
  const orders = await judgeOrders(house.manager, url, tally);
  const findings = [
    ...verdicts.flatMap(screenFindings),
    ...orders.missing.map((order) => `acknowledged, but not there: ${order}`),
    ...orders.twice.map((order) => `there twice: ${order}`),
    ...tally.unexpected,
    ...(await judgeJournal(db, house.manager.session.restaurantId, tally.commandsAnswered)),
    ...(await judgeJournal(db, neighbour.screen.session.restaurantId, [])),
  ];
  return { findings, events: verdicts.reduce((sum, { delivered }) => sum + delivered, 0) };
}

function screenFindings(verdict: ScreenVerdict): string[] {
  const { screen, lost, duplicated, outOfOrder, foreign, differing } = verdict;
  const { resets } = screen.ledger;
  const counts = Object.entries({ lost, duplicated, outOfOrder, foreign, resets }).filter(([, count]) => count > 0);
  return [
    ...counts.map(([what, count]) => `${screen.name}: ${count} ${what}`),
    ...differing.slice(0, 5).map((what) => `${screen.name} differs: ${what}`),
  ];
}
