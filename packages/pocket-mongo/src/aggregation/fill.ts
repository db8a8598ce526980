import { documentOf, entriesOf, put } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { typeName } from '../query/operator.js';
import { addFields } from './documents.js';
import type { Needs, Stage, StageDefinition, Surroundings } from './stage.js';
import { setWindowFields } from './window.js';

interface Parts {
  /** For `$setWindowFields`, where a method is asked for. */
  readonly windows: Document | undefined;
  /** For `$addFields`, where values are. */
  readonly values: Document | undefined;
}

function partsOf(argument: Value): Parts {
  if (!isDocument(argument))
    throw new CommandError(6050200, `The $fill stage specification must be an object, found ${typeName(argument)}`);
  for (const key of Object.keys(argument))
    if (!['partitionBy', 'partitionByFields', 'sortBy', 'output'].includes(key))
      throw new CommandError(40415, `BSON field '$fill.${key}' is an unknown field.`);
  const { partitionBy, partitionByFields, sortBy, output } = argument;
  if (!isDocument(output))
    throw new CommandError(
      output === undefined ? 40414 : 14,
      "BSON field '$fill.output' is missing but a required field",
    );
  if (Object.keys(output).length === 0)
    throw new CommandError(6050203, 'The output field in the fill stage must contain at least one field');
  if (partitionBy !== undefined && partitionByFields !== undefined)
    throw new CommandError(6050204, "Maximum one of 'partitionBy' and 'partitionByFields' can be specified in $fill");
  const methods: Document = {};
  const values: Document = {};
  for (const [field, spec] of entriesOf(output)) addOutput(field, spec, sortBy, methods, values);
  const windows =
    Object.keys(methods).length === 0
      ? undefined
      : {
          partitionBy: partitionOf(partitionBy, partitionByFields),
          ...(isDocument(sortBy) ? { sortBy } : {}),
          output: methods,
        };
  return { windows, values: Object.keys(values).length === 0 ? undefined : values };
}

function addOutput(field: string, spec: Value, sortBy: Value, methods: Document, values: Document): void {
  if (!isDocument(spec) || Object.keys(spec).length !== 1)
    throw new CommandError(6050202, `Each output field in $fill must have exactly one of 'method' and 'value'`);
  const { method } = spec;
  if ('value' in spec) put(values, field, { $ifNull: [`$${field}`, spec.value] });
  else if (method === 'linear' || method === 'locf') {
    if (method === 'linear' && !isDocument(sortBy))
      throw new CommandError(
        605001,
        '$linearFill must be specified with a top level sortBy expression with exactly one sort key',
      );
    put(methods, field, { [method === 'linear' ? '$linearFill' : '$locf']: `$${field}` });
  } else throw new CommandError(6050202, 'Method must be either locf or linear');
}

function partitionOf(partitionBy: Value, fields: Value): Value {
  if (fields === undefined) return typeof partitionBy === 'string' || isDocument(partitionBy) ? partitionBy : null;
  if (!Array.isArray(fields))
    throw new CommandError(14, "BSON field '$fill.partitionByFields' is the wrong type, expected type 'array'");
  return documentOf(
    fields.map((field) => {
      if (typeof field !== 'string' || field.startsWith('$'))
        throw new CommandError(16410, "FieldPath field names may not start with '$'.");
      return [field.replaceAll('.', '_'), `$${field}`];
    }),
  );
}

function fillStage(argument: Value, surroundings: Surroundings): Stage {
  const { windows, values } = partsOf(argument);
  const stages = [
    ...(windows ? [setWindowFields.compile(windows, surroundings)] : []),
    ...(values ? [addFields.compile(values, surroundings)] : []),
  ];
  return (rows) => stages.reduce((current, stage) => stage(current), rows);
}

const ALL: Needs = { fields: 'all', ends: false };

/** `$fill`: values for what is null or missing. */
export const fill: StageDefinition = { compile: fillStage, needs: () => ALL };
