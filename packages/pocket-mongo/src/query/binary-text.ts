import { Binary, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function failed(why: string): CommandError {
  return new CommandError(241, `${why} in $convert with no onError value`);
}

function formatName(format: Value): string {
  const known = ['auto', 'base64', 'base64url', 'utf8', 'hex', 'uuid'];
  if (typeof format !== 'string') throw new CommandError(4341114, "$convert requires 'format' to be a string");
  if (!known.includes(format)) throw badValue(`Invalid 'format' argument for $convert: ${format}`);
  return format;
}

/** Bytes as text: base64, base64url, utf8, hex or uuid; `auto` is uuid for subtype 4 and base64 for others. */
export function binaryText(value: Binary, format: Value): string {
  const bytes = Buffer.from(value.buffer.subarray(0, value.position));
  const name = formatName(format ?? 'auto');
  const isUuid = value.sub_type === Binary.SUBTYPE_UUID;
  if (name === 'uuid' || (name === 'auto' && isUuid)) {
    if (!isUuid || bytes.length !== 16) throw failed('Input is not a valid UUID');
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  if (name === 'utf8') {
    const text = bytes.toString('utf8');
    if (!Buffer.from(text).equals(bytes)) throw failed('BinData does not represent a valid UTF-8 string');
    return text;
  }
  return name === 'hex' ? bytes.toString('hex').toUpperCase() : bytes.toString(name === 'base64url' ? name : 'base64');
}

/** Text as bytes. @throws CommandError 241 when the text has not the format. */
export function textBinary(text: string, format: Value, subtype: number): Binary {
  const given = formatName(format);
  const name = given === 'auto' ? (subtype === Binary.SUBTYPE_UUID ? 'uuid' : 'base64') : given;
  if ((name === 'uuid') !== (subtype === Binary.SUBTYPE_UUID))
    throw failed(
      name === 'uuid'
        ? 'Only the UUID subtype is allowed with the UUID format'
        : 'Only the UUID format is allowed with the UUID subtype',
    );
  const bytes = bytesOf(text, name);
  if (!bytes) throw failed(`Input string '${text}' is not in ${name} format`);
  return new Binary(bytes, subtype);
}

function bytesOf(text: string, name: string): Buffer | undefined {
  switch (name) {
    case 'uuid':
      return UUID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined;
    case 'hex':
      return /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
    case 'utf8':
      return Buffer.from(text);
    case 'base64url':
      return /^[\w-]*={0,2}$/.test(text) ? Buffer.from(text, 'base64url') : undefined;
    case 'base64':
      return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
    default:
      return undefined;
  }
}
