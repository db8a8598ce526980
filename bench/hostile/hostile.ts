import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostileTexts } from '../../probe/hostile.js';
import { Caller } from '../../probe/wire.js';
import { type Child, median, round, startChild } from '../children.js';

const ROUNDS = 3;
const MEGABYTE = 1_000_000;
/** What passes the limits of size: what is left to the budget. */
const PASSING = 200_000;
const DISHES = 2_000;

/** Something to send, and where it goes. */
interface Attack {
  what: string;
  send: () => Promise<unknown>;
}
interface Opened {
  url: string;
  token: string;
  itemId: string;
}

/**
 * How long the server's event loop is held while a megabyte of this or that comes, beside ordinary orders just before, in
 * the same run: nobody else may wait for it. Each is sent by a stranger, by a waiter over REST, in a batch and over the
 * socket, once as a megabyte and once as large as an order may be. Last a whole menu, which is no attack.
 */
export async function hostile(options: Map<string, string>): Promise<object> {
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const dataDir = mkdtempSync(join(tmpdir(), 'brigade-bench-'));
  const server = startChild(new URL('./hostile-server.js', import.meta.url), [dataDir]);
  try {
    const opened = await server.ask<Opened>('open');
    const someone = new Caller(opened.url, opened.token);
    const attacks = attacksOn(opened, someone);
    const quiet = quietOrders(opened, someone);
    await held(server, quiet);
    const measured = new Map<string, number[]>();
    for (let i = 0; i < rounds; i += 1) {
      for (const attack of [quiet, ...attacks])
        measured.set(attack.what, [...(measured.get(attack.what) ?? []), await held(server, attack)]);
    }
    someone.close();
    return summary(measured, quiet.what, attacks.at(-1)?.what ?? '', rounds);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function held(server: Child, { send }: Attack): Promise<number> {
  await server.ask('held');
  await send();
  return server.ask<number>('held');
}

function quietOrders({ itemId }: Opened, someone: Caller): Attack {
  const order = JSON.stringify({ channel: 'takeaway', customer: { name: 'Ana' }, lines: [{ itemId }] });
  const send = async () => {
    for (let i = 0; i < 40; i += 1) await someone.raw('POST', '/orders', order);
  };
  return { what: 'orders', send };
}

function attacksOn({ url }: Opened, someone: Caller): Attack[] {
  const stranger = new Caller(url, undefined);
  const author = 'f'.repeat(24);
  const place = (lines: string) => `{"channel":"takeaway","lines":${lines}}`;
  const batch = (input: string) =>
    `{"author":"${author}","commands":[{"name":"order:fire","key":"a","input":{"a":${input}}}]}`;
  const all = [MEGABYTE, PASSING].flatMap((bytes) =>
    hostileTexts(bytes).map(([what, json]): Attack => {
      const send = async () => {
        await stranger.raw('POST', '/restaurants', `{"restaurant":{"taxClasses":${json}}}`);
        await someone.raw('POST', '/orders', place(json));
        await someone.raw('POST', '/sync/commands', batch(json));
        await someone.socket('order:place', place(json));
        await someone.socket('sync:submit', batch(json));
      };
      return { what: `${bytes / 1_000} kB: ${what}`, send };
    }),
  );
  const path = { what: 'paths that look like secrets', send: () => stranger.raw('GET', `/${'pin'.repeat(2_600)}=x`) };
  return [...all, path, { what: 'a menu of 2,000 dishes', send: () => someone.raw('POST', '/menu/import', menu()) }];
}

function menu(): string {
  const dish = (i: number) => ({
    ...{ code: `dish-${i}`, name: `Dish ${i}`, category: 'all', description: 'Tomatoes, basil and oil. '.repeat(19) },
    sizes: ['Small', 'Large'].map((name) => ({ name, price: { amount: 500 + i, currency: 'EUR' } })),
    allergens: { contains: ['milk'], traces: [] },
  });
  const items = Array.from({ length: DISHES }, (_, i) => dish(i));
  const categories = [{ code: 'all', name: 'All', taxClass: 'food' }];
  return JSON.stringify({ mode: 'merge', menu: { format: 'brigade-menu/1', categories, modifierGroups: [], items } });
}

function summary(measured: Map<string, number[]>, quiet: string, legitimate: string, rounds: number): object {
  const longest = [...measured].map(([what, times]) => ({ what, ms: Math.max(...times), middle: median(times) }));
  for (const { what, ms, middle } of longest)
    console.log(`${what.padEnd(38)} held ${round(middle, 1)} ms, at most ${round(ms, 1)} ms`);
  const of = (name: string) => longest.find(({ what }) => what === name)?.middle ?? 0;
  const worst = longest
    .filter(({ what }) => what !== quiet && what !== legitimate)
    .sort((a, b) => b.middle - a.middle)[0];
  return {
    ...{ rounds, quietMs: round(of(quiet), 1), worstMs: round(worst?.middle ?? 0, 1), worst: worst?.what },
    ...{ ratio: round((worst?.middle ?? 0) / of(quiet)), menuMs: round(of(legitimate), 1) },
  };
}
