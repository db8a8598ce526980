import { parseArgs } from 'node:util';
import { report } from './report.js';
import { runFolder } from './runner.js';

/** `MONGODB_SPEC_TESTS=<folder> npm run conformance -w packages/pocket-mongo -- [part of a file's or test's name] [--verbose]` */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false } },
});
const folder = process.env.MONGODB_SPEC_TESTS;
const say = (line: string) => process.stdout.write(`${line}\n`);

if (folder === undefined || folder === '') {
  say('skipped: MONGODB_SPEC_TESTS does not name a folder with the unified tests of mongodb/specifications');
  process.exit(0);
}
const [filter] = positionals;
const results = await runFolder({
  folder,
  ...(filter === undefined ? {} : { filter }),
  onResult: ({ outcome, file, test, reason }) => {
    if (values.verbose) say(`${outcome.padEnd(7)} ${file}: ${test}${reason === undefined ? '' : ` (${reason})`}`);
  },
});
report(results, say);
process.exit(results.some(({ outcome }) => outcome === 'failed') ? 1 : 0);
