import { html, prose } from './html.js';
import { example, type Group, type Item, pageOf } from './page.js';
import { fieldsOf, type Schema, schemasSection } from './schema.js';

interface Message {
  summary?: string;
  payload: Schema;
  examples?: { payload: unknown }[];
}

interface SocketOperation {
  action: 'receive' | 'send';
  channel: { $ref: string };
  title: string;
  summary: string;
  description?: string;
  tags?: { name: string }[];
  'x-emits'?: string[];
  'x-problems'?: string[];
}

export interface AsyncApi {
  info: { title: string; description: string; tags: { name: string; description: string }[] };
  servers: Record<string, { description: string }>;
  channels: Record<string, { messages: Record<string, Message> }>;
  operations: Record<string, SocketOperation>;
  components: { schemas: Record<string, Schema> };
}

/** The page of the socket, from the AsyncAPI document. */
export function eventsPage(document: AsyncApi): string {
  const { info, servers, operations, components } = document;
  const all = Object.entries(operations);
  const known = new Set(info.tags.map(({ name }) => name));
  const of = (tag: string | undefined, action: SocketOperation['action']): Item[] =>
    all
      .filter(([, one]) => one.action === action && tagOf(one, known) === tag)
      .map(([name, one]) => itemOf(document, name, one));
  const groups: Group[] = [undefined, ...info.tags].flatMap((tag) => [
    {
      title: tag === undefined ? 'The connection: say' : `${tag.name}: ask`,
      about: tag?.description,
      items: of(tag?.name, 'receive'),
    },
    { title: tag === undefined ? 'The connection: hear' : `${tag.name}: hear`, items: of(tag?.name, 'send') },
  ]);
  const about = Object.values(servers).map(({ description }) => description);
  return pageOf({
    title: info.title,
    introduction: [info.description, ...about].join('\n\n'),
    document: '/docs/asyncapi.json',
    other: { href: '/docs', title: 'Brigade over REST' },
    groups: groups.filter(({ items }) => items.length > 0),
    schemas: schemasSection(components.schemas),
  });
}

const tagOf = ({ tags = [] }: SocketOperation, known: ReadonlySet<string>): string | undefined =>
  tags.find(({ name }) => known.has(name))?.name;

function itemOf({ channels }: AsyncApi, name: string, operation: SocketOperation): Item {
  const { request, reply, event, ...others } = channels[operation.channel.$ref.split('/').at(-1) ?? '']?.messages ?? {};
  const said = request ?? event ?? Object.values(others)[0];
  const kind = operation.action === 'send' ? 'event' : operation['x-emits'] === undefined ? 'query' : 'command';
  const problems = operation['x-problems'] ?? [];
  return {
    ...{ name, summary: operation.summary, kind },
    body: html`${prose(operation.description ?? '')}
${said !== undefined && html`<h3>${operation.action === 'send' ? 'What comes' : 'Input'}</h3>${fieldsOf(said.payload)}${examplesOf(said)}`}
${reply !== undefined && html`<h3>The ack</h3>${fieldsOf(reply.payload)}${examplesOf(reply)}`}
${problems.length > 0 && html`<p>May be refused with ${problems.map((code, i) => html`${i > 0 && ', '}<code>${code}</code>`)}.</p>`}`,
  };
}

const examplesOf = ({ examples = [] }: Message) => examples.map(({ payload }) => example('Example', payload));
