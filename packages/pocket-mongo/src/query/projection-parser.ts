import { entriesOf, fieldNames } from '../bson/field-order.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import type { Environment } from './environment.js';
import { compileExpression } from './expression.js';
import { compileFilter } from './matcher.js';
import { typeName } from './operators-basic.js';
import { UpdateContext } from './update-path.js';

/** What a projection does with one field. */
export type Node =
  /** Included or excluded, as the projection goes. */
  | { readonly kind: 'flag' }
  /** An expression over the whole document. */
  | { readonly kind: 'computed'; readonly evaluate: (document: Document) => Value }
  /** `$slice` and the positional operator: another value in the field's place. */
  | { readonly kind: 'changed'; readonly change: (value: Value, document: Document) => Value }
  /** `$elemMatch`: in an inclusion it comes after the included fields, as if it were computed. */
  | { readonly kind: 'elemMatch'; readonly change: (value: Value) => Value }
  | Branch;

export interface Branch {
  readonly kind: 'branch';
  readonly fields: Map<string, Node>;
  /** Below it something is computed. */
  computes: boolean;
}

export interface ProjectionTree {
  readonly mode: 'include' | 'exclude';
  readonly root: Branch;
}

/** Where a projection stands: `find` has operators of its own, a stage has not. */
export interface ProjectionPlace {
  readonly stage: boolean;
  /** The filter that found the documents, for the positional operator. */
  readonly filter: Document;
  readonly environment: Environment;
}

export function branch(): Branch {
  return { kind: 'branch', fields: new Map(), computes: false };
}

/** The names of `$meta`. They speak of searches that this server does not do, or of how a plan ran. */
const META = new Set([
  'textScore',
  'randVal',
  'searchScore',
  'searchHighlights',
  'geoNearDistance',
  'geoNearPoint',
  'recordId',
  'indexKey',
  'sortKey',
  'searchScoreDetails',
  'searchSequenceToken',
  'vectorSearchScore',
  'timeseriesBucketMinTime',
  'timeseriesBucketMaxTime',
  'score',
  'scoreDetails',
]);

/** Parses a projection specification. @throws CommandError with MongoDB's codes for what makes no sense. */
export function parseProjection(spec: Document, place: ProjectionPlace): ProjectionTree {
  return new Parser(place).parse(spec);
}

/** What a projection has beside expressions, for the documentation. */
export const projectionOperators: readonly string[] = ['$', '$elemMatch', '$slice'];

class Parser {
  private readonly root = branch();
  private mode: 'include' | 'exclude' | undefined;
  private idMentioned = false;
  private idFlag: boolean | undefined;
  private hasPositional = false;
  private hasElemMatch = false;
  private hasSlice = false;

  constructor(private readonly place: ProjectionPlace) {}

  parse(spec: Document): ProjectionTree {
    for (const [name, wanted] of entriesOf(spec)) {
      if (name === '_id' || name.startsWith('_id.')) this.idMentioned = true;
      this.element(name, wanted, []);
    }
    const mode = this.mode ?? this.ambiguousMode();
    if (mode === 'include' && !this.idMentioned) this.root.fields.set('_id', { kind: 'flag' });
    if (this.idFlag !== undefined && this.idFlag === (mode === 'exclude')) this.root.fields.delete('_id');
    return { mode, root: this.root };
  }

  /** Only `_id` and operators of `find`: what the whole means is a matter of history. */
  private ambiguousMode(): 'include' | 'exclude' {
    if (this.hasSlice) return this.idFlag === true ? 'include' : 'exclude';
    return this.hasElemMatch || this.idFlag === true ? 'include' : 'exclude';
  }

