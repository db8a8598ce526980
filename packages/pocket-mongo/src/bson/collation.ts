import { CommandError, notImplemented } from '../errors.js';
import { compareBy, compareStrings } from './compare.js';
import { documentOf, entriesOf } from './field-order.js';
import { folding } from './folding.js';
import { encodeKey } from './keys.js';
import { BINARY, type Ordering } from './ordering.js';
import { asNumber, type Document, isDocument, type Value } from './values.js';

/** The version of ICU's collation data that MongoDB 8.0 names in every collation. */
const VERSION = '57.1';

/** Keywords of ICU that stand for an order of their own, and what BCP 47 calls them. */
const VARIANTS: Readonly<Record<string, string>> = {
  big5han: 'big5han',
  compat: 'compat',
  dictionary: 'dict',
  emoji: 'emoji',
  eor: 'eor',
  gb2312han: 'gb2312',
  phonebook: 'phonebk',
  phonetic: 'phonetic',
  pinyin: 'pinyin',
  reformed: 'reformed',
  searchjl: 'searchjl',
  stroke: 'stroke',
  traditional: 'trad',
  unihan: 'unihan',
  zhuyin: 'zhuyin',
};

/** Orderings by their full collation, so that equal collations are one object. */
const made = new Map<string, Ordering>();
const MAX_MADE = 500;

/**
 * The ordering a collation document asks for; undefined for none (missing, null or empty).
 * @throws CommandError 2, 14, 40414, 40415 for what MongoDB refuses, 238 for what JavaScript's Intl.Collator cannot do.
 */
