import { BSONRegExp, Int32, Long } from 'mongodb';
import { matches } from './match.js';
import { add, multiply, Overflow } from './numbers.js';
import { compare, equal } from './order.js';
import { copy, type Doc, isDoc, isNumber, type Missing, own, type Value } from './values.js';

/** What becomes of a document, or the code of MongoDB's error. */
export type Outcome = { doc: Doc } | { code: number };

class Refused extends Error {
  constructor(readonly code: number) {
    super(String(code));
  }
}

const VIABLE = 28;
const BAD_VALUE = 2;
const TYPE = 14;

/** Where a path leads: to a field or element, to a place that is not there yet, or into something that has no fields. */
type Place =
  | { kind: 'there'; holder: Doc | Value[]; name: string }
  | { kind: 'absent'; holder: Doc | Value[]; rest: string[] }
  | { kind: 'blocked'; by: Value };

const isPosition = (name: string) => /^(0|[1-9][0-9]*)$/.test(name);

function childOf(holder: Doc | Value[], name: string): Value | Missing {
  if (Array.isArray(holder)) return isPosition(name) ? holder[Number(name)] : undefined;
  return own(holder, name);
}

function find(doc: Doc, parts: readonly string[]): Place {
  let holder: Doc | Value[] = doc;
  for (const [i, name] of parts.entries()) {
    if (Array.isArray(holder) && !isPosition(name)) return { kind: 'blocked', by: holder };
    const child = childOf(holder, name);
    if (child === undefined) return { kind: 'absent', holder, rest: parts.slice(i) };
    if (i === parts.length - 1) return { kind: 'there', holder, name };
    if (!isDoc(child) && !Array.isArray(child)) return { kind: 'blocked', by: child };
    holder = child;
  }
  throw new Error('a path has a part');
}

function put(holder: Doc | Value[], name: string, value: Value): void {
  if (!Array.isArray(holder)) {
    holder[name] = value;
    return;
  }
  while (holder.length < Number(name)) holder.push(null);
  holder[Number(name)] = value;
}

function create(doc: Doc, parts: readonly string[], value: Value): void {
  const place = find(doc, parts);
  if (place.kind === 'blocked') throw new Refused(VIABLE);
  if (place.kind === 'there') put(place.holder, place.name, value);
  else {
    const [name, ...inner] = place.rest as [string, ...string[]];
    put(
      place.holder,
      name,
      inner.reduceRight<Value>((made, part) => ({ [part]: made }), value),
    );
  }
}

/** The paths without `$`, `$[]` and `$[name]`. */
function concrete(doc: Doc, parts: readonly string[], position: number | undefined, filters: Doc): string[][] {
  let paths: string[][] = [[]];
  for (const part of parts) {
    if (part === '$') {
      if (position === undefined) throw new Refused(BAD_VALUE);
      paths = paths.map((path) => [...path, String(position)]);
    } else if (part.startsWith('$[')) {
      paths = paths.flatMap((path) => {
        const place = find(doc, path);
        const array = place.kind === 'there' ? childOf(place.holder, place.name) : undefined;
        if (!Array.isArray(array)) throw new Refused(BAD_VALUE);
        const name = part.slice(2, -1);
        return array.flatMap((element, i) =>
          name === '' || matches({ [name]: element }, filters[name] as Doc) ? [[...path, String(i)]] : [],
        );
      });
    } else paths = paths.map((path) => [...path, part]);
  }
  return paths;
}

type Change = (current: Value | Missing, operand: Value) => Value;

function arrayOr(current: Value | Missing, code: number): Value[] {
  if (current === undefined) return [];
  if (!Array.isArray(current)) throw new Refused(code);
  return current;
}

function arithmetic(current: Value | Missing, operand: Value, by: typeof add): Value {
  if (!isNumber(current) || !isNumber(operand)) throw new Refused(TYPE);
  try {
    return by(current, operand);
  } catch (error) {
    if (error instanceof Overflow) throw new Refused(BAD_VALUE);
    throw error;
  }
}

const orZero = (current: Value | Missing): Value => (current === undefined ? new Int32(0) : current);

/** Operators that make the field where it is missing. */
const CREATING: Readonly<Record<string, Change>> = {
  $set: (_, operand) => operand,
  $inc: (current, operand) => (current === undefined ? operand : arithmetic(current, operand, add)),
  $mul: (current, operand) => arithmetic(orZero(current), operand, multiply),
  $min: (current, operand) => (current === undefined || compare(operand, current) < 0 ? operand : current),
  $max: (current, operand) => (current === undefined || compare(operand, current) > 0 ? operand : current),
  $bit: (current, operand) => bitwise(orZero(current), operand as Doc),
  $push: push,
  $addToSet(current, operand) {
    const array = [...arrayOr(current, BAD_VALUE)];
    const each = isDoc(operand) && '$each' in operand ? (operand.$each as Value[]) : [operand];
    for (const one of each) if (!array.some((element) => equal(element, one))) array.push(one);
    return array;
  },
};

/** Operators that do nothing where the field is missing. */
const KEEPING: Readonly<Record<string, (current: Value, operand: Value) => Value>> = {
  $pop(current, operand) {
    const array = arrayOr(current, TYPE);
    return Number(operand) < 0 ? array.slice(1) : array.slice(0, -1);
  },
  $pull: (current, operand) => arrayOr(current, BAD_VALUE).filter((element) => !isPulled(element, operand)),
  $pullAll: (current, operand) =>
    arrayOr(current, BAD_VALUE).filter((element) => !(operand as Value[]).some((one) => equal(element, one))),
};

