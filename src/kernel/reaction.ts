import type { ReactionContext } from './context.js';
import type { AnyEvent, EventDeclaration } from './event.js';

/** How another feature answers an event in the same unit of work: what it writes stands or falls with the command. */
export interface ReactionSpec<T> {
  on: EventDeclaration<T>;
  /** All it may publish; nothing when not given. */
  emits?: readonly AnyEvent[];
  handle: (context: ReactionContext<T>) => Promise<void> | void;
}

export interface ReactionDeclaration<T> extends Readonly<ReactionSpec<T>> {
  readonly kind: 'reaction';
}

/** A reaction as it stands in one list. */
export interface AnyReaction {
  readonly kind: 'reaction';
  readonly on: AnyEvent;
  readonly emits?: readonly AnyEvent[];
  readonly handle: (context: never) => Promise<void> | void;
}

export function reaction<T>(spec: ReactionSpec<T>): ReactionDeclaration<T> {
  return { kind: 'reaction', ...spec };
}
