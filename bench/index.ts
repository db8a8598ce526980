import { arrivals } from './arrivals/arrivals.js';
import { command } from './command/command.js';
import { overload } from './command/overload.js';
import { replay } from './command/replay.js';
import { twoProcesses } from './command/two-processes.js';
import { fanOut } from './fan-out/fan-out.js';
import { hostile } from './hostile/hostile.js';
import { storm } from './storm/storm.js';

/** `npm run bench -- <scenario> [--option value]`. Each scenario ends with one line of JSON. */
const scenarios: Record<string, (options: Map<string, string>) => Promise<object>> = {
  'fan-out': fanOut,
  command,
  overload,
  arrivals,
  storm,
  hostile,
  replay,
  'two-processes': twoProcesses,
};

const [name = '', ...rest] = process.argv.slice(2);
const scenario = scenarios[name];
if (scenario === undefined) {
  console.error(`Which scenario? ${Object.keys(scenarios).join(', ')}`);
  process.exit(2);
}
const options = new Map<string, string>();
for (let i = 0; i < rest.length; i += 2) options.set(String(rest[i]).replace(/^--/, ''), String(rest[i + 1] ?? ''));
const figures = await scenario(options);
console.log(JSON.stringify({ scenario: name, ...figures }));
process.exit(0);
