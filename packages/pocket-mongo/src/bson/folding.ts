/** A base character with its marks; marks without a base; what is left. */
const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu;
/** Clusters remembered per collation; scripts in daily use have far fewer. */
const MAX_KNOWN = 20_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Makes, from what a collator holds equal, one string per class of equal strings, since JavaScript gives no sort keys.
 * Each cluster is replaced by its simplest form that the collator holds equal to it. The whole is checked once more: where
 * a locale's contractions make it another string (Czech `cH`), the string stands for itself. So strings of one form are
 * always equal; a few equal ones may have two forms, and then are taken as different everywhere.
 */
export function folding(collator: Intl.Collator, locale: string, numeric: boolean): (text: string) => string {
  const same = (a: string, b: string) => collator.compare(a, b) === 0;
  const known = new Map<string, string>();
  const listed = listedForms(collator);
  const cluster = (text: string): string => {
    let form = known.get(text);
    if (form === undefined) {
      form = simplest(text, same, listed, locale);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(text, form);
      // A form of several characters may have simpler ones.
      const parts = Array.from(form.normalize('NFD'));
      const simpler = parts.length > 1 ? parts.map(cluster).join('').normalize('NFC') : form;
      if (simpler !== form && same(simpler, text)) {
        form = simpler;
        known.set(text, form);
      }
    }
    return form;
  };
  const letters = Array.from(LETTERS + LETTERS.toUpperCase());
  const printable = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i));
  const lowers = letters.every((letter) => cluster(letter) === letter.toLowerCase());
  const keeps = letters.every((letter) => cluster(letter) === letter);
  const plain = (lowers || keeps) && printable.every((one) => cluster(one) === (lowers ? one.toLowerCase() : one));
  return (text) => {
    let form: string;
    if (plain && isPrintable(text)) form = lowers ? text.toLowerCase() : text;
    else form = text.normalize('NFC').replace(CLUSTER, cluster);
    if (numeric) form = form.replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, ''));
    return form === text || same(form, text) ? form : text.normalize('NFC');
  };
}

function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** The first form, from the simplest, that is equal to the cluster. */
function simplest(
  text: string,
  same: (a: string, b: string) => boolean,
  listed: (text: string) => string | undefined,
  locale: string,
): string {
  if (same(text, '')) return '';
  if (/^\p{Nd}$/u.test(text)) {
    const digit = Array.from('0123456789').find((one) => same(one, text));
    if (digit !== undefined) return digit;
  }
  const compatible = text.normalize('NFKD');
  const lower = (one: string) => one.toLocaleUpperCase(locale).toLocaleLowerCase(locale).normalize('NFKD');
  const bare = (one: string) => one.replace(/\p{M}+/gu, '');
  const candidates = [
    bare(lower(compatible)),
    lower(compatible),
    bare(compatible.toLocaleLowerCase(locale)),
    compatible.toLocaleLowerCase(locale),
    bare(compatible),
    compatible,
  ];
  const found = listed(text) ?? candidates.find((candidate) => same(candidate, text));
  return (found ?? text).normalize('NFC');
}

/** Finds what a cluster equals in a list of common strings, as `ss` for `ß` at strength 1, or `ö` for `ø` in Swedish. */
function listedForms(collator: Intl.Collator): (text: string) => string | undefined {
  let sorted: string[] | undefined;
  return (text) => {
    sorted ??= commonStrings().sort(collator.compare);
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (collator.compare(sorted[middle] as string, text) < 0) low = middle + 1;
      else high = middle;
    }
    const found = sorted[low];
    return found !== undefined && collator.compare(found, text) === 0 ? found : undefined;
  };
}

/**
 * ASCII's characters, pairs of its letters and digits, Latin and Cyrillic small letters, Hebrew, hiragana, spaces, combining
 * marks. Small letters come first: of equal strings the first is taken.
 */
function commonStrings(): string[] {
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));
  const pairs = (some: string) => Array.from(some, (one) => Array.from(some, (two) => one + two)).flat();
  const small = [...range(0xdf, 0x17f), ...range(0x430, 0x4ff)].filter((one) => /\p{Ll}/u.test(one));
  const letters = [...small, ...range(0x5d0, 0x5ea), ...range(0x3041, 0x3096)];
  const others = [...range(0x20, 0x7e), ...range(0x2000, 0x200a), ...range(0x300, 0x36f)];
  return [
    ...LETTERS,
    ...pairs(LETTERS),
    ...letters,
    ...others,
    ...pairs(LETTERS.toUpperCase()),
    ...pairs('0123456789'),
  ];
}
