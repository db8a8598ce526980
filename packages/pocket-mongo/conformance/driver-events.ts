import type { EventKind } from './schema.js';

interface DriverEvent {
  /** The name under which the driver emits it. */
  readonly emitted: string;
  readonly kind: EventKind;
}

const command = (emitted: string): DriverEvent => ({ emitted, kind: 'command' });
const cmap = (emitted: string): DriverEvent => ({ emitted, kind: 'cmap' });
const sdam = (emitted: string): DriverEvent => ({ emitted, kind: 'sdam' });

/** The events of the format, by their names there. */
export const DRIVER_EVENTS: Readonly<Record<string, DriverEvent>> = {
  commandStartedEvent: command('commandStarted'),
  commandSucceededEvent: command('commandSucceeded'),
  commandFailedEvent: command('commandFailed'),
  poolCreatedEvent: cmap('connectionPoolCreated'),
  poolReadyEvent: cmap('connectionPoolReady'),
  poolClearedEvent: cmap('connectionPoolCleared'),
  poolClosedEvent: cmap('connectionPoolClosed'),
  connectionCreatedEvent: cmap('connectionCreated'),
  connectionReadyEvent: cmap('connectionReady'),
  connectionClosedEvent: cmap('connectionClosed'),
  connectionCheckOutStartedEvent: cmap('connectionCheckOutStarted'),
  connectionCheckOutFailedEvent: cmap('connectionCheckOutFailed'),
  connectionCheckedOutEvent: cmap('connectionCheckedOut'),
  connectionCheckedInEvent: cmap('connectionCheckedIn'),
  serverDescriptionChangedEvent: sdam('serverDescriptionChanged'),
  serverHeartbeatStartedEvent: sdam('serverHeartbeatStarted'),
  serverHeartbeatSucceededEvent: sdam('serverHeartbeatSucceeded'),
  serverHeartbeatFailedEvent: sdam('serverHeartbeatFailed'),
  serverOpeningEvent: sdam('serverOpening'),
  serverClosedEvent: sdam('serverClosed'),
  topologyDescriptionChangedEvent: sdam('topologyDescriptionChanged'),
  topologyOpeningEvent: sdam('topologyOpening'),
  topologyClosedEvent: sdam('topologyClosed'),
};

/** Commands whose events are left out unless a test asks for them: the driver redacts them. */
const SENSITIVE = new Set([
  'authenticate',
  'saslStart',
  'saslContinue',
  'getnonce',
  'createUser',
  'updateUser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

/** A command event as far as ignoring it is concerned. */
interface CommandEvent {
  readonly commandName: string;
  readonly command?: object;
  readonly reply?: unknown;
}

/** `hello` is sensitive only when it logs in: then the driver has emptied command and reply. */
export function isSensitive({ commandName, command, reply }: CommandEvent): boolean {
  if (SENSITIVE.has(commandName)) return true;
  if (!['hello', 'ismaster', 'isMaster'].includes(commandName)) return false;
  const content = command ?? reply;
  return typeof content === 'object' && content !== null && Object.keys(content).length === 0;
}
