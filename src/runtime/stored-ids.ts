import type { Doc, Filter, Kind } from '../kernel/documents.js';

/*
 * Where clients choose ids, `_id` in the database is `{restaurantId}:{id}`: one restaurant can neither take another's id
 * nor find out that it is taken. Handlers, memory and the wire know the id alone; this is the only place where one
 * becomes the other. Documents from before have the id alone in the database too, and are found as well (ADR 17).
 */

type IdKind = Pick<Kind<Doc>, 'clientIds' | 'collection'>;

/** `_id` of a new document. */
export const storedId = (kind: IdKind, restaurantId: string, id: string): string =>
  kind.clientIds === true ? `${restaurantId}:${id}` : id;

/** The id that everybody knows, of what stands in the database. */
export const idOfStored = (kind: IdKind, stored: string): string =>
  kind.clientIds === true ? stored.slice(stored.indexOf(':') + 1) : stored;

/** What `_id` must be in the database. */
export const whereId = (kind: IdKind, restaurantId: string, id: string): string | { $in: string[] } =>
  kind.clientIds === true ? { $in: [storedId(kind, restaurantId, id), id] } : id;

/** A handler's filter as the database understands it. */
export function storedFilter(kind: IdKind, restaurantId: string, filter: Filter): Record<string, unknown> {
  const { _id: asked, ...rest } = filter;
  if (kind.clientIds !== true || asked === undefined) return { ...filter };
  const ids = typeof asked === 'string' ? [asked] : (asked as { $in?: readonly string[] }).$in;
  if (ids === undefined)
    throw new Error(`Clients choose the ids of ${kind.collection}: they can be named, not compared`);
  return { ...rest, _id: { $in: ids.flatMap((id) => [storedId(kind, restaurantId, id), id]) } };
}

/** A document as handlers know it. */
export const fromStored = <T extends Doc>(kind: IdKind, doc: T): T =>
  kind.clientIds === true ? { ...doc, _id: idOfStored(kind, doc._id) } : doc;
