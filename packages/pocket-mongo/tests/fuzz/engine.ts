import { BSON } from 'mongodb';
import { decode } from '../../src/bson/decode.js';
import { encode } from '../../src/bson/encode.js';
import type { Document as Engine } from '../../src/bson/values.js';
import { CommandError } from '../../src/errors.js';
import { compileFilter } from '../../src/query/matcher.js';
import { compileUpdate } from '../../src/query/update.js';
import { KeyMaker } from '../../src/storage/index-keys.js';
import { type Doc, EXACT } from './reference/values.js';

/** The engine's own functions, called without a server: for many runs. Values go over as BSON, as they would on a wire. */
export function engineValue(doc: Doc): Engine {
  return decode(Buffer.from(BSON.serialize(doc)));
}

export function engineMatcher(filter: Doc): (doc: Doc) => boolean {
  const match = compileFilter(engineValue(filter));
  return (doc) => match(engineValue(doc));
}

/** The keys an index would hold for a document, or the code of the error. */
export function engineKeys(
  doc: Doc,
  spec: Readonly<Record<string, number>>,
  sparse: boolean,
): readonly string[] | number {
  try {
    return new KeyMaker(Object.keys(spec), Object.values(spec), sparse).keysOf(engineValue(doc)).keys;
  } catch (error) {
    if (error instanceof CommandError) return error.code;
    throw error;
  }
}

/** What the engine makes of a document, or the code of the error. */
export function engineUpdate(doc: Doc, update: Doc, arrayFilters: readonly Doc[]): { doc: Doc } | { code: number } {
  try {
    const apply = compileUpdate(engineValue(update), arrayFilters.map(engineValue));
    const after = apply(engineValue(doc), { filter: {} }, false);
    return { doc: BSON.deserialize(encode(after), EXACT) as Doc };
  } catch (error) {
    if (error instanceof CommandError) return { code: error.code };
    throw error;
  }
}
