import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { generate } from '../src/contract/generate.js';
import { features } from '../src/features.js';
import { limitClasses } from '../src/kernel/operation.js';
import { heardPermissions, permissionNames } from '../src/kernel/permissions.js';

const files = generate(features);
const openapi = JSON.parse(String(files['docs/contract/openapi.json']));
const asyncapi = JSON.parse(String(files['docs/contract/asyncapi.json']));

const operations = features
  .flatMap((feature) => feature.operations)
  .map((operation) => [operation.name, operation] as const);
const events = features.flatMap((feature) => feature.events).map((event) => [event.name, event] as const);
const reactedTo = new Set<string>(features.flatMap((feature) => feature.reactions).map((reaction) => reaction.on.name));
/** The events that screens hear. */
const heard = events.filter(([, event]) => event.audience(event.example as never).length > 0);
const replicas = features.flatMap((feature) => feature.replicas).map((replica) => [replica.name, replica] as const);

/** What the connection itself says, declared by no feature. */
const protocol = ['session:renew', 'session:unsent', 'sync:head', 'session:ended', 'problem'];

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(openapi, 'openapi').addSchema(asyncapi, 'asyncapi');

/** The schema at a place of a document, as the document has it. */
function schemaAt(document: 'openapi' | 'asyncapi', ...keys: string[]): ValidateFunction {
  const pointer = keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  return ajv.compile({ $ref: `${document}#/${pointer}` });
}

function expectValid(validate: ValidateFunction, value: unknown): void {
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
}

describe('the committed files', () => {
  test.each(Object.keys(files))('%s is what the declarations say (else: npm run contract)', async (path) => {
    const committed = await readFile(new URL(`../${path}`, import.meta.url), 'utf8');
    // Compared outside of expect: a difference of half a megabyte tells nobody anything.
    expect({ path, stale: committed !== files[path] }).toEqual({ path, stale: false });
  });
});

describe('the official validators', () => {
  test('OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openapi));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test('AsyncAPI 3.0', async () => {
    const found = await new Parser().validate(String(files['docs/contract/asyncapi.json']));
    // That there is a newer AsyncAPI than 3.0 is no fault of the document.
    expect(found.filter(({ code }) => code !== 'asyncapi-latest-version')).toEqual([]);
  }, 120_000);
});

describe('what stands beside input and answer', () => {
  const described = features
    .flatMap(({ operations }) => operations)
    .map((one) => ({ one, at: openapi.paths[one.rest.path.replace(/:(\w+)/g, '{$1}')][one.rest.method] }));

  test('who has nothing to say but in the path may say {}', () => {
    for (const { one, at } of described) {
      const takesBody = one.rest.method !== 'get' && one.rest.method !== 'delete';
      expect({ name: one.name, body: at.requestBody !== undefined }).toEqual({ name: one.name, body: takesBody });
    }
    expect(openapi.paths['/orders/{orderId}/complete'].post.requestBody.required).toBe(false);
  });

  test('lists say where the next page begins, on both sides', () => {
    const lists = described.filter(({ one }) => one.kind === 'query' && one.page !== undefined);
    expect(lists.length).toBeGreaterThan(8);
    for (const { one, at } of lists) {
      const { meta } = at.responses[200].content['application/json'].schema.properties;
      expect(Object.keys(meta.properties)).toEqual(['nextCursor']);
      const [done] = asyncapi.channels[one.name].messages.reply.payload.oneOf;
      expect(Object.keys(done.properties.meta.properties)).toEqual(['nextCursor']);
      expect(at.parameters.map((parameter: { name?: string }) => parameter.name)).toEqual(
        expect.arrayContaining(['limit', 'cursor']),
      );
    }
  });
});

describe('names for generated code', () => {
  /** Everything a generator makes a class of, by where it stands. */
  function* classes(value: unknown, at: string): Generator<[string, { title?: string }]> {
    if (typeof value !== 'object' || value === null) return;
    const schema = value as Record<string, unknown>;
    const isClass = ['properties', 'oneOf', 'anyOf', 'allOf'].some((keyword) => typeof schema[keyword] === 'object');
    if (isClass && schema.$ref === undefined) yield [at, schema];
    for (const [key, inside] of Object.entries(schema))
      if (!['examples', 'example', 'default'].includes(key)) yield* classes(inside, `${at}/${key}`);
  }

  const found = [...classes(asyncapi.channels, 'channels'), ...classes(asyncapi.components.schemas, 'schemas')];

  test('every object and every choice of the AsyncAPI document has a title', () => {
    expect(found.length).toBeGreaterThan(200);
    expect(found.filter(([, { title }]) => title === undefined).map(([at]) => at)).toEqual([]);
  });

  test('one title, one schema', () => {
    const texts = new Map<string, Set<string>>();
    for (const [, schema] of found) {
      const title = String(schema.title);
      texts.set(title, (texts.get(title) ?? new Set()).add(JSON.stringify(schema)));
    }
    expect([...texts].filter(([, different]) => different.size > 1).map(([title]) => title)).toEqual([]);
  });
});

