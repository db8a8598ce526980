/**
 * The shape of the generated contract (`generated/contract.ts`). The client is generic over it, so that it can be tested
 * with a contract of two lines, and so that it holds no name of any feature.
 */
export interface Contract {
  /** Name -> `{ kind; input; output }`. */
  operations: object;
  /** Name -> payload. */
  events: object;
  /** Name -> item. */
  replicas: object;
}

export type OperationName<C extends Contract> = keyof C['operations'] & string;
export type EventName<C extends Contract> = keyof C['events'] & string;
export type ReplicaName<C extends Contract> = keyof C['replicas'] & string;

export type InputOf<C extends Contract, N extends OperationName<C>> = C['operations'][N] extends { input: infer I }
  ? I
  : never;
export type OutputOf<C extends Contract, N extends OperationName<C>> = C['operations'][N] extends { output: infer O }
  ? O
  : never;
export type PayloadOf<C extends Contract, N extends EventName<C>> = C['events'][N];
export type ItemOf<C extends Contract, N extends ReplicaName<C>> = C['replicas'][N];

export interface OperationTable {
  kind: 'command' | 'query';
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

/** What the client needs to know of the contract at run time. */
export interface Tables<C extends Contract> {
  operations: Readonly<Record<OperationName<C>, OperationTable>>;
  events: Readonly<Record<EventName<C>, EventTable>>;
  replicas: Readonly<Record<ReplicaName<C>, ReplicaTable>>;
}
