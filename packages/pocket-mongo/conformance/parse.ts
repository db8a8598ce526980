import { BSON, type Document, Double, Int32 } from 'mongodb';
import { InvalidTest } from './failures.js';
import type { TestFile } from './schema.js';
import { isPlainObject } from './values.js';

const FILE_KEYS = [
  'description',
  'schemaVersion',
  'runOnRequirements',
  'createEntities',
  'initialData',
  'tests',
  '_yamlAnchors',
];
const TEST_KEYS = [
  'description',
  'runOnRequirements',
  'skipReason',
  'operations',
  'expectEvents',
  'expectLogMessages',
  'expectTracingMessages',
  'outcome',
];
const OPERATION_KEYS = [
  'name',
  'object',
  'arguments',
  'ignoreResultAndError',
  'expectError',
  'expectResult',
  'saveResultAsEntity',
];
/** Of each pair an operation may have one at most. */
const EXCLUSIVE: readonly (readonly [string, string])[] = [
  ['expectError', 'expectResult'],
  ['expectError', 'saveResultAsEntity'],
  ['ignoreResultAndError', 'expectResult'],
  ['ignoreResultAndError', 'expectError'],
  ['ignoreResultAndError', 'saveResultAsEntity'],
];

/**
 * A test file from its text. Extended JSON is read strictly and whole numbers become plain ones, as drivers want for
 * their options; what is written as `$numberLong` or as a whole `$numberDouble` keeps its type.
 * @throws InvalidTest for a file of another major version or with keys that are not understood
 */
export function parseTestFile(text: string): TestFile {
  const file = plain(BSON.EJSON.parse(text, { relaxed: false })) as Document;
  onlyKeys(file, FILE_KEYS, 'the file');
  // Minor versions only add keys and operations, and what is not known of those is refused by name.
  if (!/^1(\.\d+){0,2}$/.test(String(file.schemaVersion)))
    throw new InvalidTest(`schema version ${String(file.schemaVersion)} is not supported`);
  if (!Array.isArray(file.tests) || file.tests.length === 0) throw new InvalidTest('the file has no tests');
  for (const test of file.tests) {
    onlyKeys(test, TEST_KEYS, `test "${test.description}"`);
    if (!Array.isArray(test.operations)) throw new InvalidTest(`test "${test.description}" has no operations`);
    for (const operation of test.operations) checkOperation(operation);
  }
  return file as TestFile;
}

/** @throws InvalidTest for keys that an operation cannot have, or not together */
export function checkOperation(operation: Document): void {
  onlyKeys(operation, OPERATION_KEYS, `operation ${operation.name}`);
  if (typeof operation.name !== 'string' || typeof operation.object !== 'string')
    throw new InvalidTest('an operation needs a name and an object');
  for (const [one, other] of EXCLUSIVE) {
    if (operation[one] !== undefined && operation[other] !== undefined)
      throw new InvalidTest(`operation ${operation.name} has both ${one} and ${other}`);
  }
}

export function onlyKeys(value: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new InvalidTest(`${where} has unknown keys: ${unknown.join(', ')}`);
}

/** Numbers of Extended JSON as plain numbers, where nothing is lost by it. */
export function plain(value: unknown): unknown {
  if (value instanceof Int32) return value.value;
  if (value instanceof Double) return Number.isInteger(value.value) ? value : value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}
