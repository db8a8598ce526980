import type { Role } from '../kernel/permissions.js';

/** What the demo restaurant is made of beside its menu and its floor. All of it is known to everybody: it is a demo. */

export const DEMO_PASSWORD = 'brigade-demo';

export interface DemoPerson {
  name: string;
  role: Role;
  email: string;
  pin: string;
}

const person = (name: string, role: Role, pin: string): DemoPerson => {
  const [first = name] = name.toLowerCase().split(' ');
  return { name, role, email: `${first}@bistro.example`, pin };
};

export const demoOwner = person('Olivia Laurent', 'owner', '1001');

/** Everybody but the owner, who comes with the sign-up. */
export const demoStaff: readonly DemoPerson[] = [
  person('Marc Dubois', 'manager', '2401'),
  person('Anna Petit', 'waiter', '3001'),
  person('Bruno Costa', 'waiter', '3002'),
  person('Clara Moreau', 'waiter', '3003'),
  person('David Klein', 'waiter', '3004'),
  person('Emma Rossi', 'waiter', '3005'),
  person('Farid Haddad', 'waiter', '3006'),
  person('Karim Benali', 'kitchen', '4001'),
  person('Lucie Bernard', 'kitchen', '4002'),
  person('Nora Jensen', 'cashier', '5001'),
  person('Hugo Martin', 'host', '6001'),
];

export const demoRestaurant = {
  name: 'Brigade Bistro',
  currency: 'EUR',
  timeZone: 'Europe/Paris',
  locale: 'fr-FR',
  dayStartHour: 4,
  pricesIncludeTax: true,
  taxClasses: [
    // What is taken away is taxed as food is in a shop.
    { code: 'food', name: 'TVA', ratePpm: 100_000, rates: [{ channel: 'takeaway', ratePpm: 55_000 }] },
    { code: 'alcohol', name: 'TVA 20 %', ratePpm: 200_000 },
  ],
};

/** Who looks after a section. */
export const demoSectionWaiters: Readonly<Record<string, string>> = {
  'Dining room': 'anna@bistro.example',
  Terrace: 'clara@bistro.example',
  Bar: 'emma@bistro.example',
};

export interface DemoStation {
  name: string;
  /** Codes of the categories made here. */
  categories: readonly string[];
  /** Names of single items made here though their category is made elsewhere. */
  items: readonly string[];
  isDefault: boolean;
  targetSeconds: number;
  lateSeconds: number;
}

export const demoStations: readonly DemoStation[] = [
  {
    name: 'Grill',
    categories: ['mains', 'pasta-pizza'],
    items: ['Onion soup gratinée', 'Prawn croquettes', 'Grilled octopus'],
    isDefault: true,
    targetSeconds: 900,
    lateSeconds: 1_200,
  },
  {
    name: 'Garde manger',
    categories: ['starters', 'salads'],
    items: [],
    isDefault: false,
    targetSeconds: 480,
    lateSeconds: 720,
  },
  { name: 'Pastry', categories: ['desserts'], items: [], isDefault: false, targetSeconds: 420, lateSeconds: 600 },
  {
    name: 'Bar',
    categories: ['soft-drinks', 'beer-cocktails', 'wine'],
    items: [],
    isDefault: false,
    targetSeconds: 180,
    lateSeconds: 360,
  },
];

export interface DemoDevice {
  name: string;
  kind: 'kitchen' | 'waiter' | 'till' | 'host';
  /** Name of the station whose tickets its screen shows; none for the expo and outside the kitchen. */
  station?: string;
}

export const demoDevices: readonly DemoDevice[] = [
  ...demoStations.map(({ name }): DemoDevice => ({ name: `${name} screen`, kind: 'kitchen', station: name })),
  { name: 'Expo screen', kind: 'kitchen' },
  { name: 'Waiter tablet 1', kind: 'waiter' },
  { name: 'Waiter tablet 2', kind: 'waiter' },
  { name: 'Till', kind: 'till' },
  { name: 'Host stand', kind: 'host' },
];
