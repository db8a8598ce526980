import { type Contract, type ContractOperation, resolved } from './contract.js';
import { Unsupported } from './joi-description.js';
import type { Json, JsonSchema } from './json-schema.types.js';

/** Where the fields of an input go over REST: into the path, the query (GET and DELETE) or the JSON body. */
export function inputParts(
  { declaration, input: stated }: ContractOperation,
  contract: Contract,
): { parameters: Json[]; body?: Json } {
  const { name, rest, description } = declaration;
  const example = (declaration.example.input ?? {}) as Readonly<Record<string, unknown>>;
  const input = resolved(stated, contract);
  if (input.properties === undefined) throw new Unsupported(name, 'an input without a list of its fields');
  const inPath = new Set(rest.path.match(/:\w+/g)?.map((parameter) => parameter.slice(1)));
  for (const field of inPath) {
    if (!input.properties[field]) throw new Unsupported(name, `the path parameter ${field}, which the input lacks,`);
  }
  const parameter = (field: string, schema: JsonSchema): Json => ({
    name: field,
    in: inPath.has(field) ? 'path' : 'query',
    required: inPath.has(field) || input.required?.includes(field) === true,
    ...(schema.description ? { description: schema.description } : {}),
    schema,
    ...(field in example ? { example: example[field] } : {}),
  });
  const fields = Object.entries(input.properties).flatMap(([field, schema]) => (schema ? [{ field, schema }] : []));
  const inUrl = fields.filter(({ field }) => inPath.has(field) || rest.method === 'get' || rest.method === 'delete');
  for (const { field, schema } of inUrl) {
    if (resolved(schema, contract).type === 'object') throw new Unsupported(name, `the object ${field} in the URL`);
  }
  const parameters = inUrl.map(({ field, schema }) => parameter(field, schema));
  if (inUrl.length === fields.length) {
    if (input.allOf !== undefined && description === undefined) {
      throw new Unsupported(name, 'a rule between parameters without a description of the operation that says it');
    }
    return rest.method === 'get' || rest.method === 'delete' ? { parameters } : { parameters, body: noBody };
  }
  const schema = inPath.size === 0 ? stated : withoutFields(input, inPath);
  return {
    parameters,
    body: {
      required: fields.some(({ field }) => !inPath.has(field) && input.required?.includes(field)),
      content: { 'application/json': { schema, example: omit(example, inPath) } },
    },
  };
}

/** What stands in the path is all there is to say; clients that send JSON whatever happens may send `{}`. */
const noBody: Json = {
  required: false,
  description: 'None, or `{}`',
  content: { 'application/json': { schema: { type: 'object', additionalProperties: false }, example: {} } },
};

function withoutFields(input: JsonSchema, fields: ReadonlySet<string>): JsonSchema {
  const required = input.required?.filter((field) => !fields.has(field)) ?? [];
  const { required: _, ...rest } = input;
  return {
    ...rest,
    properties: omit(input.properties ?? {}, fields),
    ...(required.length > 0 ? { required } : {}),
  };
}

const omit = <T>(from: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => !keys.has(key)));
