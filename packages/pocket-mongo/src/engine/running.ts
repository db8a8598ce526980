import type { Document } from '../bson/values.js';
import type { Pace } from './pace.js';
import type { Session } from './sessions.js';
import type { Transaction } from './transaction.js';

/** What is to be seen of a command under way. */
export interface Running {
  readonly db: string;
  readonly name: string;
  readonly command: Document;
  readonly request: { readonly connectionId: number };
  readonly session: Session | undefined;
  readonly transaction: Transaction | undefined;
  readonly pace: Pace;
}
