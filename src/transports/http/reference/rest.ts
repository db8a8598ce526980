import { type Html, html, inline, prose } from './html.js';
import { example, type Group, type Item, pageOf } from './page.js';
import { fieldsOf, type Schema, schemasSection, typeOf } from './schema.js';

interface Referring {
  $ref: string;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

interface Content {
  schema: Schema;
  example?: unknown;
}

interface Answer {
  description: string;
  content?: Record<string, Content>;
}

interface RestOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: object[];
  parameters: (Parameter | Referring)[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, Answer | Referring>;
}

export interface OpenApi {
  info: { title: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, RestOperation>>;
  components: {
    schemas: Record<string, Schema>;
    parameters: Record<string, Parameter>;
    responses: Record<string, Answer>;
  };
}

/** The page of REST, from the OpenAPI document. */
export function restPage(document: OpenApi): string {
  const { info, tags, paths, components } = document;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = tags.map(
    ({ name, description }): Group => ({
      title: name,
      about: description,
      items: all
        .filter(({ operation }) => operation.tags.includes(name))
        .map(({ path, method, operation }) => itemOf(document, path, method, operation)),
    }),
  );
  return pageOf({
    title: info.title,
    introduction: info.description,
    document: '/docs/openapi.json',
    other: { href: '/docs/events', title: 'Brigade over the socket' },
    groups,
    schemas: html`${problems(components.responses)}${schemasSection(components.schemas)}`,
  });
}

function itemOf(document: OpenApi, path: string, method: string, operation: RestOperation): Item {
  const parameters = operation.parameters.map((one) =>
    '$ref' in one ? document.components.parameters[nameOf(one)] : one,
  );
  const body = operation.requestBody?.content['application/json'];
  const [status = '200', success] = Object.entries(operation.responses)[0] ?? [];
  const refusals = Object.entries(operation.responses).filter(([, answer]) => '$ref' in answer);
  const content = success !== undefined && 'content' in success ? success.content?.['application/json'] : undefined;
  const address = `${document.servers[0]?.url ?? ''}${path}`;
  return {
    ...{ name: operation.operationId, summary: operation.summary, kind: method.toUpperCase(), also: path },
    body: html`${prose(operation.description)}
${parameters.length > 0 && html`<h3>Beside the body</h3><ul class="fields">${parameters.map(parameterOf)}</ul>`}
${body !== undefined && html`<h3>Body</h3>${fieldsOf(body.schema)}`}
${example('Try it', curlOf(method, address, operation.security.length > 0, body?.example))}
<h3>Answer ${status}</h3>${content !== undefined && fieldsOf(content.schema)}${content?.example !== undefined && example('Example', content.example)}
<p>Otherwise: ${refusals.map(([code, answer], i) => html`${i > 0 && ', '}<a href="#${nameOf(answer as Referring)}">${code}</a>`)}</p>`,
  };
}

const nameOf = ({ $ref }: Referring): string => $ref.split('/').at(-1) ?? '';

const parameterOf = (parameter: Parameter | undefined): Html | false =>
  parameter !== undefined &&
  html`<li><code>${parameter.name}</code> <span class="type">in the ${parameter.in}, ${typeOf(parameter.schema)}${parameter.required === true && html`, <b>required</b>`}</span> ${inline(parameter.description ?? '')}</li>
`;

/** For a shell; $BRIGADE is the server's address, $TOKEN an access token. */
function curlOf(method: string, address: string, needsToken: boolean, body: unknown): string {
  const parts = [`curl -s${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$BRIGADE${address}"`];
  if (needsToken) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== undefined)
    parts.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  return parts.join(' \\\n  ');
}

function problems(responses: Readonly<Record<string, Answer>>): Html {
  const all = Object.entries(responses).map(
    ([name, { description }]) =>
      html`<details class="item" id="${name}"><summary><b class="kind">${name.replace('Problem', '')}</b> <span>${inline(description.split('\n')[0] ?? '')}</span></summary>${prose(description)}</details>`,
  );
  return html`<section><h2>When it is refused</h2>${all}</section>`;
}
