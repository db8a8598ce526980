import type { Document } from 'mongodb';

/** What a test file of MongoDB's unified test format consists of (schema versions 1.x). */
export interface TestFile {
  readonly description: string;
  readonly schemaVersion: string;
  readonly runOnRequirements?: readonly RunOnRequirement[];
  readonly createEntities?: readonly EntityDescription[];
  readonly initialData?: readonly CollectionData[];
  readonly tests: readonly Test[];
}

export interface RunOnRequirement {
  readonly minServerVersion?: string;
  readonly maxServerVersion?: string;
  readonly topologies?: readonly string[];
  readonly serverless?: 'require' | 'forbid' | 'allow';
  readonly serverParameters?: Document;
  readonly auth?: boolean;
  readonly authMechanism?: string;
  readonly csfle?: boolean | Document;
  readonly minLibmongocryptVersion?: string;
}

export type EntityType = 'client' | 'database' | 'collection' | 'session' | 'bucket' | 'thread' | 'clientEncryption';

/** Exactly one key, which says what is made. */
export type EntityDescription = { readonly [Type in EntityType]?: Document & { readonly id: string } };

export interface CollectionData {
  readonly databaseName: string;
  readonly collectionName: string;
  readonly createOptions?: Document;
  readonly documents: readonly Document[];
}

export interface Test {
  readonly description: string;
  readonly runOnRequirements?: readonly RunOnRequirement[];
  readonly skipReason?: string;
  readonly operations: readonly Operation[];
  readonly expectEvents?: readonly ExpectedEvents[];
  readonly expectLogMessages?: readonly ExpectedLogs[];
  readonly expectTracingMessages?: readonly Document[];
  readonly outcome?: readonly CollectionData[];
}

export interface Operation {
  readonly name: string;
  readonly object: string;
  readonly arguments?: Document;
  readonly ignoreResultAndError?: boolean;
  readonly expectError?: ExpectedError;
  readonly expectResult?: unknown;
  readonly saveResultAsEntity?: string;
}

export interface ExpectedError {
  readonly isError?: boolean;
  readonly isClientError?: boolean;
  readonly isTimeoutError?: boolean;
  readonly errorContains?: string;
  readonly errorCode?: number;
  readonly errorCodeName?: string;
  readonly errorLabelsContain?: readonly string[];
  readonly errorLabelsOmit?: readonly string[];
  readonly writeErrors?: Document;
  readonly writeConcernErrors?: readonly Document[];
  readonly errorResponse?: Document;
  readonly expectResult?: unknown;
}

export type EventKind = 'command' | 'cmap' | 'sdam';

/** One key, the type of the event, with what is expected of its fields. */
export type ExpectedEvent = Readonly<Record<string, Document>>;

export interface ExpectedEvents {
  readonly client: string;
  readonly eventType?: EventKind;
  readonly events: readonly ExpectedEvent[];
  readonly ignoreExtraEvents?: boolean;
}

export interface ExpectedLog {
  readonly level: string;
  readonly component: string;
  readonly data: Document;
  readonly failureIsRedacted?: boolean;
}

export interface ExpectedLogs {
  readonly client: string;
  readonly messages: readonly ExpectedLog[];
  readonly ignoreMessages?: readonly ExpectedLog[];
  readonly ignoreExtraMessages?: boolean;
}
