import { type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { placeOf, positionOf, timeKey, timeOf } from '../storage/change-log.js';

/** What a resume token says. Tokens are hexadecimal text that sorts in the order of the stream. */
export type ResumeToken =
  | { readonly kind: 'mark'; readonly time: Timestamp }
  | {
      readonly kind: 'event';
      readonly place: string;
      /** Of the `invalidate` that follows the event. */
      readonly invalidate: boolean;
      /** Of one part of an event that was split, counted from 0. */
      readonly fragment: number | undefined;
    };

/** The first byte of all tokens, as in MongoDB: the type of the time that follows. */
const TIME = '82';
const MARK = '00';
const EVENT = '80';
/** Hexadecimal digits of a mark, of an event, and of a fragment. */
const MARK_LENGTH = 20;
const EVENT_LENGTH = 30;
const FRAGMENT_LENGTH = 38;

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}

function hexTime({ t, i }: Timestamp): string {
  return TIME + hex(t) + hex(i);
}

/** A token that stands before all events of this time and later. */
export function markToken(time: Timestamp): Document {
  return { _data: hexTime(time) + MARK };
}

export function eventToken(place: string, invalidate = false, fragment?: number): Document {
  const part = fragment === undefined ? '' : hex(fragment);
  return { _data: hexTime(timeOf(place)) + EVENT + hex(positionOf(place)) + (invalidate ? '01' : '00') + part };
}

/** @throws CommandError 40647, 9 and 50795 for what is no token of this server. */
export function parseToken(token: Value): ResumeToken {
  const data = isDocument(token) ? token._data : undefined;
  if (typeof data !== 'string')
    throw new CommandError(40647, 'Bad resume token: _data of missing or of wrong type. Expected string');
  if (data === '') throw new CommandError(40649, 'invalid empty resume token');
  if (data.length % 2 === 1 || !/^[0-9A-Fa-f]+$/.test(data))
    throw new CommandError(9, 'resume token string was not a valid hex string');
  const number = (at: number) => Number.parseInt(data.slice(at, at + 8), 16);
  const type = data.slice(MARK_LENGTH - 2, MARK_LENGTH);
  if (!data.startsWith(TIME) || data.length < MARK_LENGTH || (type !== MARK && type !== EVENT))
    throw new CommandError(50795, 'Invalid Resume Token: it was not made by this server');
  const time = new Timestamp({ t: number(2), i: number(10) });
  if (type === MARK && data.length === MARK_LENGTH) return { kind: 'mark', time };
  if (type === MARK || (data.length !== EVENT_LENGTH && data.length !== FRAGMENT_LENGTH))
    throw new CommandError(40646, 'invalid oversized resume token');
  return {
    kind: 'event',
    place: placeOf(time, number(MARK_LENGTH)),
    invalidate: data.slice(EVENT_LENGTH - 2, EVENT_LENGTH) === '01',
    fragment: data.length === FRAGMENT_LENGTH ? number(EVENT_LENGTH) : undefined,
  };
}

/** The first place in the log that a token is followed by. */
export function startOf(token: ResumeToken): string {
  if (token.kind === 'mark') return timeKey(token.time);
  return token.fragment === undefined ? `${token.place}\0` : token.place;
}
