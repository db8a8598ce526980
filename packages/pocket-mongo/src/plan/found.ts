import { decode, decodeFields, type Fields } from '../bson/decode.js';
import type { Document } from '../bson/values.js';

/** A document that was found: its bytes, and decoded as far as someone needs it. */
export class Found {
  private decoded: Document | undefined;
  private some: Document | undefined;

  constructor(
    readonly key: string,
    readonly bytes: Buffer,
    private readonly needed: Fields,
  ) {}

  /** What filter and caller look at; the other fields are not there. */
  get fields(): Document {
    this.some ??= this.decoded ?? decodeFields(this.bytes, this.needed);
    return this.some;
  }

  get document(): Document {
    this.decoded ??= decode(this.bytes);
    return this.decoded;
  }
}
