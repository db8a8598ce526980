import Joi from 'joi';
import type { Socket } from 'socket.io';
import type { Unsent } from '../../kernel/presence.js';
import type { Clock } from '../../kernel/time.js';
import type { LocalPresence } from '../../platform/presence.js';
import type { Authenticated } from '../../runtime/sessions.js';
import { validated } from '../../runtime/validation.js';

interface Told {
  count: number;
  /** Age of the oldest, ms: the device's clock may be hours off, a span is not. */
  ageMs: number;
}

const told = Joi.object<Told, true>({
  count: Joi.number().integer().min(0).max(1_000_000).required(),
  ageMs: Joi.number().min(0).max(31_536_000_000).required(),
});

/** What a device says of the commands it holds, in its handshake or later. @throws validation_failed */
export function unsentOf(input: unknown, clock: Clock): Unsent | undefined {
  if (input === undefined) return undefined;
  const { count, ageMs } = validated(told, input);
  return count === 0 ? undefined : { count, since: new Date(clock.now().getTime() - ageMs) };
}

/** Serves `session:unsent`. */
export function tellUnsent(
  socket: Socket,
  input: unknown,
  { presence, clock }: { presence: LocalPresence; clock: Clock },
): { count: number } {
  const unsent = unsentOf(input ?? {}, clock);
  presence.holds(socket.id, (socket.data as Authenticated).actor.restaurantId, unsent);
  return { count: unsent?.count ?? 0 };
}
