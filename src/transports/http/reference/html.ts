/** HTML that is finished: text that strangers or declarations wrote went through {@link html} on its way. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | false | readonly Part[];

/** A template whose values are escaped, unless they are HTML already. Lists are joined; nothing is nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.reduce((all, text, i) => `${all}${written(parts[i - 1])}${text}`));
}

function written(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return escaped(String(part));
}

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);

/** The little Markdown that descriptions use: paragraphs, `code`, **strong** and [links](/to/somewhere). */
export function prose(text: string): Html {
  const paragraphs = text.split(/\n{2,}/).map((paragraph) => html`<p>${inline(paragraph)}</p>`);
  return html`${paragraphs}`;
}

/** The same without paragraphs. Only what is outside of code may be strong or a link. */
export function inline(text: string): Html {
  const parts = text.split(/(`[^`]+`)/).map((part) => {
    if (/^`.+`$/s.test(part)) return html`<code>${part.slice(1, -1)}</code>`;
    const marked = escaped(part)
      .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
      .replace(/\[([^\]]+)\]\((\/[^\s)]*|https:\/\/[^\s)]*)\)/g, '<a href="$2">$1</a>');
    return new Html(marked);
  });
  return html`${parts}`;
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);
