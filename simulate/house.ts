import type { Operations } from '@brigade/client';
import { logIn } from '@brigade/client';
import { DEMO_PASSWORD, type DemoPerson, demoStaff } from '../src/demo/house.js';
import { Rest } from './rest.js';
import { Screen } from './screen.js';
import type { Tally } from './tally.js';

/** Everybody's screen, and the till. */
export interface House {
  waiters: Screen[];
  stations: Screen[];
  pass: Screen;
  manager: Screen;
  till: Rest;
}

export const screensOf = ({ waiters, stations, pass, manager }: House): Screen[] => [
  ...waiters,
  ...stations,
  pass,
  manager,
];

type Device = Operations['device:list']['output'][number];

const staffOf = (role: DemoPerson['role']): DemoPerson[] => demoStaff.filter((person) => person.role === role);

/**
 * Logs the cast of the demo restaurant in: with passwords, and on the paired kitchen screens with PINs. Several addresses
 * are used in turn, as a balancer would.
 */
export async function openHouse(urls: readonly string[], tally: Tally): Promise<House> {
  let opened = 0;
  const nextUrl = (): string => {
    const url = urls[opened % urls.length];
    if (url === undefined) throw new Error('No address to connect to');
    opened += 1;
    return url;
  };
  const byPassword = ({ email }: DemoPerson) => ({ email, password: DEMO_PASSWORD });
  const open = (person: DemoPerson) => Screen.open(person.name, nextUrl(), byPassword(person), tally);
  const manager = await open(the(staffOf('manager')));
  const paired = await kitchenScreens(nextUrl(), manager);
  const bound = paired.filter(({ device }) => device.stationIds.length > 0);
  const cooks = staffOf('kitchen');
  const openOn = ({ device, token }: Paired, index: number) => {
    const { pin, name } = cooks[index % cooks.length] ?? the(cooks);
    return Screen.open(`${device.name} (${name})`, nextUrl(), { deviceToken: token, pin }, tally);
  };
  const expo = the(paired.filter(({ device }) => device.stationIds.length === 0));
  const tillUrl = nextUrl();
  const cashier = await logIn(tillUrl, byPassword(the(staffOf('cashier'))));
  return {
    waiters: await Promise.all(staffOf('waiter').map(open)),
    stations: await Promise.all(bound.map(openOn)),
    pass: await openOn(expo, 0),
    manager,
    till: new Rest(tillUrl, cashier.token, tally),
  };
}

interface Paired {
  device: Device;
  token: string;
}

async function kitchenScreens(url: string, manager: Screen): Promise<Paired[]> {
  const rest = new Rest(url, manager.session.token);
  const devices = await rest.get<Device[]>('/devices');
  const kitchen = devices.filter(({ kind }) => kind === 'kitchen');
  return Promise.all(
    kitchen.map(async (device) => {
      const { deviceToken } = await rest.get<{ deviceToken: string }>(`/devices/${device.id}/token`);
      return { device, token: deviceToken };
    }),
  );
}

function the<T>(things: readonly T[]): T {
  const [first] = things;
  if (first === undefined) throw new Error('This is not the demo restaurant: somebody or something is missing');
  return first;
}
