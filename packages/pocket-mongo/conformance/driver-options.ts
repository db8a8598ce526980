import { ClientSession, type Document, ReadConcern, ReadPreference, type ReadPreferenceMode } from 'mongodb';
import type { Entities } from './entities.js';
import { InvalidTest } from './failures.js';

type Convert = (value: Document & string, entities: Entities) => unknown;

/** Arguments that are written otherwise in tests than the driver takes them. */
const CONVERT: Readonly<Record<string, Convert>> = {
  session: (name, entities) => entities.of(name, ClientSession),
  readConcern: ({ level }) => new ReadConcern(level),
  readPreference: readPreferenceOf,
  defaultReadPreference: readPreferenceOf,
  returnDocument: (value) => {
    const when = String(value).toLowerCase();
    if (when !== 'before' && when !== 'after') throw new InvalidTest(`unknown returnDocument ${value}`);
    return when;
  },
};

function readPreferenceOf({ mode, tagSets, maxStalenessSeconds, hedge }: Document): ReadPreference {
  return new ReadPreference(mode as ReadPreferenceMode, tagSets, {
    ...(maxStalenessSeconds === undefined ? {} : { maxStalenessSeconds }),
    ...(hedge === undefined ? {} : { hedge }),
  });
}

/** The arguments of an operation as options of the driver. @throws InvalidTest for an unknown session */
export function driverOptions(args: Document, entities: Entities): Document {
  const entries = Object.entries(args).map(([name, value]) => {
    const convert = CONVERT[name];
    return [name, convert ? convert(value, entities) : value];
  });
  return Object.fromEntries(entries);
}
