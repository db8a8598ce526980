import Joi from 'joi';

/** A list of a schema whose items can be validated one by one. */
export interface LongList {
  path: readonly string[];
  item: Joi.Schema;
}

export interface LongLists {
  lists: readonly LongList[];
  /** The same schema without what it says of the items. */
  frame: Joi.Schema;
}

interface Description {
  type: string;
  keys?: Readonly<Record<string, Description>>;
  items?: readonly Description[];
  whens?: unknown;
  preferences?: unknown;
  flags?: object;
}

const known = new WeakMap<Joi.Schema, LongLists>();

/** The lists of a schema that may be long; read once. */
export function longListsOf(schema: Joi.Schema): LongLists {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const described = schema.describe() as Description;
  const lists: LongList[] = [];
  const frame = Joi.build(withoutItems(described, [], lists) as Joi.Description);
  known.set(schema, { lists, frame });
  return { lists, frame };
}

/** Copies a description without the items of its lists, and puts these into `lists`. */
function withoutItems(described: Description, path: readonly string[], lists: LongList[]): Description {
  const { items, keys } = described;
  if (items !== undefined) {
    const [one, ...others] = items;
    const { items: _apart, ...rest } = described;
    if (one === undefined || others.length > 0 || !isAlone(one) || rest.whens !== undefined) return described;
    lists.push({ path, item: Joi.build(one as Joi.Description) });
    return rest;
  }
  if (keys === undefined) return described;
  const fields = Object.entries(keys).map(([name, field]) => [name, withoutItems(field, [...path, name], lists)]);
  return { ...described, keys: Object.fromEntries(fields) };
}

/** Whether the items mean the same apart from what is around them: nothing in them refers out of the list. */
function isAlone(item: Description): boolean {
  const text = JSON.stringify(item);
  return !/"(?:ancestor|adjust|in)":/.test(text) && (item.keys !== undefined || !text.includes('"ref":'));
}