  private element(name: string, wanted: Value, above: readonly string[]): void {
    const positional = isPositional(name);
    if (positional && this.place.stage)
      throw new CommandError(31324, 'Cannot use positional projection in aggregation projection');
    if (isDocument(wanted)) {
      if (positional)
        throw new CommandError(31271, 'positional projection cannot be used with an expression or sub object');
      this.subObject(name, wanted, above);
      return;
    }
    const number = typeof wanted === 'boolean' ? Number(wanted) : asNumber(wanted);
    if (number === undefined) {
      if (positional) throw new CommandError(31308, 'positional projection cannot be used with a literal');
      this.computed(name, wanted, above, 31310, `Cannot use an expression ${name} in an exclusion projection`);
    } else if (positional) this.positional(name, number !== 0, above);
    else this.flag(name, number !== 0, above);
  }

  private flag(name: string, on: boolean, above: readonly string[]): void {
    this.put(name, above, { kind: 'flag' });
    if (name === '_id' && above.length === 0) this.idFlag = on;
    else this.setMode(on, name);
  }

  private setMode(on: boolean, name: string): void {
    const mode = on ? 'include' : 'exclude';
    if (this.mode !== undefined && this.mode !== mode)
      throw on
        ? new CommandError(31253, `Cannot do inclusion on field ${name} in exclusion projection`)
        : new CommandError(31254, `Cannot do exclusion on field ${name} in inclusion projection`);
    this.mode = mode;
  }

  private computed(name: string, wanted: Value, above: readonly string[], code: number, conflict: string): void {
    if (this.mode === 'exclude') throw new CommandError(code, conflict);
    this.mode = 'include';
    this.put(name, above, { kind: 'computed', evaluate: compileExpression(wanted, this.place.environment) });
  }

  private subObject(name: string, wanted: Document, above: readonly string[]): void {
    const [first, second] = fieldNames(wanted);
    if (first === undefined)
      throw new CommandError(
        51270,
        `An empty sub-projection is not a valid value. Found empty object at path ${[...above, name].join('.')}`,
      );
    if (first.startsWith('$') && second === undefined) {
      this.operator(name, wanted, first, above);
      return;
    }
    const parts = [...above, ...partsOf(name)];
    for (const [inner, value] of entriesOf(wanted)) this.element(inner, value, parts);
  }

  private operator(name: string, wanted: Document, operator: string, above: readonly string[]): void {
    if (operator === '$meta') throw metaError(wanted.$meta);
    if (operator === '$elemMatch') {
      this.elemMatch(name, wanted, above);
      return;
    }
    if (operator === '$slice' && !this.place.stage) {
      const slice = sliceOf(wanted.$slice);
      if (slice) {
        this.hasSlice = true;
        this.put(name, above, { kind: 'changed', change: (value) => (Array.isArray(value) ? slice(value) : value) });
        return;
      }
    }
    try {
      const conflict = 'Cannot use expression other than $meta in exclusion projection';
      this.computed(name, wanted, above, 31252, conflict);
    } catch (error) {
      if (error instanceof CommandError && error.code === 168 && error.message.includes(`'${operator}'`))
        throw new CommandError(31325, `Unknown expression ${operator}`);
      throw error;
    }
  }

  private elemMatch(name: string, wanted: Document, above: readonly string[]): void {
    const { $elemMatch: operand } = wanted;
    if (this.place.stage) throw new CommandError(168, 'Cannot use $elemMatch in this context');
    if (!isDocument(operand))
      throw new CommandError(31274, `elemMatch: Invalid argument, object required, but got ${typeName(operand)}`);
    if (this.hasPositional) throw new CommandError(31255, 'Cannot specify positional operator and $elemMatch.');
    if (above.length > 0 || name.includes('.'))
      throw new CommandError(31275, 'Cannot use $elemMatch projection on a nested field.');
    this.hasElemMatch = true;
    const test = compileFilter({ array: { $elemMatch: operand } }, this.place.environment);
    const change = (value: Value) => {
      const found = Array.isArray(value) ? value.find((element) => test({ array: [element] })) : undefined;
      return found === undefined ? undefined : [found];
    };
    this.put(name, above, { kind: 'elemMatch', change });
  }

