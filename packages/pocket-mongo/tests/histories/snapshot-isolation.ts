/** A committed transaction over append-only lists of unique values. */
export interface ListTransaction {
  readonly name: string;
  readonly began: number;
  readonly ended: number;
  /** Lists as it found them, before its own appends. */
  readonly read: ReadonlyMap<number, readonly string[]>;
  /** Values it appended, in order. */
  readonly appended: ReadonlyMap<number, readonly string[]>;
}

/** Which transaction depends on which: it must come before, or (`anti`) it did not see what the other wrote. */
interface Edges {
  readonly after: Map<string, Set<string>>;
  readonly anti: Map<string, Set<string>>;
}

function add(edges: Map<string, Set<string>>, from: string | undefined, to: string | undefined): void {
  if (from === undefined || to === undefined || from === to) return;
  const targets = edges.get(from) ?? new Set();
  edges.set(from, targets.add(to));
}

/**
 * Elle's way with append lists: since a list shows the order of all appends to it, the dependencies between transactions
 * can be read off. Under snapshot isolation with real-time order no circle of them has its anti-dependencies all apart
 * (Cerone and Gotsman), so a circle is looked for in which none follows another. @returns what is wrong
 */
export function anomalies(transactions: readonly ListTransaction[], final: readonly (readonly string[])[]): string[] {
  const writer = new Map<string, string>();
  const lastOf = new Map<string, boolean>();
  for (const { name, appended } of transactions) {
    for (const values of appended.values()) {
      for (const value of values) writer.set(value, name);
      values.forEach((value, i) => void lastOf.set(value, i === values.length - 1));
    }
  }
  const found = final.flatMap((list) =>
    list.filter((value) => !writer.has(value)).map((v) => `${v} came from nowhere`),
  );
  const edges: Edges = { after: new Map(), anti: new Map() };
  for (const list of final)
    list.forEach((value, i) => void add(edges.after, writer.get(list[i - 1] ?? ''), writer.get(value)));
  for (const { name, read } of transactions) {
    for (const [list, values] of read) {
      const order = final[list] ?? [];
      if (values.some((value, i) => value !== order[i])) found.push(`${name} read another beginning of list ${list}`);
      const last = values.at(-1);
      if (last !== undefined && lastOf.get(last) === false)
        found.push(`${name} read ${last}, the middle of a transaction`);
      add(edges.after, writer.get(last ?? ''), name);
      add(edges.anti, name, writer.get(order[values.length] ?? ''));
    }
  }
  inRealTime(transactions, edges.after);
  const circle = circleIn(edges);
  return circle ? [...found, `a circle: ${circle.join(' -> ')}`] : found;
}

/** Who began after another had ended comes after it: by way of a chain of moments, which are fewer edges than pairs. */
function inRealTime(transactions: readonly ListTransaction[], after: Map<string, Set<string>>): void {
  const ends = [...transactions].sort((a, b) => a.ended - b.ended);
  const moment = (i: number) => (i < 0 ? undefined : `moment ${i}`);
  ends.forEach(({ name }, i) => {
    add(after, name, moment(i));
    add(after, moment(i - 1), moment(i));
  });
  const begins = [...transactions].sort((a, b) => a.began - b.began);
  let passed = 0;
  for (const { name, began } of begins) {
    while ((ends[passed]?.ended ?? Number.POSITIVE_INFINITY) < began) passed++;
    add(after, moment(passed - 1), name);
  }
}

/** Depth first; a step is a node and whether it was reached by an anti-dependency, after which no other may come. */
function circleIn({ after, anti }: Edges): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>();
  const next = (step: string) => {
    const name = step.slice(2);
    const plain = [...(after.get(name) ?? [])].map((to) => `0 ${to}`);
    return step.startsWith('0') ? [...plain, ...[...(anti.get(name) ?? [])].map((to) => `1 ${to}`)] : plain;
  };
  for (const start of new Set([...after.keys(), ...anti.keys()])) {
    const path: { step: string; left: string[] }[] = [];
    const enter = (step: string) => {
      state.set(step, 'open');
      path.push({ step, left: next(step) });
    };
    if (!state.has(`0 ${start}`)) enter(`0 ${start}`);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const step = top.left.pop();
      if (step === undefined) {
        state.set(top.step, 'done');
        path.pop();
      } else if (state.get(step) === 'open') {
        const names = path.map(({ step: one }) => one);
        return [...names.slice(names.indexOf(step)), step].map((one) => one.slice(2));
      } else if (!state.has(step)) enter(step);
    }
  }
  return undefined;
}
