import type { Screen } from '../simulate/screen.js';
import { judge } from '../simulate/verdict.js';
import { sleep } from '../simulate/waits.js';
import type { World } from './world.js';

/** Whoever does not answer in this time hangs, ms. */
const LOOK_MS = 10_000;

/** Counts of what waits and runs; the others say how the evening went, not where it stands. */
const TELLING = /^brigade_(lane|redis|commit|database|dead)\w*(\{[^}]*\})? \d/;

/**
 * Where an evening stands that does not end: what processes and database say of themselves, and what the screens show
 * otherwise than the database.
 */
export async function diagnosis(world: World, screens: readonly Screen[]): Promise<string[]> {
  const looks = [
    ...world.brigades.map(({ url, appName }) => inTime(`${appName} (${url})`, () => stateOf(url))),
    inTime('the database', () => operationsOf(world)),
    ...screens.map((screen) => inTime(screen.name, () => differencesOf(screen, world.urls[0] ?? ''))),
  ];
  return (await Promise.all(looks)).flat();
}

async function inTime(who: string, look: () => Promise<string[]>): Promise<string[]> {
  const late = sleep(LOOK_MS).then(() => ['does not answer']);
  const found = await Promise.race([look().catch((error: unknown) => [String(error)]), late]);
  return found.map((what) => `${who}: ${what}`);
}

async function stateOf(url: string): Promise<string[]> {
  const ready = await (await fetch(new URL('/readyz', url))).text();
  const { metrics: at } = (await (await fetch(new URL('/health', url))).json()) as { metrics?: string };
  const metrics = at === undefined ? '' : await (await fetch(at)).text();
  const telling = metrics.split('\n').filter((line) => TELLING.test(line) && !line.includes('bucket'));
  return [`${ready}`, telling.map((line) => line.replace('brigade_', '')).join(', ')];
}

async function operationsOf({ client }: World): Promise<string[]> {
  const running = client.db('admin').aggregate([{ $currentOp: { allUsers: true, idleSessions: true } }]);
  return (await running.toArray()).map((operation) => JSON.stringify(operation).slice(0, 400));
}

async function differencesOf(screen: Screen, url: string): Promise<string[]> {
  return (await judge(screen, url)).differing.slice(0, 5).map((what) => `differs: ${what}`);
}