function isPulled(element: Value, operand: Value): boolean {
  const operators = isDoc(operand) && Object.keys(operand)[0]?.startsWith('$');
  if (operators || operand instanceof BSONRegExp) return matches({ element }, { element: operand });
  return isDoc(operand) ? isDoc(element) && matches(element, operand) : equal(element, operand);
}

function bitwise(current: Value, operand: Doc): Value {
  let result = current;
  for (const [name, mask] of Object.entries(operand)) {
    const whole = (value: Value) => {
      if (value instanceof Int32) return BigInt(value.value);
      if (value instanceof Long && isNumber(value)) return value.toBigInt();
      throw new Refused(BAD_VALUE);
    };
    const [a, b] = [whole(result), whole(mask)];
    const bits = name === 'and' ? a & b : name === 'or' ? a | b : a ^ b;
    const wide = result instanceof Long || mask instanceof Long;
    result = wide ? Long.fromBigInt(bits) : new Int32(Number(bits));
  }
  return result;
}

function push(current: Value | Missing, operand: Value): Value {
  const array = [...arrayOr(current, BAD_VALUE)];
  if (!isDoc(operand) || !('$each' in operand)) return [...array, operand];
  const { $each, $position, $sort, $slice } = operand;
  const at = $position === undefined ? array.length : Number($position);
  array.splice(at < 0 ? Math.max(array.length + at, 0) : at, 0, ...($each as Value[]));
  if (isDoc($sort)) array.sort((a, b) => compareFields(a, b, $sort));
  else if ($sort !== undefined) array.sort((a, b) => compare(a, b) * Number($sort));
  if ($slice === undefined) return array;
  const size = Number($slice);
  return size === 0 ? [] : size < 0 ? array.slice(size) : array.slice(0, size);
}

/** Elements by their fields as they are: arrays are compared whole, missing is null. */
function compareFields(a: Value, b: Value, sort: Doc): number {
  for (const [path, direction] of Object.entries(sort)) {
    const at = (element: Value) => {
      let current: Value | Missing = isDoc(element) ? element : {};
      for (const part of path.split('.'))
        current = isDoc(current) || Array.isArray(current) ? childOf(current, part) : undefined;
      return current ?? null;
    };
    const order = compare(at(a), at(b)) * Number(direction);
    if (order !== 0) return order;
  }
  return 0;
}

function rename(doc: Doc, from: readonly string[], to: readonly string[]): void {
  const source = find(doc, from);
  if (source.kind === 'blocked') throw new Refused(VIABLE);
  if (source.kind === 'absent') return;
  if (crossesArray(doc, from)) throw new Refused(BAD_VALUE);
  if (crossesArray(doc, to)) throw new Refused(BAD_VALUE);
  const value = childOf(source.holder, source.name) as Value;
  create(doc, to, value);
  delete (source.holder as Doc)[source.name];
}

function crossesArray(doc: Doc, parts: readonly string[]): boolean {
  return parts.slice(0, -1).some((_, i) => {
    const place = find(doc, parts.slice(0, i + 1));
    return place.kind === 'there' && Array.isArray(childOf(place.holder, place.name));
  });
}

/** Field by field in their order, numbers as numbers: the order in which new fields are made. */
function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [p, q] = [a[i] as string, b[i] as string];
    if (p === q) continue;
    if (/^\d+$/.test(p) && /^\d+$/.test(q)) return Number(p) - Number(q);
    return p < q ? -1 : 1;
  }
  return a.length - b.length;
}

interface Step {
  operator: string;
  parts: string[];
  operand: Value;
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((part, i) => path[i] === part);
}

function stepsOf(update: Doc): Step[] {
  const steps: Step[] = [];
  const taken: string[][] = [];
  const take = (parts: string[]) => {
    if (taken.some((one) => startsWith(one, parts) || startsWith(parts, one))) throw new Refused(40);
    taken.push(parts);
  };
  for (const [operator, fields] of Object.entries(update))
    for (const [path, operand] of Object.entries(fields as Doc)) {
      const parts = path.split('.');
      if ((operator === '$inc' || operator === '$mul') && !isNumber(operand)) throw new Refused(TYPE);
      take(parts);
      if (operator === '$rename') {
        const to = String(operand).split('.');
        if (startsWith(to, parts) || startsWith(parts, to)) throw new Refused(BAD_VALUE);
        take(to);
      }
      steps.push({ operator, parts, operand });
    }
  const place = ({ operator, parts, operand }: Step) => (operator === '$rename' ? String(operand).split('.') : parts);
  return steps.sort((a, b) => comparePaths(place(a), place(b)));
}

/** Applies an update; `position` is what `$` stands for, `filters` the array filters by name. */
export function applyUpdate(before: Doc, update: Doc, position: number | undefined, filters: Doc): Outcome {
  const doc = copy(before);
  try {
    for (const { operator, parts, operand } of stepsOf(update)) {
      if (operator === '$rename') rename(doc, parts, String(operand).split('.'));
      else for (const path of concrete(doc, parts, position, filters)) applyTo(doc, operator, path, operand);
    }
    return { doc };
  } catch (error) {
    if (error instanceof Refused) return { code: error.code };
    throw error;
  }
}

function applyTo(doc: Doc, operator: string, path: string[], operand: Value): void {
  const place = find(doc, path);
  const there = place.kind === 'there';
  const current = there ? childOf(place.holder, place.name) : undefined;
  if (operator === '$unset') {
    if (!there) return;
    if (Array.isArray(place.holder)) place.holder[Number(place.name)] = null;
    else delete place.holder[place.name];
    return;
  }
  const creating = CREATING[operator];
  if (place.kind === 'blocked') throw new Refused(VIABLE);
  if (creating) create(doc, path, creating(current, operand));
  else if (current !== undefined)
    create(doc, path, (KEEPING[operator] as (current: Value, operand: Value) => Value)(current, operand));
}
