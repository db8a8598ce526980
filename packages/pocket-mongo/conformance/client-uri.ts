import type { Document } from 'mongodb';
import { InvalidTest } from './failures.js';
import { isPlainObject } from './values.js';

/**
 * The address of the server with the options of a test's client, which go before its own.
 * @throws InvalidTest for a placeholder: there is nothing to put in its place
 */
export function clientUri(uri: string, options: Document): string {
  const [address, query] = uri.split('?');
  const parameters = new URLSearchParams(query);
  // A set of one has no secondary: the driver could not even connect, unless it takes the server as it is.
  if (options.readPreference === 'secondary') parameters.set('directConnection', 'true');
  if (options.directConnection === true) parameters.delete('replicaSet');
  for (const [name, value] of Object.entries(options)) {
    parameters.delete(name);
    for (const item of Array.isArray(value) ? value : [value]) parameters.append(name, text(name, item));
  }
  return `${address}?${parameters}`;
}

function text(name: string, value: unknown): string {
  if (!isPlainObject(value)) return String(value);
  const pairs = Object.entries(value);
  for (const [key, item] of pairs) {
    if (key === '$$placeholder' || isPlainObject(item)) throw new InvalidTest(`nothing to put in for ${name}`);
  }
  return pairs.map(([key, item]) => `${key}:${item}`).join(',');
}
