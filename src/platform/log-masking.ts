import { types } from 'node:util';

/**
 * Keeps secrets out of the logs: passwords, tokens, PINs, cards, cookies, keys, wherever they are nested. It runs for
 * every line, so it walks a value once, copies it once and tests each text with one expression before it looks closer.
 */

/** What stands where a secret stood. */
export const MASK = '[masked]';

/** Bounds of one record: a log line is for reading, and a huge value must not cost more than the work it reports. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
const MAX_TEXT = 8192;
/** Longer than any card number or credential that could be cut in two by `MAX_TEXT`. */
const MARGIN = 64;

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

const NAMES = 'pass(?:word|wd|phrase)?|pwd|secret|token|pin|otp|api_?key|cookie|authorization|card_?number|cvc|cvv|jwt';
/** One test that nearly every harmless text fails, before the closer looks. */
const SUSPECT = new RegExp(
  `eyJ|://[^/\\s]*@|(?:bearer|basic)\\s|(?:${NAMES})\\w{0,20}["']?\\s?[=:]|\\d(?:[ -]?\\d){12}`,
  'i',
);
const JWT = /eyJ[\w-]{5,}(?:\.[\w-]*){0,2}/g;
const SCHEME = /\b(bearer|basic)\s+[\w.~+/=-]+/gi;
const URL_LOGIN = /:\/\/[^/\s@]*@/g;
const ASSIGNMENT = new RegExp(
  `(\\w{0,40}(?:${NAMES})\\w{0,20}["']?\\s?[=:]\\s?)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,;&"'}\\]]+)`,
  'gi',
);
/** 13 to 19 digits (ISO/IEC 7812), alone or in groups; 0 and 1 start no payment card but do start times in ms. */
const CARD = /(?<![\w.])[2-9](?:[ -]?\d){12,18}(?!\w)/g;

/** A text without the secrets inside it: bearer strings, JWTs, card numbers, log-ins in URLs, `password=...`. */
export function maskText(text: string): string {
  const cut = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT + MARGIN) : text;
  const masked = cut.length >= 5 && SUSPECT.test(cut) ? maskSuspect(cut) : cut;
  return cut === text ? masked : `${masked.slice(0, MAX_TEXT)}[${text.length} characters]`;
}

function maskSuspect(text: string): string {
  return text
    .replace(JWT, MASK)
    .replace(SCHEME, `$1 ${MASK}`)
    .replace(URL_LOGIN, `://${MASK}@`)
    .replace(ASSIGNMENT, `$1${MASK}`)
    .replace(CARD, (digits) => (passesLuhn(digits) ? MASK : digits));
}

/** The check digit of card numbers: ISO/IEC 7812-1, annex B. */
function passesLuhn(text: string): boolean {
  let sum = 0;
  let doubled = false;
  for (let at = text.length - 1; at >= 0; at--) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) continue;
    const value = doubled ? digit * 2 : digit;
    sum += value > 9 ? value - 9 : value;
    doubled = !doubled;
  }
  return sum % 10 === 0;
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
