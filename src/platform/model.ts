import mongoose, { type Model, Schema, type SchemaDefinition } from 'mongoose';
import type { Doc, Kind } from '../kernel/documents.js';
import type { Quota } from '../kernel/plan.js';
import { countReads } from './reads.js';
import { tenancy } from './tenancy.js';

/** A kind of document bound to its mongoose model. */
export interface ModelKind<T extends Doc> extends Kind<T> {
  readonly model: Model<T>;
}

interface ModelSpec<T extends Doc> {
  collection: string;
  title: string;
  hold: 'all' | 'recent';
  /** As in {@link Kind}. */
  clientIds?: true;
  /** As in {@link Kind}; the counted field is best the second of an index. */
  quota?: Quota;
  /** The fields beside `_id`, `restaurantId`, `version`, `createdAt` and `updatedAt`. */
  fields: SchemaDefinition;
  /** Every index starts at what the restaurant's queries need: put `restaurantId` first unless the query has none. */
  indexes?: ReadonlyArray<[fields: Record<string, 1 | -1>, options?: Record<string, unknown>]>;
  readonly doc?: T;
}

const kinds = new Map<string, ModelKind<Doc>>();

/** Declares a kind of document: the mongoose model under the tenancy plugin, with its indexes. */
export function model<T extends Doc>(spec: ModelSpec<T>): ModelKind<T> {
  const schema = new Schema(
    {
      _id: { type: String, required: true },
      restaurantId: { type: String, required: true },
      version: { type: Number, required: true },
      createdAt: { type: Date, required: true },
      updatedAt: { type: Date, required: true },
      ...spec.fields,
    },
    { collection: spec.collection, versionKey: false, autoIndex: false, autoCreate: false, minimize: false },
  );
  for (const [fields, options] of spec.indexes ?? []) schema.index(fields, options);
  schema.plugin(tenancy);
  countReads(schema, spec.collection);
  const bound = mongoose.model(spec.collection, schema) as unknown as Model<T>;
  const { collection, title, hold, clientIds, quota } = spec;
  const kind = { collection, title, hold, ...(clientIds && { clientIds }), ...(quota && { quota }), model: bound };
  kinds.set(spec.collection, kind as unknown as ModelKind<Doc>);
  return kind;
}

/** The mongoose model behind a kind. */
export function modelOf<T extends Doc>(kind: Kind<T>): Model<T> {
  const bound = kinds.get(kind.collection);
  if (bound === undefined) throw new Error(`No model is declared for ${kind.collection}`);
  return bound.model as unknown as Model<T>;
}
