import { readFile, writeFile } from 'node:fs/promises';
import { generate } from './contract/generate.js';
import { features } from './features.js';

/**
 * `npm run contract` writes the documents and the client's types; `npm run contract -- --check` exits 1 and names each
 * file that is not what the declarations say. Neither opens a database nor a port.
 */
async function main(check: boolean): Promise<void> {
  const stale: string[] = [];
  for (const [path, text] of Object.entries(generate(features))) {
    const current = await readFile(path, 'utf8').catch(() => undefined);
    if (current === text) continue;
    stale.push(path);
    if (!check) await writeFile(path, text);
  }
  if (!check) {
    process.stdout.write(stale.length === 0 ? 'The contract is up to date\n' : `Written: ${stale.join(', ')}\n`);
  } else if (stale.length > 0) {
    process.stderr.write(`${stale.map((path) => `Stale: ${path}`).join('\n')}\nRun: npm run contract\n`);
    process.exitCode = 1;
  }
}

await main(process.argv.includes('--check'));
