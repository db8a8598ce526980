import type { ReactionContext } from './context.js';
import type { EventDeclaration } from './event.js';

/** How another feature answers an event in the same unit of work: what it writes stands or falls with the command. */
export interface ReactionSpec<T> {
  on: EventDeclaration<T>;
  handle: (context: ReactionContext<T>) => Promise<void> | void;
}

export interface ReactionDeclaration<T = never> extends Readonly<ReactionSpec<T>> {
  readonly kind: 'reaction';
}

export function reaction<T>(spec: ReactionSpec<T>): ReactionDeclaration<T> {
  return { kind: 'reaction', ...spec };
}
