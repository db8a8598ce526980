import { types } from 'node:util';
import { MASK, passesLuhn, withoutSecrets } from './text-secrets.js';

/**
 * Keeps secrets out of the logs: passwords, tokens, PINs, cards, cookies, keys, wherever they are nested. It runs for
 * every line, so it walks a value once, copies it once and tests each text with one expression before it looks closer.
 */

/** Bounds of one record: a log line is for reading, and a huge value must not cost more than the work it reports. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
const MAX_TEXT = 8192;
/** Longer than any card number or credential that could be cut in two. */
const MARGIN = 128;

/** Unambiguous within a longer name, as in `newPasswordHash` or `x-csrf-token`. */
const PART_OF_NAME =
  /passw|passphrase|secret|token|authori[sz]ation|cookie|apikey|privatekey|signingkey|credential|pepper|cardnumber|cvv|cvc|pincode|pinhash/;
/** Only as a word of its own: `pin` is in `shipping`, `pan` in `company`, `card` in `discard`. */
const WORD_OF_NAME = new Set(['pin', 'pins', 'pan', 'card', 'cards', 'otp', 'totp', 'jwt', 'pwd', 'iban']);
const NAME_CACHE_SIZE = 4096;
const nameCache = new Map<string, boolean>();

/** Whether what stands under this name is masked. */
export function isSecretName(name: string): boolean {
  const known = nameCache.get(name);
  if (known !== undefined) return known;
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
  const secret = words.some((word) => WORD_OF_NAME.has(word)) || PART_OF_NAME.test(words.join(''));
  // Names come from outside too, so the cache is emptied rather than grown.
  if (nameCache.size >= NAME_CACHE_SIZE) nameCache.clear();
  nameCache.set(name, secret);
  return secret;
}

/** A text without the secrets inside it, and not longer than `most`, but for how long it was. */
export function maskText(text: string, most = MAX_TEXT): string {
  if (text.length <= most) return withoutSecrets(text);
  return `${withoutSecrets(text.slice(0, most + MARGIN)).slice(0, most)}[${text.length} characters]`;
}

/**
 * A copy that is safe to print and that `JSON.stringify` takes as it is: secrets masked, errors with their causes as
 * objects, maps and sets as objects and arrays, binary as its length, circles named. Never throws, never changes the
 * value given.
 */
export function maskFields(fields: object): Record<string, unknown> {
  const masked = maskValue(fields, []);
  return typeof masked === 'object' && masked !== null && !Array.isArray(masked)
    ? (masked as Record<string, unknown>)
    : { value: masked };
}

function maskValue(value: unknown, parents: object[]): unknown {
  switch (typeof value) {
    case 'string':
      return maskText(value);
    case 'number':
      return value >= 2e12 && Number.isSafeInteger(value) && passesLuhn(String(value)) ? MASK : value;
    case 'bigint':
      return maskText(String(value));
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : maskNested(value, parents);
    default:
      return value;
  }
}

function maskNested(value: object, parents: object[]): unknown {
  if (parents.includes(value)) return '[circular]';
  if (parents.length >= MAX_DEPTH) return '[too deep]';
  parents.push(value);
  try {
    return maskObject(value, parents);
  } catch {
    // A getter, proxy or toJSON of a stranger's: the line matters more than this value.
    return '[unreadable]';
  } finally {
    parents.pop();
  }
}

function maskObject(value: object, parents: object[]): unknown {
  if (Array.isArray(value)) return maskItems(value, value.length, parents);
  if (types.isNativeError(value) || value instanceof Error) return maskError(value, parents);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (types.isMap(value) || value instanceof URLSearchParams) return maskEntries(value.entries(), parents);
  if (types.isSet(value)) return maskItems(value, value.size, parents);
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return maskValue(value.toJSON(), parents);
  return maskEntries(Object.entries(value), parents);
}

function maskItems(items: Iterable<unknown>, length: number, parents: object[]): unknown[] {
  const masked: unknown[] = [];
  for (const item of items) {
    if (masked.length === MAX_ITEMS) {
      masked.push(`[${length - MAX_ITEMS} more]`);
      break;
    }
    masked.push(maskValue(item, parents));
  }
  return masked;
}

function maskEntries(entries: Iterable<[unknown, unknown]>, parents: object[]): Record<string, unknown> {
  const masked: Record<string, unknown> = {};
  let count = 0;
  for (const [key, value] of entries) {
    if (count++ === MAX_ITEMS) {
      masked['[more]'] = true;
      break;
    }
    const name = typeof key === 'string' ? key : String(maskValue(key, parents));
    setField(masked, name, value, parents);
  }
  return masked;
}

function setField(masked: Record<string, unknown>, name: string, value: unknown, parents: object[]): void {
  if (name === '__proto__') return;
  masked[maskText(name)] = isSecretName(name) && isTelling(value) ? MASK : maskValue(value, parents);
}

/** Whether there is anything to hide: that a token is absent, or a PIN is set, is what a reader wants to know. */
function isTelling(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean' && value !== '';
}

function maskError(error: Error, parents: object[]): Record<string, unknown> {
  const masked: Record<string, unknown> = { name: error.name, message: maskText(String(error.message)) };
  if (error.stack !== undefined) masked.stack = maskText(String(error.stack));
  if (error.cause !== undefined) masked.cause = maskValue(error.cause, parents);
  if ('errors' in error && Array.isArray(error.errors))
    masked.errors = maskItems(error.errors, error.errors.length, parents);
  for (const [name, value] of Object.entries(error)) {
    if (!(name in masked)) setField(masked, name, value, parents);
  }
  return masked;
}
