import { isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { typeName } from '../query/operator.js';
import { checkNamespace } from '../storage/catalog.js';

/** Where a pipeline writes. */
export interface Target {
  readonly db: string;
  readonly name: string;
}

/** A collection by its name, or by `{ db, coll }`. */
export function targetOf(value: Value, db: string, stage: string): Target {
  if (typeof value === 'string') return { db, name: value };
  if (!isDocument(value))
    throw new CommandError(
      51178,
      `${stage} 'into' field must be either a string or an object, but found ${typeName(value)}`,
    );
  for (const key of Object.keys(value))
    if (key !== 'db' && key !== 'coll' && key !== 'timeseries')
      throw new CommandError(40415, `BSON field '${stage}.${key}' is an unknown field.`);
  const { db: other = db, coll } = value;
  if (typeof coll !== 'string' || typeof other !== 'string')
    throw new CommandError(
      coll === undefined ? 40414 : 14,
      `BSON field '${stage}.coll' is missing but a required field`,
    );
  return { db: other, name: coll };
}

/** @throws CommandError 73, 31319 or 31320 for where nobody may write. */
export function checkTarget({ db, name }: Target, stage: string): void {
  checkNamespace(db, name);
  if (['admin', 'config', 'local'].includes(db))
    throw new CommandError(stage === '$merge' ? 31320 : 31321, `Cannot ${stage} to internal database: ${db}`);
  if (name.startsWith('system.'))
    throw new CommandError(stage === '$merge' ? 31319 : 17385, `Cannot ${stage} to special collection: ${name}`);
}
