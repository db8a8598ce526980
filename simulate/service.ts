import type { House } from './house.js';
import { screensOf } from './house.js';
import { Cook, runPass } from './kitchen.js';
import { Manager } from './manager.js';
import type { Options } from './options.js';
import { Pace } from './pace.js';
import { Random } from './random.js';
import type { ServerProcess } from './server-process.js';
import type { Tally } from './tally.js';
import { Till } from './till.js';
import { type Party, Waiter } from './waiter.js';
import { polled } from './waits.js';

export interface Service {
  house: House;
  options: Options;
  tally: Tally;
  /** The server, when it is ours to kill. */
  server: ServerProcess | undefined;
  say: (line: string) => void;
}

/** After these shares of the parties have arrived, the server is killed. */
const KILLS = [0.3, 0.65];
/** Guests at tables for each order to take away. */
const COVERS_PER_TAKEAWAY = 10;

/** A whole evening: parties arrive, eat and leave; the till sells; lines break; the server may be killed. */
export async function playService(service: Service): Promise<void> {
  const { house, options, tally } = service;
  const random = new Random(options.seed);
  const pace = new Pace(options.speed);
  let over = false;
  const isOver = () => over;
  const manager = new Manager({ screen: house.manager, random: random.fork('manager'), pace, tally });
  const waiters = castWaiters(service, random, pace, manager);
  const cooks = house.stations.map((screen) => new Cook({ screen, random: random.fork(screen.name), pace }));
  const around = [
    manager.run(isOver),
    runPass({ screen: house.pass, random: random.fork('pass'), pace }, isOver),
    breakLines(house, random.fork('lines'), pace, isOver),
  ];
  await Promise.all([
    receiveParties(service, waiters, random.fork('door'), pace),
    sellAtTill(service, random.fork('till'), pace),
  ]);
  over = true;
  await Promise.all(around);
  await polled('the kitchen to bump its last ticket', 20, async () => cooks.every((cook) => cook.isIdle) || undefined);
}

function castWaiters({ house, tally }: Service, random: Random, pace: Pace, manager: Manager): Waiter[] {
  const waiters: Waiter[] = house.waiters.map(
    (screen) =>
      new Waiter({
        ...{ screen, pace, tally, manager, random: random.fork(screen.name) },
        colleagues: () => waiters.filter(({ userId }) => userId !== screen.userId),
      }),
  );
  return waiters;
}

function partiesOf(covers: number, random: Random): Party[] {
  const parties: Party[] = [];
  for (let left = covers; left > 0; ) {
    const guests = Math.min(left, random.pick([1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5, 6]) ?? 2);
    parties.push({ guests });
    left -= guests;
  }
  return parties;
}

async function receiveParties(service: Service, waiters: Waiter[], random: Random, pace: Pace): Promise<void> {
  const { options, server, say } = service;
  const parties = partiesOf(options.covers, random);
  const kills = options.kill && server !== undefined ? KILLS.map((share) => Math.floor(share * parties.length)) : [];
  const running: Promise<void>[] = [];
  for (const [index, party] of parties.entries()) {
    if (kills.includes(index)) running.push(crash(server, say));
    const waiter = waiters[index % waiters.length];
    if (waiter !== undefined) running.push(waiter.serve(party));
    await pace.pause(random, 250, 750);
  }
  say(`all ${parties.length} parties have arrived`);
  await Promise.all(running);
}

async function crash(server: ServerProcess | undefined, say: (line: string) => void): Promise<void> {
  const ms = await server?.crash();
  if (ms !== undefined) say(`server killed with -9; it served again ${Math.round(ms)} ms after its new start`);
}

async function sellAtTill({ house, options, tally }: Service, random: Random, pace: Pace): Promise<void> {
  const [menuScreen] = house.waiters;
  if (menuScreen === undefined) return;
  const setting = { rest: house.till, menu: menuScreen.state, pace, tally };
  const sales: Promise<void>[] = [];
  for (let left = Math.max(3, Math.round(options.covers / COVERS_PER_TAKEAWAY)); left > 0; left -= 1) {
    await pace.pause(random, 400, 2_400);
    sales.push(new Till({ ...setting, random: random.fork(`sale ${left}`) }).sell());
  }
  await Promise.all(sales);
}

/** Screens lose their connection, some for a blink, some for longer. */
async function breakLines(house: House, random: Random, pace: Pace, isOver: () => boolean): Promise<void> {
  const screens = screensOf(house);
  while (!isOver()) {
    await pace.pause(random, 200, 1_000);
    random.pick(screens)?.line.cut(random.chance(0.5) ? 0 : random.between(100, 1_200));
  }
}
