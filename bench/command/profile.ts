interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

export interface CpuProfile {
  nodes: Node[];
  samples?: number[];
  timeDeltas?: number[];
}

/** The ten functions in which a CPU profile spent most of its own time, idle left out. */
export function topFunctions({ nodes, samples = [], timeDeltas = [] }: CpuProfile, count = 10): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of samples.entries()) {
    const frame = byId.get(id)?.callFrame;
    const spent = timeDeltas[i] ?? 0;
    if (frame === undefined || frame.functionName === '(idle)') continue;
    busy += spent;
    const file = frame.url.replace(/^.*\/(node_modules|dist)\//, '').replace(/^file:.*\//, '');
    const name =
      `${frame.functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${frame.lineNumber + 1}`}`.trim();
    own.set(name, (own.get(name) ?? 0) + spent);
  }
  const sorted = [...own].sort(([, a], [, b]) => b - a).slice(0, count);
  return sorted.map(([name, spent]) => `${((100 * spent) / busy).toFixed(1).padStart(5)} %  ${name}`);
}