describe('operations', () => {
  test('each name and each route is there once', () => {
    const names = operations.map(([name]) => name);
    expect(names.toSorted()).toEqual([...new Set(names)].sort());
    const routes = operations.map(([, { rest }]) => `${rest.method} ${rest.path.replace(/:\w+/g, ':')}`);
    expect(routes.toSorted()).toEqual([...new Set(routes)].sort());
  });

  test.each(operations)('%s is declared whole', (name, operation) => {
    expect(name).toMatch(/^[a-z][a-z-]*:[a-z][a-z-]*$/);
    expect(operation.summary.length).toBeGreaterThan(5);
    expect(operation.summary).not.toMatch(/\.$/);
    expect([...permissionNames, 'public', 'authenticated']).toContain(operation.permission);
    expect(limitClasses).toContain(operation.limit);
    expect(operation.kind === 'query' ? operation.rest.method : 'get').toBe('get');
    const fields = Object.keys(operation.input.describe().keys ?? {});
    const inPath = operation.rest.path.match(/:\w+/g)?.map((parameter) => parameter.slice(1)) ?? [];
    expect(fields).toEqual(expect.arrayContaining(inPath));
  });

  test.each(operations)('%s: its example is what joi takes', (_name, { input, output, example }) => {
    expect(input.validate(example.input).error).toBeUndefined();
    expect(output.validate(example.output, { convert: false }).error).toBeUndefined();
  });

  test.each(operations)('%s emits events that a feature declares', (_name, operation) => {
    const emitted = operation.kind === 'command' ? operation.emits : [];
    for (const event of emitted) expect(new Map(events).get(event.name)).toBe(event);
  });

  test('what a command brings about, reactions to it included, stands in both documents', () => {
    const routes = Object.values(openapi.paths).flatMap((path) => Object.values(path as object));
    const emittedBy = (name: string) => routes.find(({ operationId }) => operationId === name)['x-emits'];
    const alarm = ['kitchen:ticket-updated', 'dashboard:alert-updated'];
    expect(emittedBy('ticket:received')).toEqual(expect.arrayContaining(alarm));
    expect(emittedBy('ticket:bump')).toEqual(expect.arrayContaining([...alarm, 'order:status-changed']));
    expect(emittedBy('order:place')).toEqual(
      expect.arrayContaining(['order:created', 'kitchen:ticket-created', 'dashboard:alert']),
    );
  });

  test('every event is published by something, and every reaction answers something that is', () => {
    const declared = features.flatMap(({ operations, reactions, duties }) => [
      ...operations.flatMap((one) => (one.kind === 'command' ? one.emits : [])),
      ...[...reactions, ...duties].flatMap(({ emits = [] }) => emits),
    ]);
    const names = new Set(declared.map(({ name }) => name));
    // `app.ts` has it reported when a device connects; no operation does.
    const byTheServer = ['device:returned'];
    expect(events.map(([name]) => name).filter((name) => !names.has(name))).toEqual(byTheServer);
    for (const { on } of features.flatMap(({ reactions }) => reactions)) expect(names).toContain(on.name);
  });

  test.each(operations)('%s stands in the OpenAPI document, its example true to the schema', (name, operation) => {
    const { method, path } = operation.rest;
    const at = ['paths', path.replace(/:(\w+)/g, '{$1}'), method];
    const described = openapi.paths[String(at[1])]?.[method];
    expect(described).toMatchObject({
      operationId: name,
      summary: operation.summary,
      'x-permission': operation.permission,
    });

    const body = described.requestBody?.content['application/json'];
    if (body)
      expectValid(schemaAt('openapi', ...at, 'requestBody', 'content', 'application/json', 'schema'), body.example);
    const fields = described.parameters.filter((parameter: { in?: string }) => parameter.in !== undefined);
    for (const [index, parameter] of fields.entries()) {
      if (parameter.required) expect(parameter).toHaveProperty('example');
      if ('example' in parameter)
        expectValid(schemaAt('openapi', ...at, 'parameters', String(index), 'schema'), parameter.example);
    }
    const sent = {
      ...body?.example,
      ...Object.fromEntries(fields.map(({ name, example }: { name: string; example: unknown }) => [name, example])),
    };
    expect(JSON.parse(JSON.stringify(sent))).toEqual(JSON.parse(JSON.stringify(operation.example.input)));

    const status = String(operation.rest.status ?? 200);
    const answer = [...at, 'responses', status, 'content', 'application/json'];
    expectValid(
      schemaAt('openapi', ...answer, 'schema'),
      described.responses[status].content['application/json'].example,
    );
  });

  test.each(operations)('%s stands in the AsyncAPI document, its examples true to the schemas', (name, operation) => {
    expect(asyncapi.operations[name]).toMatchObject({ action: 'receive', summary: operation.summary });
    expectExamplesValid(name);
  });
});

