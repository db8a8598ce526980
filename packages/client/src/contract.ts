/**
 * What the client needs of the generated contract (`generated/contract.ts`). The client is generic over it, so that it
 * can be tested with a contract of a few lines, and so that it holds no name of any feature.
 */
export type Operations<O> = { [N in keyof O]: { input: unknown; output: unknown } };

export type Replicas<R> = { [N in keyof R]: { id: string } };

export interface OperationTable {
  kind: 'command' | 'query' | 'batch';
}

export interface EventTable {
  /** Payload field -> replica that the item (or items) there belongs to. */
  carries?: Readonly<Record<string, string>>;
  /** Payload field -> replica that the id (or ids) there is gone from. */
  removes?: Readonly<Record<string, string>>;
}

export interface ReplicaTable {
  /** An item whose field has none of these values leaves the replica. */
  live?: { field: string; values: readonly string[] };
}

/** The contract at run time. */
export interface Tables<O, E, R> {
  operations: { readonly [N in keyof O]: OperationTable };
  events: { readonly [N in keyof E]: EventTable };
  replicas: { readonly [N in keyof R]: ReplicaTable };
}