export function orderingOf(collation: Value): Ordering | undefined {
  if (collation === undefined || collation === null) return undefined;
  if (!isDocument(collation))
    throw new CommandError(14, "BSON field 'collation' is the wrong type, expected type 'object'");
  if (Object.keys(collation).length === 0) return undefined;
  if (collation.locale === 'simple') {
    if (Object.keys(collation).length > 1)
      throw new CommandError(2, "If locale is 'simple', then no other collation options may be given");
    return BINARY;
  }
  const given = JSON.stringify(collation, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
  const known = made.get(given);
  if (known) return known;
  const full = completed(collation);
  const canonical = JSON.stringify(full);
  const ordering = made.get(canonical) ?? collated(full);
  if (made.size >= MAX_MADE) made.clear();
  made.set(canonical, ordering);
  made.set(given, ordering);
  return ordering;
}

/** Checks a collation document and fills in what it leaves out, some of it by the locale's own rules. */
function completed(given: Document): Document {
  for (const name of Object.keys(given))
    if (!FIELDS.has(name)) throw new CommandError(40415, `BSON field 'collation.${name}' is an unknown field.`);
  const { locale } = given;
  if (locale === undefined)
    throw new CommandError(40414, "BSON field 'collation.locale' is missing but a required field");
  if (typeof locale !== 'string') throw wrongType('locale', 'string');
  const own = new Intl.Collator(languageTag(locale)).resolvedOptions() as Intl.ResolvedCollatorOptions;
  const full: Document = {
    locale,
    caseLevel: flag(given, 'caseLevel', false),
    caseFirst: choice(given, 'caseFirst', ['upper', 'lower', 'off'], own.caseFirst === 'false' ? 'off' : own.caseFirst),
    strength: strengthOf(given),
    numericOrdering: flag(given, 'numericOrdering', own.numeric),
    alternate: choice(
      given,
      'alternate',
      ['non-ignorable', 'shifted'],
      own.ignorePunctuation ? 'shifted' : 'non-ignorable',
    ),
    maxVariable: choice(given, 'maxVariable', ['punct', 'space'], 'punct'),
    normalization: flag(given, 'normalization', false),
    backwards: flag(given, 'backwards', locale === 'fr_CA'),
    version: VERSION,
  };
  if (given.version !== undefined && given.version !== VERSION)
    throw new CommandError(
      161,
      `Requested collation version '${String(given.version)}', but the only available collator version was '${VERSION}'`,
    );
  checkTogether(full, given);
  return full;
}

const FIELDS = new Set([
  'locale',
  'caseLevel',
  'caseFirst',
  'strength',
  'numericOrdering',
  'alternate',
  'maxVariable',
  'normalization',
  'backwards',
  'version',
]);

function wrongType(name: string, type: string): CommandError {
  return new CommandError(14, `BSON field 'collation.${name}' is the wrong type, expected type '${type}'`);
}

function flag(given: Document, name: string, standard: boolean): boolean {
  const value = given[name];
  if (value === undefined) return standard;
  if (typeof value === 'boolean') return value;
  const number = asNumber(value);
  if (number === undefined) throw wrongType(name, 'bool');
  return number !== 0;
}

function choice(given: Document, name: string, choices: readonly string[], standard: string): string {
  const value = given[name];
  if (value === undefined) return standard;
  if (typeof value !== 'string') throw wrongType(name, 'string');
  if (!choices.includes(value))
    throw new CommandError(2, `Enumeration value '${value}' for field 'collation.${name}' is not a valid value.`);
  return value;
}

function strengthOf(given: Document): number {
  if (given.strength === undefined) return 3;
  const strength = asNumber(given.strength);
  if (strength === undefined) throw wrongType('strength', 'int');
  if (![1, 2, 3, 4, 5].includes(strength))
    throw new CommandError(2, `Enumeration value '${strength}' for field 'collation.strength' is not a valid value.`);
  return strength;
}

/** What makes no sense together, and what Intl.Collator has no option for. */
function checkTogether(full: Document, given: Document): void {
  const strength = full.strength as number;
  if (full.backwards === true && strength === 1)
    throw new CommandError(2, "'backwards' is invalid with 'strength' of 1");
  if (given.caseFirst !== undefined && full.caseFirst !== 'off' && full.caseLevel !== true && strength < 3)
    throw new CommandError(2, "'caseFirst' is invalid unless 'caseLevel' is on or 'strength' is greater than 2");
  if (strength > 3) throw notImplemented(`collation with strength ${strength}`);
  if (full.caseLevel === true && strength > 1) throw notImplemented(`collation with caseLevel at strength ${strength}`);
  if (full.backwards !== (full.locale === 'fr_CA')) throw notImplemented(`collation with backwards ${full.backwards}`);
  if (full.alternate === 'shifted' && full.maxVariable === 'space')
    throw notImplemented("collation with maxVariable 'space'");
}

/** ICU's name of a locale (`de_AT@collation=phonebook`) as Intl has it. @throws CommandError 2 when there is none. */
function languageTag(locale: string): string {
  const parts = /^([a-z]{2,3}(?:_[A-Z][a-z]{3})?(?:_[A-Z]{2})?)(?:@collation=([a-z0-9]+))?$/.exec(locale);
  const invalid = new CommandError(2, `Field 'locale' is invalid in: { locale: "${locale}" }`);
  if (/^en_US_POSIX/.test(locale) || parts?.[2] === 'search' || parts?.[2] === 'standard')
    throw notImplemented(`collation with locale ${locale}`);
  if (!parts?.[1]) throw invalid;
  const base = parts[1].replaceAll('_', '-');
  if (Intl.Collator.supportedLocalesOf(base).length === 0) throw invalid;
  if (parts[2] === undefined) return base;
  const variant = Object.hasOwn(VARIANTS, parts[2]) ? VARIANTS[parts[2]] : undefined;
  const tag = `${base}-u-co-${variant}`;
  if (variant === undefined || new Intl.Collator(tag).resolvedOptions().collation !== variant) throw invalid;
  return tag;
}

const SENSITIVITY = { 1: 'base', 2: 'accent', 3: 'variant' } as const;

function collated(full: Document): Ordering {
  const tag = languageTag(full.locale as string);
  const numeric = full.numericOrdering === true;
  const collator = new Intl.Collator(tag, {
    sensitivity: full.caseLevel === true ? 'case' : SENSITIVITY[full.strength as 1 | 2 | 3],
    numeric,
    caseFirst: full.caseFirst === 'off' ? 'false' : (full.caseFirst as 'upper' | 'lower'),
    ignorePunctuation: full.alternate === 'shifted',
  });
  const foldText = folding(collator, tag, numeric);
  const strings = (a: string, b: string): number =>
    a === b ? 0 : collator.compare(a, b) || compareStrings(foldText(a), foldText(b));
  const compare = (a: Value, b: Value): number =>
    typeof a === 'string' && typeof b === 'string' ? strings(a, b) : compareBy(a, b, compare);
  const fold = (value: Value): Value => {
    if (typeof value === 'string') return foldText(value);
    if (Array.isArray(value)) return value.map(fold);
    if (!isDocument(value)) return value;
    return documentOf(entriesOf(value).map(([name, inner]) => [name, fold(inner)]));
  };
  return {
    compare,
    equal: (a, b) => a === b || compare(a, b) === 0,
    key: (value) => encodeKey(fold(value)),
    fold,
    collation: full,
  };
}
