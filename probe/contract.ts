/** A JSON Schema of the documents, as far as the probe reads it. */
export interface Schema {
  $ref?: string;
  type?: string;
  pattern?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

/** An operation as the server's own documents show it. */
export interface Operation {
  name: string;
  method: string;
  path: string;
  hasBody: boolean;
  permission: string;
  statuses: ReadonlySet<number>;
  input: Schema;
  example: Record<string, unknown>;
}

export interface Contract {
  operations: readonly Operation[];
  schemas: Record<string, Schema>;
}

interface Documented {
  operationId?: string;
  responses: Record<string, unknown>;
  'x-permission'?: string;
}
interface OpenApi {
  paths: Record<string, Record<string, Documented>>;
  components: { schemas: Record<string, Schema> };
}
interface AsyncApi {
  channels: Record<string, { messages: { request?: { payload: Schema; examples?: { payload: object }[] } } }>;
  components: { schemas: Record<string, Schema> };
}

/** What a stranger can read of a server: its published documents. */
export async function readContract(url: string): Promise<Contract> {
  const document = async <T>(name: string) => (await (await fetch(`${url}/docs/${name}.json`)).json()) as T;
  const [openapi, asyncapi] = await Promise.all([document<OpenApi>('openapi'), document<AsyncApi>('asyncapi')]);
  const schemas = { ...openapi.components.schemas, ...asyncapi.components.schemas };
  const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId, responses, ...more }]) => {
      const message = operationId === undefined ? undefined : asyncapi.channels[operationId]?.messages.request;
      if (operationId === undefined || message === undefined) return [];
      const operation: Operation = {
        ...{ name: operationId, method: method.toUpperCase(), path, permission: more['x-permission'] ?? '' },
        hasBody: method !== 'get' && method !== 'delete',
        statuses: new Set(Object.keys(responses).map(Number)),
        input: message.payload,
        example: { ...message.examples?.[0]?.payload },
      };
      return [operation];
    }),
  );
  return { operations, schemas };
}

/** A schema without its reference. */
export function resolved(schema: Schema, { schemas }: Contract): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : resolved(schemas[name] ?? {}, { schemas, operations: [] });
}

export type Path = readonly string[];

/** The fields of an input and all below them, `*` for the items of a list. */
export function* fieldsOf(
  schema: Schema,
  contract: Contract,
  path: Path = [],
): Generator<{ path: Path; schema: Schema }> {
  const one = resolved(schema, contract);
  if (path.length > 0) yield { path, schema: one };
  if (path.length > 6) return;
  for (const [name, field] of Object.entries(one.properties ?? {})) yield* fieldsOf(field, contract, [...path, name]);
  if (one.items !== undefined) yield* fieldsOf(one.items, contract, [...path, '*']);
  for (const branch of [...(one.oneOf ?? []), ...(one.anyOf ?? []), ...(one.allOf ?? [])])
    if (branch.properties !== undefined || branch.items !== undefined || branch.$ref !== undefined)
      yield* fieldsOf(branch, contract, path);
}

export const isId = ({ pattern }: Schema): boolean => pattern === '^[0-9a-f]{24}$';

/** A copy of an input with `value` where the path leads; objects and lists on the way are made. */
export function withAt(input: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value;
  if (name === '*') {
    const [first, ...others] = Array.isArray(input) ? input : [undefined];
    return [withAt(first, rest, value), ...others];
  }
  const object = typeof input === 'object' && input !== null && !Array.isArray(input) ? input : {};
  return { ...object, [name]: withAt((object as Record<string, unknown>)[name], rest, value) };
}
