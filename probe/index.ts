import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../cluster/free-port.js';
import { Random } from '../simulate/random.js';
import { brigadeProcess } from '../simulate/server-process.js';
import { readContract } from './contract.js';
import { Findings } from './findings.js';
import { openHouse } from './house.js';
import { type Options, readOptions, usage } from './options.js';
import { costly, foreignIds, forgedTokens, malformed, type Probe, permissionMatrix } from './parts.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Limits are tested elsewhere; here they would answer instead of what is asked. */
const WIDE = Object.fromEntries(
  ['ANONYMOUS', 'AUTH', 'AUTH_ADDRESS', 'READ', 'SEARCH', 'WRITE', 'PAYMENT', 'UPLOAD', 'EXPENSIVE', 'RESTAURANT'].map(
    (name) => [`RATE_LIMIT_${name}`, '1000000/1m'],
  ),
);
const ENV = { ...WIDE, FEATURE_DEMO: 'false', SOCKET_MESSAGES_PER_SECOND: '10000', SOCKET_MESSAGE_BURST: '100000' };

/** A hostile client, made from what the server publishes about itself. Answers whether it found nothing. */
async function probe(url: string, { seeds, seed, short }: Options): Promise<boolean> {
  const contract = await readContract(url);
  const findings = new Findings(contract);
  const started = performance.now();
  for (let round = 0; round < seeds; round += 1) {
    const random = new Random(seed + round);
    const house = await openHouse(contract, url, `Mine${random.id().slice(0, 10)}`);
    const other = await openHouse(contract, url, `Theirs${random.id().slice(0, 10)}`);
    const given: Probe = { url, contract, house, other, findings, random, short };
    for (const part of [forgedTokens, permissionMatrix, foreignIds, costly, malformed]) {
      const before = findings.probes;
      await part(given);
      say(`seed ${seed + round}: ${part.name}, ${findings.probes - before} checks`);
    }
    for (const caller of [...Object.values(house.people), ...Object.values(other.people)]) caller.close();
  }
  for (const line of findings.lines()) say(line);
  const seconds = Math.round((performance.now() - started) / 1_000);
  const figures = { operations: contract.operations.length, seeds, checks: findings.probes, findings: findings.count };
  say(JSON.stringify({ probe: findings.count === 0 ? 'ok' : 'FINDINGS', ...figures, seconds }));
  return findings.count === 0;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.url !== undefined) {
    process.exit((await probe(options.url, options)) ? 0 : 1);
  }
  const folder = mkdtempSync(join(tmpdir(), 'brigade-probe-'));
  const port = await freePort();
  const onDeath = (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  };
  const server = brigadeProcess({ name: 'the server', port, folder, env: ENV, onDeath });
  await server.start();
  try {
    process.exitCode = (await probe(`http://127.0.0.1:${port}`, options)) ? 0 : 1;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit();
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n${usage}\n`);
  process.exit(1);
});