  /** `'array.$': 1`: the first element that the filter matched. */
  private positional(name: string, on: boolean, above: readonly string[]): void {
    if (!on) throw new CommandError(31395, 'positional projection cannot be used with exclusion');
    if (!name.endsWith('.$') || isPositional(name.slice(0, -2)))
      throw new CommandError(
        31394,
        'As of 4.4, it is illegal to specify a positional operator in the middle of a path. Positional projection may only be used at the end, for example: a.b.$.',
      );
    if (this.hasPositional)
      throw new CommandError(31276, 'Cannot specify more than one positional projection per query.');
    if (this.hasElemMatch) throw new CommandError(31256, 'Cannot specify positional operator and $elemMatch.');
    this.hasPositional = true;
    this.setMode(true, name);
    const { filter, environment } = this.place;
    const path = [...above, name.slice(0, -2)].join('.');
    const change = (value: Value, document: Document) => {
      if (!Array.isArray(value)) return value;
      const context = new UpdateContext(document, filter, [], new Map(), environment);
      return [value[positionOf(context, path, value)]];
    };
    this.put(name.slice(0, -2), above, { kind: 'changed', change });
  }

  private put(name: string, above: readonly string[], node: Node): void {
    const parts = [...above, ...partsOf(name)];
    const computes = node.kind === 'computed';
    let level = this.root;
    for (const [at, part] of parts.slice(0, -1).entries()) {
      level.computes ||= computes;
      let next = level.fields.get(part);
      if (!next) {
        next = branch();
        level.fields.set(part, next);
      }
      if (next.kind !== 'branch')
        throw new CommandError(
          31249,
          `Path collision at ${parts.join('.')} remaining portion ${parts.slice(at + 1).join('.')}`,
        );
      level = next;
    }
    level.computes ||= computes;
    const last = parts.at(-1) as string;
    if (level.fields.has(last)) throw new CommandError(31250, `Path collision at ${parts.join('.')}`);
    level.fields.set(last, node);
  }
}

function isPositional(name: string): boolean {
  return name === '$' || name.endsWith('.$') || name.includes('.$.');
}

function partsOf(name: string): string[] {
  if (name === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  if (name.endsWith('.')) throw new CommandError(40353, "FieldPath must not end with a '.'.");
  const parts = name.split('.');
  for (const part of parts) {
    if (part === '') throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
    if (part.startsWith('$') && part !== '$ref' && part !== '$id' && part !== '$db')
      throw new CommandError(
        16410,
        "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
      );
    if (part.includes('\0')) throw new CommandError(16411, 'FieldPath field names may not contain null bytes.');
  }
  return parts;
}

function metaError(name: Value): CommandError {
  if (typeof name !== 'string') return new CommandError(17307, 'Unsupported $meta: it must be a string');
  return META.has(name)
    ? notImplemented(`projection by $meta ${name}`)
    : new CommandError(17308, `Unsupported argument to $meta: ${name}`);
}

/** `$slice` as `find` has it; undefined for what may be the expression of that name. */
function sliceOf(operand: Value): ((array: Value[]) => Value[]) | undefined {
  const given = Array.isArray(operand) ? operand : [operand];
  const [first, limit] = given.map(whole);
  if (first === undefined || (Array.isArray(operand) && (given.length !== 2 || limit === undefined || limit <= 0)))
    return undefined;
  if (!Array.isArray(operand)) return (array) => (first < 0 ? array.slice(first) : array.slice(0, first));
  return (array) => {
    const from = first < 0 ? Math.max(array.length + first, 0) : first;
    return array.slice(from, from + (limit ?? 0));
  };
}

/** A number cut to a 32-bit integer, as MongoDB reads it. */
function whole(value: Value): number | undefined {
  const number = asNumber(value);
  if (number === undefined) return undefined;
  return Number.isNaN(number) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(number)));
}

function positionOf(context: UpdateContext, path: string, array: readonly Value[]): number {
  const index = positionMatched(context, path, array);
  if (index < array.length) return index;
  throw new CommandError(
    51247,
    "Executor error during find command :: caused by :: positional operator '.$' element mismatch",
  );
}

function positionMatched(context: UpdateContext, path: string, array: readonly Value[]): number {
  try {
    return context.positional(path, array);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      51246,
      "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
    );
  }
}
