import type { Doc } from '../../src/kernel/documents.js';
import { model } from '../../src/platform/model.js';
import type { Job } from '../../src/runtime/entry.js';
import type { UnitOfWork } from '../../src/runtime/unit-of-work.js';

interface CounterDoc extends Doc {
  value: number;
  tag?: string;
}

export const counters = model<CounterDoc>({
  collection: 'laneCounters',
  title: 'counter',
  hold: 'recent',
  fields: { value: Number, tag: String },
  indexes: [[{ tag: 1 }, { unique: true, partialFilterExpression: { tag: { $exists: true } } }]],
});

let author = 0;
export function job(work: (unit: UnitOfWork) => Promise<unknown>, more: Partial<Job> = {}): Job {
  author += 1;
  return {
    operation: 'counter:bump',
    status: 200,
    author: 'somebody',
    actor: { id: 'somebody', name: 'Somebody' },
    key: `key-${author}`,
    fingerprint: 'same',
    now: new Date(),
    deadline: performance.now() + 30_000,
    work,
    ...more,
  };
}

export const bumped = { name: 'counter:bumped' } as never;

export const bump = (id: string) => async (unit: UnitOfWork) => {
  const doc = await unit.get(counters, id);
  const saved = unit.save(counters, { ...doc, value: doc.value + 1 });
  unit.publish(bumped, { counter: { id, value: saved.value } });
  return { value: saved.value };
};

export const create = (id: string, tag?: string) => async (unit: UnitOfWork) => {
  unit.insert(counters, { _id: id, value: 0, ...(tag === undefined ? {} : { tag }) });
  return { id };
};
