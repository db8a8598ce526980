import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import mongoose from 'mongoose';
import { createServer as createDatabase } from 'pocket-mongo';
import { type Brigade, callRest, openHouse } from './harness/index.js';
import { OwnProcess } from './harness/process.js';

const servers: OwnProcess[] = [];
const server = (env: Record<string, string>) => {
  const made = new OwnProcess({ FEATURE_DEMO: 'false', LOG_DIR: 'none', ...env });
  servers.push(made);
  return made;
};
afterEach(async () => {
  for (const one of servers.splice(0)) await one.remove();
});

describe('data that come back without their secrets', () => {
  it('are not served, in words that say what to do; what only signs tokens may change', async () => {
    const own = server({});
    const house = await openHouse({ url: await own.start() } as Brigade);
    const { email, password } = house.owner.login;
    await own.kill();
    const file = own.file('data/secrets.json');
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const put = (secrets: object) => writeFileSync(file, JSON.stringify({ ...kept, ...secrets }));

    put({ PIN_PEPPER: 'p'.repeat(64) });
    expect(await own.startInVain()).toBe(1);
    const said = own.output
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('{'));
    expect(said).toEqual([expect.stringMatching(/^PIN_PEPPER is not the one .*secrets\.json .*npm run new-pepper/)]);
    expect(own.output).not.toContain('pppp');

    put({ JWT_SECRET: 'j'.repeat(64) });
    const url = await own.start();
    expect(await callRest(url, undefined, 'auth:login', { email, password })).toMatchObject({ status: 200 });
    await own.kill();

    put({ PIN_PEPPER: 'p'.repeat(64) });
    const { status, stdout } = spawnSync(process.execPath, [resolve('dist/src/new-pepper.js')], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, NODE_ENV: 'development', DATA_DIR: own.file('data') },
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('Passwords are as they were') });
    const again = await own.start();
    expect(await callRest(again, undefined, 'auth:login', { email, password })).toMatchObject({ status: 200 });
  }, 120_000);
});

describe('an index that is not as it is wanted', () => {
  it('follows JOURNAL_RETENTION_DAYS, up and down; any other is told in a sentence', async () => {
    const database = await createDatabase({ dir: 'unused', memory: true });
    const client = await new mongoose.mongo.MongoClient(database.uri).connect();
    const journal = client.db('brigade').collection('journal');
    const life = async () => (await journal.indexes()).find(({ name }) => name === 'retention')?.expireAfterSeconds;
    for (const days of [7, 14, 3]) {
      const own = server({
        MONGODB_URI: database.uri,
        JOURNAL_RETENTION_DAYS: String(days),
        PIN_PEPPER: 'p'.repeat(64),
      });
      await own.start();
      await own.kill();
      expect(await life()).toBe(days * 86_400);
    }
    await journal.dropIndex('retention');
    await journal.createIndex({ at: 1 }, { name: 'mine' });
    const own = server({ MONGODB_URI: database.uri, PIN_PEPPER: 'p'.repeat(64) });
    expect(await own.startInVain()).toBe(1);
    expect(own.output).toMatch(/^An index of the collection journal is not as Brigade wants it \(.*mine.*\)/m);
    expect(own.output).not.toMatch(/^ +at /m);
    await client.close();
    await database.close();
  }, 120_000);
});
