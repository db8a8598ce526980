/** Fields of one object, and depth: `JSON.parse` takes much longer for an object with many different names than for as many values. */
const MAX_FIELDS = 1_000;
const MAX_DEPTH = 64;
/** Shorter texts are parsed as fast as they are looked at. */
const SHORT = 16_384;

/** What such a text is answered with. */
export const TOO_COSTLY = `The JSON is nested more than ${MAX_DEPTH} deep, or an object in it has more than ${MAX_FIELDS} fields`;

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;

/** Whether a JSON text is made so that reading it takes far longer than its length says. One look at each character. */
export function isCostlyJson(text: string): boolean {
  if (text.length < SHORT) return false;
  const fields = new Uint32Array(MAX_DEPTH + 1);
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inText) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (code === COLON) {
      fields[depth] = (fields[depth] ?? 0) + 1;
      if ((fields[depth] ?? 0) > MAX_FIELDS) return true;
    } else if (isOpening(code)) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
      fields[depth] = 0;
    } else if (isClosing(code) && depth > 0) depth -= 1;
  }
  return false;
}

/** `[` and `{`, `]` and `}`. */
const isOpening = (code: number): boolean => code === 91 || code === 123;
const isClosing = (code: number): boolean => code === 93 || code === 125;
