import { asNumber, type Document, isDocument, ObjectId } from '../bson/values.js';
import { CommandError } from '../errors.js';

/**
 * The state of the set that `hello` describes. A set of one member never changes while it runs, so what drivers wait for
 * is only that the server is still there.
 */
export const TOPOLOGY_VERSION = { processId: new ObjectId(), counter: 6n };

/**
 * How many milliseconds a `hello` waits for a change of the topology; 0 for one that is answered at once.
 * @throws CommandError for a version without a time, a time without a version, or a version that is not yet
 */
export function awaitMs({ topologyVersion: known, maxAwaitTimeMS }: Document): number {
  const milliseconds = asNumber(maxAwaitTimeMS);
  if (known === undefined && maxAwaitTimeMS === undefined) return 0;
  if (!isDocument(known) || milliseconds === undefined)
    throw new CommandError(31368, "A request with a 'topologyVersion' must include 'maxAwaitTimeMS', and the reverse");
  if (milliseconds < 0) throw new CommandError(31373, "'maxAwaitTimeMS' must be a non-negative integer");
  const { processId, counter } = known;
  if (!(processId instanceof ObjectId) || !processId.equals(TOPOLOGY_VERSION.processId)) return 0;
  const number = BigInt(asNumber(counter) ?? -1);
  if (number < 0n) throw new CommandError(31372, "'topologyVersion' must have a non-negative counter");
  if (number > TOPOLOGY_VERSION.counter)
    throw new CommandError(31382, `Received a topology version with a counter of ${number}, which is not yet`);
  return number === TOPOLOGY_VERSION.counter ? milliseconds : 0;
}

/** Whether a `hello` asks to wait, so that it may be answered more than once without the answers being a flood. */
export function isAwaiting({ topologyVersion, maxAwaitTimeMS }: Document): boolean {
  return topologyVersion !== undefined && (asNumber(maxAwaitTimeMS) ?? 0) > 0;
}
