import type { Feature } from '../kernel/feature.js';
import { asyncapi } from './asyncapi.js';
import { clientTypes } from './client-types.js';
import { contractOf } from './contract.js';
import { openapi } from './openapi.js';

const pretty = (document: object) => `${JSON.stringify(document, null, 2)}\n`;

/** The committed files of the contract: path below the repository -> text. The same features give the same text. */
export function generate(features: readonly Feature[]): Record<string, string> {
  const contract = contractOf(features);
  return {
    'docs/contract/openapi.json': pretty(openapi(contract)),
    'docs/contract/asyncapi.json': pretty(asyncapi(contract)),
    'packages/client/src/generated/contract.ts': clientTypes(contract),
  };
}
