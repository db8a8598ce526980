import { encode, MAX_DOCUMENT_SIZE } from '../bson/encode.js';
import type { Document } from '../bson/values.js';
import { fatal } from '../engine/change-streams.js';
import { eventToken, parseToken } from '../engine/resume-token.js';
import { CommandError } from '../errors.js';

/** Bytes left for the token and `splitEvent` in each part. */
const HEAD = 256;

/**
 * `$changeStreamSplitLargeEvent`: an event of more than 16 MB in parts, each with some of its fields. Parts up to `seen`
 * are left out. @throws CommandError 280 when the event is not split as it was before
 */
export function* splitEvent(event: Document, seen: number): Generator<Buffer> {
  const whole = encode(event);
  if (whole.length <= MAX_DOCUMENT_SIZE) {
    if (seen >= 0)
      throw fatal(
        'Attempted to resume from a split event fragment, but the event in the resumed stream was not large enough to be split',
      );
    yield whole;
    return;
  }
  const parts = partsOf(event);
  if (seen >= parts.length)
    throw fatal(
      'Attempted to resume from a split event, but the resumed stream produced a different split. Ensure that the pipeline used to resume is the same as the original',
    );
  const token = parseToken(event._id);
  const place = token.kind === 'event' ? token.place : '';
  for (let i = seen + 1; i < parts.length; i++) {
    const { _id: _, ...fields } = parts[i] as Document;
    yield encode({
      _id: eventToken(place, false, i),
      splitEvent: { fragment: i + 1, of: parts.length },
      ...fields,
    });
  }
}

/** The small fields first, as many as go into one part. */
function partsOf(event: Document): Document[] {
  const fields = Object.entries(event)
    .filter(([name]) => name !== '_id')
    .map(([name, value]) => ({ name, value, size: encode({ [name]: value }).length }))
    .sort((a, b) => a.size - b.size);
  const parts: Document[] = [];
  let room = 0;
  for (const { name, value, size } of fields) {
    if (size > MAX_DOCUMENT_SIZE + 16 * 1024 - HEAD)
      throw new CommandError(
        7182500,
        `Splitting change event failed: fragment size ${size} is greater than maximum allowed fragment size`,
      );
    if (size > room) {
      parts.push({});
      room = MAX_DOCUMENT_SIZE - HEAD;
    }
    (parts.at(-1) as Document)[name] = value;
    room -= size;
  }
  return parts;
}