describe('events', () => {
  test('each name is there once, and none is also an operation', () => {
    const names = [...events, ...operations].map(([name]) => name);
    expect(names.toSorted()).toEqual([...new Set(names)].sort());
  });

  test.each(events)('%s is declared whole', (name, event) => {
    expect(name).toMatch(/^[a-z][a-z-]*:[a-z][a-z-]*$/);
    expect(event.summary.length).toBeGreaterThan(5);
    expect(event.payload.validate(event.example, { convert: false }).error).toBeUndefined();
    const rooms = event.audience(event.example as never);
    for (const room of rooms)
      expect(room).toMatch(new RegExp(`^(all|can:(${heardPermissions.join('|')})|(station|user):[0-9a-f]{24})$`));
  });

  test.each(events)('%s carries and removes what there is', (_name, event) => {
    const fields = Object.keys(event.payload.describe().keys ?? {});
    for (const map of [event.carries ?? {}, event.removes ?? {}]) {
      expect(fields).toEqual(expect.arrayContaining(Object.keys(map)));
      expect(replicas.map(([replica]) => replica)).toEqual(expect.arrayContaining(Object.values(map)));
    }
  });

  test.each(heard)('%s stands in the AsyncAPI document, its example true to the schema', (name, event) => {
    expect(asyncapi.operations[name]).toMatchObject({ action: 'send', summary: event.summary });
    expectExamplesValid(name);
  });

  test('one without an audience is between the features: somebody reacts to it, and no document shows it', () => {
    const silent: string[] = events.map(([name]) => name).filter((name) => !heard.some(([other]) => other === name));
    expect(silent.filter((name) => !reactedTo.has(name))).toEqual([]);
    expect(Object.keys(asyncapi.channels).filter((name) => silent.includes(name))).toEqual([]);
  });

  test('the socket document holds these operations, these events and the protocol, and nothing else', () => {
    const names = [...operations, ...heard].map(([name]) => name as string);
    expect(Object.keys(asyncapi.operations).sort()).toEqual([...names, ...protocol].sort());
  });
});

test.each(replicas)(
  'replica %s: its things have an id, and its live field holds the live values',
  (_name, { view, live }) => {
    const keys: Record<string, { allow?: unknown[] }> = view.describe().keys ?? {};
    expect(keys).toHaveProperty('id');
    if (live) expect(keys[live.field]?.allow).toEqual(expect.arrayContaining([...live.values]));
  },
);

test.each(protocol)('%s, of the protocol itself, is described', (name) => {
  expectExamplesValid(name);
});

test.each(Object.keys(openapi.components.responses).filter((name) => name !== 'NotModified'))(
  '%s: its examples are problems',
  (response) => {
    const { schema, examples } = openapi.components.responses[response].content['application/problem+json'];
    const validate = ajv.compile({ $ref: `openapi${schema.$ref}` });
    for (const { value } of Object.values<{ value: unknown }>(examples)) expectValid(validate, value);
  },
);

/** Every example of every message on a channel. */
function expectExamplesValid(channel: string): void {
  const { messages } = asyncapi.channels[channel];
  for (const message of Object.keys(messages)) {
    const { examples, headers } = messages[message];
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expectValid(schemaAt('asyncapi', 'channels', channel, 'messages', message, 'payload'), example.payload);
      if (headers)
        expectValid(schemaAt('asyncapi', 'channels', channel, 'messages', message, 'headers'), example.headers);
    }
  }
}
