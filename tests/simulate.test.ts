import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { compare } from '../simulate/ledger.js';

/** Runs the built simulation as a process and answers how it ended, and the JSON object of its last line. */
async function simulate(...args: string[]) {
  const child = spawn(process.execPath, [resolve('dist/simulate/index.js'), ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((done) => child.once('close', done));
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  return { code, output, figures: last.startsWith('{') ? (JSON.parse(last) as Record<string, number>) : {} };
}

describe('simulate', () => {
  it('plays a service through kill -9 of the server: nothing acknowledged is missing, every screen is exact', async () => {
    const { code, output, figures } = await simulate('--covers', '12', '--seed', '7', '--speed', '2', '--kill');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('kills: 2') });
    expect(figures).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0, differing: 0 });
    expect(figures.orders).toBeGreaterThan(3);
    expect(figures.tickets).toBeGreaterThan(figures.orders ?? 0);
    expect(figures.delivered).toBeGreaterThan(figures.events ?? 0);
    expect(Object.keys(figures)).toEqual(expect.arrayContaining(['p50Ms', 'p99Ms']));
  }, 90_000);

  it('refuses what it does not know', async () => {
    const { code, output } = await simulate('--covers', 'many');
    expect(code).toBe(1);
    expect(output).toContain('--covers must be 1 to 10000');
  });
});

describe('what a screen applied, beside the journal', () => {
  const events = (...seqs: number[]) => seqs.map((seq) => ({ seq, name: `thing:happened-${seq}` }));
  const journal = events(3, 4, 7, 9);
  const exact = { lost: 0, duplicated: 0, outOfOrder: 0, foreign: 0 };

  it.each([
    ['all of it', events(3, 4, 7, 9), exact],
    ['one event too few', events(3, 7, 9), { ...exact, lost: 1 }],
    ['nothing', [], { ...exact, lost: 4 }],
    ['one twice', events(3, 4, 4, 7, 9), { ...exact, duplicated: 1 }],
    ['two the wrong way round', events(3, 7, 4, 9), { ...exact, outOfOrder: 1 }],
    ['one that never was', events(3, 4, 5, 7, 9), { ...exact, foreign: 1 }],
    ['another under the same number', [...events(3, 4, 7), { seq: 9, name: 'thing:else' }], { ...exact, foreign: 1 }],
  ])('%s', (_case, applied, expected) => {
    expect(compare(applied, journal)).toEqual(expected);
  });
});
