import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'pocket-mongo';
import { type Command, start } from './processes.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function locks(): string[] {
  return readdirSync(dir).filter((name) => name.startsWith('pocket-mongo.lock.'));
}

/** Starts many servers on the folder at one moment; returns those that serve it. The others must have said why not. */
async function race(): Promise<Command[]> {
  const servers = Array.from({ length: 6 }, () => start('--dir', dir));
  const uris = await Promise.all(servers.map((server) => server.uri()));
  const winners = servers.filter((_, i) => uris[i] !== undefined);
  for (const loser of servers.filter((server) => !winners.includes(server))) {
    expect(await loser.finished()).toMatchObject({ code: 1, err: expect.stringContaining('in use by process') });
  }
  return winners;
}

describe('one process per folder', () => {
  test('of many that start at once exactly one gets it, also when it takes over from a killed one', async () => {
    for (let round = 0; round < 4; round++) {
      const winners = await race();
      expect(winners).toHaveLength(1);
      expect(locks()).toHaveLength(1);
      await winners[0]?.kill('SIGKILL');
      expect(locks()).toHaveLength(1);
    }
  });

  test('the second is told the pid of the first, and a closed one is free at once', async () => {
    const server = await createServer({ dir });
    await expect(createServer({ dir })).rejects.toThrow(`in use by process ${process.pid}: one process per folder`);
    const other = start('--dir', dir);
    expect(await other.uri()).toBeUndefined();
    expect((await other.finished()).err).toContain(`in use by process ${process.pid}`);
    await server.close();
    expect(locks()).toEqual([]);
    const next = start('--dir', dir);
    expect(await next.uri()).toBeDefined();
    await next.kill('SIGTERM');
    expect(locks()).toEqual([]);
  });

  test('a pid that now belongs to another process does not hold the folder', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    const first = start('--dir', dir);
    await first.uri();
    await first.kill('SIGKILL');
    const [left = ''] = locks();
    // The file of the killed one, under the pid of one that lives but was started at another time.
    const parts = left.replace('pocket-mongo.lock.', '').split('-');
    rmSync(join(dir, left));
    writeFileSync(join(dir, `pocket-mongo.lock.${[other.pid, ...parts.slice(1)].join('-')}`), 'owner\n');
    const second = start('--dir', dir);
    const uri = await second.uri();
    await second.kill('SIGTERM');
    other.kill();
    expect(uri).toBeDefined();
  });

  test('an owner in another container holds it while it shows that it lives', async () => {
    mkdirSync(dir, { recursive: true });
    const elsewhere = join(dir, 'pocket-mongo.lock.1-100-0123456789ab-000000000000');
    writeFileSync(elsewhere, 'owner\n');
    const beat = setInterval(() => utimesSync(elsewhere, new Date(), new Date()), 100);
    const refused = await createServer({ dir }).catch((error: Error) => error);
    clearInterval(beat);
    expect(String(refused)).toContain('in use by a process of another container or machine');
    // Not touched for a while: it is dead.
    const long = new Date(Date.now() - 60_000);
    utimesSync(elsewhere, long, long);
    const server = await createServer({ dir });
    expect(locks()).toHaveLength(1);
    await server.close();
  });
});
