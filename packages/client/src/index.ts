import { Client } from './client.js';
import { type Events, events, type Operations, operations, type Replicas, replicas } from './generated/contract.js';
import type { ConnectOptions } from './options.js';

export type BrigadeClient = Client<Operations, Events, Replicas>;

/** Connects, keeps connected, and keeps `state` as the server has it. See the README for what it promises. */
export function connect(options: ConnectOptions): BrigadeClient {
  return new Client<Operations, Events, Replicas>({ operations, events, replicas }, options);
}

export type { Client, Outcome, Pending, SendOptions, State, Status } from './client.js';
export type * from './generated/contract.js';
export type { Refused } from './keeper.js';
export type { Unsubscribe } from './listeners.js';
export type { ConnectOptions } from './options.js';
export type { Command } from './outbox.js';
export { BrigadeProblem } from './problem.js';
export { type Credentials, type Keep, logIn, pad, refreshing, type Session } from './session.js';
export { indexedDbStorage, memoryStorage, type Storage, webStorage } from './storage.js';
export type { ResetReason } from './stream.js';
export type { TokenProvider } from './token.js';
export type { Envelope, Problem } from './wire.js';
