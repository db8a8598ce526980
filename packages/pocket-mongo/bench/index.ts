import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureDelays, STATEMENTS } from './delays.js';
import { measureRates } from './rates.js';
import { printRates, report } from './report.js';

const USAGE = `npm run bench -w packages/pocket-mongo -- [options]
  --documents N   documents in the large collection (1000000)
  --small N       documents in the small one (10000)
  --rounds N      rounds of measurements, of which the medians count (7)
  --seconds N     length of one measurement (0.8)
  --dir FOLDER    where the data go, on a real disk (the temporary folder)
  --profile DIR   write CPU profiles of the servers' threads there
  --statements S  statements whose effect on another client is measured, with commas between (all:
                  ${STATEMENTS.join(',')})`;

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '1000000' },
    small: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.8' },
    dir: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
    statements: { type: 'string', default: STATEMENTS.join(',') },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

/** What Linux calls a file system that is only memory: its fdatasync would measure nothing. */
const TMPFS = 0x01021994;
if (statfsSync(values.dir).type === TMPFS) {
  console.error(`${values.dir} is in memory; name a folder on a disk with --dir`);
  process.exit(2);
}

const dir = mkdtempSync(join(values.dir, 'pocket-mongo-bench-'));
try {
  const started = performance.now();
  const measured = await measureRates({
    dir,
    small: Number(values.small),
    large: Number(values.documents),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    profile: values.profile,
  });
  try {
    printRates(measured.rounds);
    const delays = await measureDelays(measured.large, values.statements.split(',').filter(Boolean));
    report({ ...measured, delays, seconds: (performance.now() - started) / 1000 });
  } finally {
    await measured.stop();
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
