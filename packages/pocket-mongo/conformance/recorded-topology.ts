import type { TopologyDescription } from 'mongodb';

/** A client's view of the servers as it was at one moment. */
export class RecordedTopology {
  constructor(private readonly description: TopologyDescription) {}

  get type(): string {
    return this.description.type;
  }

  /** The address of the primary, if one is known. */
  get primary(): string | undefined {
    return [...this.description.servers.values()].find(({ type }) => type === 'RSPrimary')?.address;
  }
}
