import type { UnitContext } from './context.js';
import type { Doc, Kind } from './documents.js';
import type { AnyEvent } from './event.js';

export interface DutyContext<T extends Doc> extends UnitContext {
  /** The document whose time has come, as it is now. */
  doc: T;
}

/**
 * What the system does by itself when a time has come. The time stands in a document, so it outlives any process; any
 * process may find it, and the restaurant's lane has it done once, journaled as a command of the system's.
 */
export interface DutySpec<T extends Doc> {
  name: `${string}:${string}`;
  summary: string;
  kind: Kind<T>;
  /** The field with the time (a Date). It needs a sparse index of its own. */
  due: keyof T & string;
  /** All it may publish; nothing when not given. */
  emits?: readonly AnyEvent[];
  /** Must move the time on or take it away. */
  handle: (context: DutyContext<T>) => Promise<void> | void;
}

export interface DutyDeclaration<T extends Doc> extends Readonly<DutySpec<T>> {
  readonly when: 'due';
}

/** What the system looks at again whenever screens of a restaurant have come or gone. */
export interface AttendanceSpec {
  name: `${string}:${string}`;
  summary: string;
  /** All it may publish; nothing when not given. */
  emits?: readonly AnyEvent[];
  handle: (context: UnitContext) => Promise<void> | void;
}

export interface AttendanceDeclaration extends Readonly<AttendanceSpec> {
  readonly when: 'attendance';
}

/** A duty as it stands in one list, its document's type erased. */
export interface AnyDuty extends Readonly<Pick<DutySpec<Doc>, 'name' | 'summary' | 'emits'>> {
  readonly when: 'due';
  readonly kind: Kind<Doc>;
  readonly due: string;
  readonly handle: (context: never) => Promise<void> | void;
}

export function duty<T extends Doc>(spec: DutySpec<T>): DutyDeclaration<T> {
  return { when: 'due', ...spec };
}

export function attendance(spec: AttendanceSpec): AttendanceDeclaration {
  return { when: 'attendance', ...spec };
}
