/**
 * Finds secrets inside a text, in a few passes over it, each in time proportional to its length whatever the text is made
 * of: a path of a request comes from anybody. So no pass looks at a place again from the next one: whole words are taken at
 * a time, and what follows is matched where the word ends.
 */

/** What stands where a secret stood. */
export const MASK = '[masked]';

const NAMES = 'pass(?:word|wd|phrase)?|pwd|secret|token|pin|otp|api_?key|cookie|authorization|card_?number|cvc|cvv|jwt';
/** One test that nearly every harmless text fails, before the closer looks. */
const SUSPECT = new RegExp(
  `eyJ|://|(?:bearer|basic)\\s|${NAMES}|(?<![0-9a-f])[0-9a-f]{24,}\\.|\\d(?:[ -]?\\d){12}`,
  'i',
);
const JWT = /eyJ[\w-]{5,}(?:\.[\w-]*){0,2}/g;
const SCHEME = /\b(bearer|basic)\s+[\w.~+/=-]+/gi;
const URL_LOGIN = /:\/\/[^/\s@]*@/g;
/** 13 to 19 digits (ISO/IEC 7812), alone or in groups; 0 and 1 start no payment card but do start times in ms. */
const CARD = /(?<![\w.])[2-9](?:[ -]?\d){12,18}(?!\w)/g;

/** Told how many characters a step has looked at. */
type Meter = (characters: number) => void;
const unmetered: Meter = () => undefined;

/** A text without bearer strings, JWTs, refresh and device tokens, card numbers, log-ins in URLs, `password=...`. */
export function withoutSecrets(text: string, meter: Meter = unmetered): string {
  meter(text.length);
  if (text.length < 5 || !SUSPECT.test(text)) return text;
  const known = hideTokens(text.replace(JWT, MASK), meter)
    .replace(SCHEME, `$1 ${MASK}`)
    .replace(URL_LOGIN, `://${MASK}@`);
  return hideAssigned(known, meter).replace(CARD, (digits) => (passesLuhn(digits) ? MASK : digits));
}

const HEX = /[0-9a-f]+/gi;
/** Behind the id of a session or a device: a refresh token's count, then the digest, also one that was cut. */
const DIGEST = /\.(?:\d{1,9}\.)?[0-9a-f]{16,}/iy;
const ID_LENGTH = 24;

/** Our own refresh and device tokens, `<id>.<count>.<digest>` and `<id>.<digest>`, wherever they stand. */
function hideTokens(text: string, meter: Meter): string {
  return replaced(text, HEX, meter, (hex, end) => {
    if (hex.length < ID_LENGTH) return undefined;
    return matchAt(DIGEST, text, end, meter) === undefined
      ? undefined
      : { from: end - hex.length, to: DIGEST.lastIndex };
  });
}

const WORD = /\w+/g;
const EQUALS = /["']?\s?[=:]\s{0,8}/y;
const VALUE = /"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?|[^\s,;&"'}\]]+/y;
const NAME = new RegExp(`(?:${NAMES})\\w{0,20}$`, 'i');
/** A secret's name and what may stand behind it in the same word. */
const LONGEST_NAME = 40;

/** What is assigned to a secret's name: `newPassword: 'x'`, `"pin":"1"`, `?token=x`. */
function hideAssigned(text: string, meter: Meter): string {
  return replaced(text, WORD, meter, (word, end) => {
    if (matchAt(EQUALS, text, end, meter) === undefined) return undefined;
    const from = EQUALS.lastIndex;
    meter(Math.min(word.length, LONGEST_NAME));
    if (!NAME.test(word.slice(-LONGEST_NAME))) return undefined;
    return matchAt(VALUE, text, from, meter) === undefined ? undefined : { from, to: VALUE.lastIndex };
  });
}

/** Puts the mask where `find` says, asked for each word in turn; goes on behind what is masked. */
function replaced(
  text: string,
  words: RegExp,
  meter: Meter,
  find: (word: string, end: number) => { from: number; to: number } | undefined,
): string {
  let shown = '';
  let done = 0;
  words.lastIndex = 0;
  for (let word = words.exec(text); word !== null; word = words.exec(text)) {
    meter(word[0].length);
    const secret = find(word[0], words.lastIndex);
    if (secret === undefined) continue;
    shown += text.slice(done, secret.from) + MASK;
    done = secret.to;
    words.lastIndex = done;
  }
  return shown + text.slice(done);
}

/** What a sticky expression matches at a place; its `lastIndex` is then the end. */
function matchAt(expression: RegExp, text: string, at: number, meter: Meter): string | undefined {
  expression.lastIndex = at;
  const found = expression.exec(text)?.[0];
  meter(found?.length ?? 1);
  return found;
}

/** The check digit of card numbers: ISO/IEC 7812-1, annex B. */
export function passesLuhn(text: string): boolean {
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
