import { CommandError, notImplemented } from '../errors.js';

/** Flags that may change in the middle of a pattern: they are worked into what is made of it. */
interface Flags {
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

const SPACE = '\\t-\\r ';
const HORIZONTAL = '\\t \\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000';
const VERTICAL = '\\n-\\r\\x85\\u2028\\u2029';
/** What a shorthand stands for inside of brackets. PCRE's know ASCII only. */
const SETS: Readonly<Record<string, string>> = {
  d: '0-9',
  D: '\\0-\\/:-\\u{10ffff}',
  w: '\\w',
  W: '\\W',
  s: SPACE,
  S: '\\0-\\x08\\x0e-\\x1f!-\\u{10ffff}',
  h: HORIZONTAL,
  v: VERTICAL,
};
const POSIX: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: '0-9A-Za-z',
  upper: 'A-Z',
  lower: 'a-z',
  space: SPACE,
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`\\{-~',
  cntrl: '\\0-\\x1f\\x7f',
  graph: '!-~',
  print: ' -~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
};
const END = '(?=\\n?$)';
const ASSERTIONS: Readonly<Record<string, string>> = {
  A: '^',
  G: '^',
  z: '$',
  Z: END,
  b: '\\b',
  B: '\\B',
  H: `[^${HORIZONTAL}]`,
  V: `[^${VERTICAL}]`,
  N: '[^\\n]',
  R: `(?:\\r\\n|[${VERTICAL}])`,
  X: '(?:\\P{M}\\p{M}*)',
};
const CONTROLS: Readonly<Record<string, string>> = { a: '\\x07', e: '\\x1b', f: '\\f', n: '\\n', r: '\\r', t: '\\t' };

/**
 * A regular expression of MongoDB, which are PCRE's, in JavaScript's terms.
 * @throws CommandError 51091 for an invalid one, 51108 for an unknown flag, 238 for what JavaScript has no means for.
 */
export function compileRegex(pattern: string, flags: string): RegExp {
  for (const flag of flags)
    if (!'imsxu'.includes(flag)) throw new CommandError(51108, `invalid flag in regex options: ${flag}`);
  if (pattern.includes('\0')) throw invalid('it contains a null byte');
  const translated = new Translator(pattern, flags).translate();
  try {
    return new RegExp(translated.source, translated.ignoreCase ? 'iu' : 'u');
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function invalid(why: string): CommandError {
  return new CommandError(51091, `Regular expression is invalid: ${why}`);
}

class Translator {
  private at = 0;
  private out = '';
  private groups = 0;
  private ignoreCase: boolean;
  private flags: Flags;
  private readonly outer: Flags[] = [];

  constructor(
    private readonly pattern: string,
    flags: string,
  ) {
    this.ignoreCase = flags.includes('i');
    this.flags = { multiline: flags.includes('m'), dotAll: flags.includes('s'), extended: flags.includes('x') };
  }

  translate(): { source: string; ignoreCase: boolean } {
    while (this.at < this.pattern.length) this.item();
    if (this.outer.length > 0) throw invalid('missing closing parenthesis');
    return { source: this.out, ignoreCase: this.ignoreCase };
  }

  /** The next code point, passed over. */
  private take(): string {
    const char = String.fromCodePoint(this.pattern.codePointAt(this.at) ?? 0);
    this.at += char.length;
    return char;
  }

  /** What `regex` (sticky) matches here, passed over. */
  private match(regex: RegExp): RegExpExecArray | undefined {
    regex.lastIndex = this.at;
    const found = regex.exec(this.pattern);
    if (!found) return undefined;
    this.at += found[0].length;
    return found;
  }

  private item(): void {
    if (this.flags.extended && this.match(/\s+|#[^\n]*/y)) return;
    const char = this.take();
    switch (char) {
      case '\\':
        this.escape();
        return;
      case '[':
        this.out += this.brackets();
        return;
      case '(':
        this.open();
        return;
      case ')':
        this.close();
        return;
      case '|':
        this.out += char;
        return;
      case '.':
        this.out += this.flags.dotAll ? '[^]' : '[^\\n]';
        return;
      case '^':
        this.out += this.flags.multiline ? '(?:^|(?<=\\n)(?!$))' : '^';
        return;
      case '$':
        this.out += this.flags.multiline ? '(?=\\n|$)' : END;
        return;
      default:
        this.plain(char);
    }
  }

  private plain(char: string): void {
    if ('*+?'.includes(char)) this.quantifier(char);
    else if (char === '{') {
      const bounds = this.match(/\d+(?:,\d*)?\}/y);
      if (bounds) this.quantifier(`{${bounds[0]}`);
      else this.out += '\\{';
    } else this.out += literal(char);
  }

  private quantifier(text: string): void {
    if (this.match(/\+/y)) throw notImplemented('a possessive quantifier in a regular expression');
    this.out += text + (this.match(/\?/y)?.[0] ?? '');
  }

  private close(): void {
    const before = this.outer.pop();
    if (!before) throw invalid('unmatched closing parenthesis');
    this.flags = before;
    this.out += ')';
  }

  private open(): void {
    if (this.match(/\*/y)) throw notImplemented('a verb in a regular expression');
    if (!this.match(/\?/y)) {
      this.enter('(', true);
      return;
    }
    if (this.match(/#[^)]*\)/y)) return;
    const around = this.match(/<?[=!]|:/y);
    if (around) {
      this.enter(`(?${around[0]}`, false);
      return;
    }
    const named = this.match(/P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y);
    if (named) {
      this.enter(`(?<${named[1] ?? named[2]}>`, true);
      return;
    }
    const reference = this.match(/P=([A-Za-z_]\w*)\)/y);
    if (reference) {
      this.out += `\\k<${reference[1]}>`;
      return;
    }
    const change = this.match(/([imsx]*)(?:-([imsx]*))?([:)])/y);
    if (!change) throw notImplemented(`the group '(?${this.pattern[this.at] ?? ''}' in a regular expression`);
    this.changeFlags(change[1] ?? '', change[2] ?? '', change[3] === ':');
  }

  private enter(text: string, captures: boolean): void {
    this.outer.push(this.flags);
    if (captures) this.groups++;
    this.out += text;
  }

  /** `(?i)` for what follows in the group, `(?i:...)` for what is inside. */
  private changeFlags(on: string, off: string, group: boolean): void {
    if (group) this.enter('(?:', false);
    const { multiline, dotAll, extended } = this.flags;
    const flag = (name: string, now: boolean) => (on.includes(name) || now) && !off.includes(name);
    const ignoreCase = flag('i', this.ignoreCase);
    if (ignoreCase !== this.ignoreCase) {
      // JavaScript ignores case in the whole or not at all.
      const first = this.outer.length === 0 && (this.out === '' || this.out === '^');
      if (!first || group) throw notImplemented('a change of the flag i inside of a regular expression');
      this.ignoreCase = ignoreCase;
    }
    this.flags = { multiline: flag('m', multiline), dotAll: flag('s', dotAll), extended: flag('x', extended) };
  }

  private escape(): void {
    if (this.at >= this.pattern.length) throw invalid('\\ at end of pattern');
    const quoted = this.match(/Q([\s\S]*?)(?:\\E|$)/y);
    if (quoted) {
      this.out += Array.from(quoted[1] ?? '', literal).join('');
      return;
    }
    if (this.match(/E/y)) return;
    const backward = this.match(/([1-9])(?!\d)|g\{?(-?[1-9]\d*)\}?/y);
    if (backward) {
      const number = Number(backward[1] ?? backward[2]);
      this.out += `(?:\\${number < 0 ? this.groups + 1 + number : number})`;
      return;
    }
    const named = this.match(/[kg][<'{]([A-Za-z_]\w*)[>'}]/y);
    if (named) {
      this.out += `\\k<${named[1]}>`;
      return;
    }
    const char = this.pattern[this.at] ?? '';
    const assertion = Object.hasOwn(ASSERTIONS, char) ? ASSERTIONS[char] : undefined;
    if (assertion !== undefined) {
      this.at++;
      this.out += assertion;
      return;
    }
    const set = this.set();
    this.out += set === undefined ? this.character() : `[${set}]`;
  }

  /** A shorthand or a property after a backslash, as it stands inside of brackets. */
  private set(): string | undefined {
    const char = this.pattern[this.at] ?? '';
    if (Object.hasOwn(SETS, char)) {
      this.at++;
      return SETS[char];
    }
    const property = this.match(/([pP])(?:\{(\^?)([A-Za-z_&]+)\}|([A-Z]))/y);
    if (!property) return undefined;
    const [, letter, negated, long, short] = property;
    const name = long ?? short ?? '';
    const isCategory = /^(?:Any|[CLMNPSZ][a-z]?|L&)$/.test(name);
    const known = name === 'L&' ? 'LC' : isCategory ? name : `Script=${name}`;
    return `\\${(letter === 'P') !== (negated === '^') ? 'P' : 'p'}{${known}}`;
  }

  /** One escaped character. */
  private character(): string {
    const hex = this.match(/x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{0,2})/y);
    if (hex) return codePoint(Number.parseInt(hex[1] ?? (hex[2] || '0'), 16));
    const octal = this.match(/o\{([0-7]+)\}|(0[0-7]{0,2}|[1-7][0-7]{1,2})/y);
    if (octal) return codePoint(Number.parseInt(octal[1] ?? octal[2] ?? '0', 8));
    const control = this.match(/c([A-Za-z])/y);
    if (control) return `\\c${control[1]}`;
    const char = this.take();
    if (Object.hasOwn(CONTROLS, char)) return CONTROLS[char] as string;
    if (char === 'K' || char === 'C') throw notImplemented(`\\${char} in a regular expression`);
    if (/[A-Za-z0-9]/.test(char)) throw invalid('unrecognized character follows \\');
    return literal(char);
  }

  private brackets(): string {
    let text = this.match(/\^/y) ? '[^' : '[';
    if (this.match(/\]/y)) text += '\\]';
    // A hyphen next to a set is one, not a range.
    let afterSet = true;
    for (;;) {
      if (this.at >= this.pattern.length) throw invalid('missing terminating ] for character class');
      if (this.match(/\]/y)) return `${text}]`;
      const [part, isSet] = this.bracketItem(afterSet);
      text += part;
      afterSet = isSet;
    }
  }

  private bracketItem(afterSet: boolean): [text: string, isSet: boolean] {
    const posix = this.match(/\[:(\^?)([a-z]+):\]/y);
    if (posix) {
      const set = Object.hasOwn(POSIX, posix[2] ?? '') ? POSIX[posix[2] ?? ''] : undefined;
      if (set === undefined) throw invalid('unknown POSIX class name');
      if (posix[1]) throw notImplemented('a negated POSIX class in a regular expression');
      return [set, true];
    }
    const char = this.take();
    if (char === '-') {
      const beforeSet = /\\[dDwWsShHvVpP]|\[:/y;
      beforeSet.lastIndex = this.at;
      return [afterSet || beforeSet.test(this.pattern) || this.pattern[this.at] === ']' ? '\\-' : '-', false];
    }
    if (char !== '\\') return [literal(char), false];
    if (this.match(/E/y)) return ['', afterSet];
    const quoted = this.match(/Q([\s\S]*?)\\E/y);
    if (quoted) return [Array.from(quoted[1] ?? '', literal).join(''), false];
    if (this.match(/b/y)) return ['\\x08', false];
    const set = this.set();
    return set === undefined ? [this.match(/-/y) ? '\\-' : this.character(), false] : [set, true];
  }
}

function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

function codePoint(code: number): string {
  if (code > 0x10ffff) throw invalid('character code point value in \\x{} or \\o{} is too large');
  return `\\u{${code.toString(16)}}`;
}
