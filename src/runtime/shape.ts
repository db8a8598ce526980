import type Joi from 'joi';

/** What a schema takes at one place, as far as the cost of reading it goes. */
export interface Shape {
  /** Whatever stands below is taken as it is. */
  readonly open: boolean;
  /** The fields of an object; none where no object is taken. */
  readonly keys?: ReadonlyMap<string, Shape>;
  /** What stands in a list; none where no list is taken. */
  readonly items?: Shape;
  readonly maxItems: number;
  /** Longest text that joi is given to look at, characters. */
  readonly maxLength: number;
  /** Whether spaces at both ends of a text do not count. */
  readonly trims: boolean;
}

/** Of lists and texts whose schema names no end. */
const MAX_ITEMS = 500;
const MAX_TEXT = 1_000;
/** Of a number, a time or a yes in words. */
const MAX_WORD = 64;

/** What `schema.describe()` answers, as far as it is read here. */
interface Description {
  type: string;
  flags?: { unknown?: boolean; only?: boolean };
  rules?: readonly { name: string; args?: { limit?: unknown } }[];
  keys?: Readonly<Record<string, Description>>;
  patterns?: readonly unknown[];
  items?: readonly Description[];
  matches?: readonly { schema?: Description }[];
  whens?: readonly (Branches & { switch?: readonly Branches[] })[];
}
interface Branches {
  then?: Description;
  otherwise?: Description;
}

const known = new WeakMap<Joi.Schema, Shape>();

/** The shape of a schema, read once. @throws Error for what has no bounds, such as a schema that links to itself */
export function shapeOf(schema: Joi.Schema): Shape {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const shape = read(schema.describe() as unknown as Description);
  known.set(schema, shape);
  return shape;
}

const leaf = { open: false, maxItems: 0, maxLength: MAX_TEXT, trims: false };
const anything: Shape = { ...leaf, open: true };

function read(described: Description): Shape {
  return [...variants(described)].map(read).reduce(both, readAlone(described));
}

/** The other schemas that may hold in its place: branches of conditions, alternatives. */
function* variants({ whens = [], matches = [] }: Description): Generator<Description> {
  for (const { then, otherwise, switch: cases = [] } of whens) {
    for (const branch of [{ then, otherwise }, ...cases]) {
      // `Joi.required()` and the like say only whether the field may be there.
      for (const one of [branch.then, branch.otherwise]) if (one !== undefined && one.type !== 'any') yield one;
    }
  }
  for (const { schema } of matches) if (schema !== undefined) yield schema;
}

function readAlone(described: Description): Shape {
  switch (described.type) {
    case 'object':
      return readObject(described);
    case 'array':
      return readArray(described);
    case 'string':
      return readText(described);
    case 'number':
    case 'boolean':
    case 'date':
      return { ...leaf, maxLength: MAX_WORD };
    case 'alternatives':
      return leaf;
    case 'any':
      return described.flags?.only === true ? leaf : anything;
    default:
      throw new Error(`An input cannot have a joi ${described.type}: what it may cost has no bounds`);
  }
}

function readObject({ keys, flags, patterns }: Description): Shape {
  if (keys === undefined || flags?.unknown === true || patterns !== undefined) return anything;
  return { ...leaf, keys: new Map(Object.entries(keys).map(([name, field]) => [name, read(field)])) };
}

function readArray(described: Description): Shape {
  const items = (described.items ?? []).map(read);
  const [first = anything, ...others] = items;
  const maxItems = limitOf(described, 'max') ?? limitOf(described, 'length') ?? MAX_ITEMS;
  return { ...leaf, items: others.reduce(both, first), maxItems };
}

function readText(described: Description): Shape {
  const trims = described.rules?.some(({ name }) => name === 'trim') === true;
  return { ...leaf, maxLength: limitOf(described, 'max') ?? limitOf(described, 'length') ?? MAX_TEXT, trims };
}

function limitOf({ rules = [] }: Description, rule: string): number | undefined {
  const limit = rules.find(({ name }) => name === rule)?.args?.limit;
  return typeof limit === 'number' ? limit : undefined;
}

/** Takes what either takes. */
function both(a: Shape, b: Shape): Shape {
  const keys = new Map(a.keys);
  for (const [name, shape] of b.keys ?? []) {
    const other = keys.get(name);
    keys.set(name, other === undefined ? shape : both(other, shape));
  }
  const items = a.items === undefined ? b.items : b.items === undefined ? a.items : both(a.items, b.items);
  return {
    open: a.open || b.open,
    ...(a.keys === undefined && b.keys === undefined ? {} : { keys }),
    ...(items === undefined ? {} : { items }),
    maxItems: Math.max(a.maxItems, b.maxItems),
    maxLength: Math.max(a.maxLength, b.maxLength),
    trims: a.trims || b.trims,
  };
}
