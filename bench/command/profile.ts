import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

interface CpuProfile {
  nodes: Node[];
  samples?: number[];
  timeDeltas?: number[];
}

/** The ten functions in which a CPU profile spent most of its own time, idle left out. */
function topFunctions({ nodes, samples = [], timeDeltas = [] }: CpuProfile, count = 10): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of samples.entries()) {
    const frame = byId.get(id)?.callFrame;
    const spent = timeDeltas[i] ?? 0;
    if (frame === undefined || ['(idle)', '(program)'].includes(frame.functionName)) continue;
    busy += spent;
    const file = frame.url.replace(/^.*\/(node_modules|dist)\//, '').replace(/^file:.*\//, '');
    const name =
      `${frame.functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${frame.lineNumber + 1}`}`.trim();
    own.set(name, (own.get(name) ?? 0) + spent);
  }
  const sorted = [...own].sort(([, a], [, b]) => b - a).slice(0, count);
  return sorted.map(([name, spent]) => `${((100 * spent) / busy).toFixed(1).padStart(5)} %  ${name}`);
}

/** For each profile in a folder (one a thread), its top ten. */
export function topOfFolder(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .flatMap((name) => [name, ...topFunctions(JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile)]);
}
