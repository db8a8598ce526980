import { type Html, html, inline, json, prose } from './html.js';

export interface Item {
  /** As programs write it: `order:place`. */
  name: string;
  /** As people say it. */
  summary: string;
  /** A word in front: the method, or what kind of message it is. */
  kind: string;
  /** What else is found by a search: the path. */
  also?: string;
  body: Html;
}

export interface Group {
  title: string;
  about?: string | undefined;
  items: readonly Item[];
}

export interface Page {
  title: string;
  introduction: string;
  /** The document that this is made from. */
  document: string;
  other: { href: string; title: string };
  groups: readonly Group[];
  schemas: Html;
}

/** A page that is there at once: everything closed, no library, and one small script to search. */
export function pageOf({ title, introduction, document, other, groups, schemas }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/reference.css">
<script src="/docs/assets/reference.js" defer></script>
</head>
<body>
<header><h1>${title}</h1>
<p><a href="/">Start</a> · <a href="${other.href}">${other.title}</a> · <a href="${document}">as a document for tools</a> · <a href="#schemas">what things look like</a></p>
${prose(introduction)}
<p><label for="search">Search</label> <input id="search" type="search" placeholder="order, table, fire, 86 …" autocomplete="off"> <output id="found"></output></p></header>
<main>
${groups.map(groupOf)}
${schemas}
</main>
</body>
</html>
`.text;
}

const groupOf = ({ title, about, items }: Group): Html => html`<section><h2>${title}</h2>
${about !== undefined && html`<p>${inline(about)}</p>`}
${items.map(itemOf)}</section>
`;

const itemOf = ({ name, summary, kind, also, body }: Item): Html =>
  html`<details class="item" id="${name}"><summary><b class="kind">${kind}</b> <span>${summary}</span> <code>${also ?? name}</code></summary>
${body}</details>
`;

/** A closed part within an item: an example is long. */
export const example = (title: string, value: unknown): Html =>
  html`<details><summary>${title}</summary><pre>${typeof value === 'string' ? value : json(value)}</pre></details>`;
