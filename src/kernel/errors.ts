/**
 * The one closed table of errors. An operation fails with a code from here; the code alone decides the HTTP status and
 * the title. REST answers it as problem+json (RFC 9457), a socket's ack carries the same object.
 */
export const errorTable = {
  malformed: { status: 400, title: 'The message could not be read' },
  validation_failed: { status: 400, title: 'The input is not valid' },
  unauthenticated: { status: 401, title: 'Log in first' },
  credentials_invalid: { status: 401, title: 'The credentials are not valid' },
  token_invalid: { status: 401, title: 'The token is not valid' },
  token_expired: { status: 401, title: 'The token has expired' },
  session_ended: { status: 401, title: 'The session has ended' },
  forbidden: { status: 403, title: 'Not permitted' },
  confirmation_needed: { status: 403, title: 'Type your password first' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'This path does not take that method' },
  illegal_step: { status: 409, title: 'That step is not possible now' },
  conflict: { status: 409, title: 'In conflict with the current state' },
  version_conflict: { status: 409, title: 'Changed by someone else in the meantime' },
  duplicate: { status: 409, title: 'That already exists' },
  sold_out: { status: 409, title: 'Not enough portions left' },
  unavailable_item: { status: 409, title: 'Not available now' },
  in_flight: { status: 409, title: 'The same command is still being carried out' },
  payload_too_large: { status: 413, title: 'The message is too large' },
  unsupported_media_type: { status: 415, title: 'Send JSON' },
  key_reused: { status: 422, title: 'The idempotency key belongs to another command' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  overloaded: { status: 503, title: 'Too busy right now' },
  timed_out: { status: 503, title: 'Could not be carried out in time' },
  unavailable: { status: 503, title: 'The database does not answer right now' },
  stopping: { status: 503, title: 'The server is stopping' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorTable;

/** What to say where whoever throws has nothing to add, and the title alone leaves a person helpless. */
const usualDetails: { readonly [code in ErrorCode]?: string } = {
  token_invalid: 'This token is not of this server, or not whole: log in again',
  token_expired: 'This token has ended: refresh it, or log in again',
  internal: 'It is our fault, and in the log. Send the same again with its key; if it stays, tell us the request id',
};

/** What is wrong with one field of the input; `field` is its path, for instance `lines.0.quantity`. */
export interface FieldError {
  field: string;
  message: string;
}

/** What an error may carry beside its code. Everything here reaches the client. */
export interface ErrorDetails {
  /** One sentence for the person in front of the screen. */
  detail?: string;
  /** The fields at fault. */
  errors?: FieldError[];
  /** The steps that would be legal now (with `illegal_step`): the second half of the names of their operations. */
  legal?: readonly string[];
  /** The thing as it is now (with `version_conflict` and `conflict`). */
  current?: unknown;
  /** Seconds after which trying again makes sense (with 429 and 503). */
  retryAfter?: number;
}

/** An error as the client sees it: RFC 9457 problem details with our `code` and members of {@link ErrorDetails}. */
export interface Problem extends ErrorDetails {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  /** Search the log for this. */
  requestId?: string;
}

/** The only error an operation throws on purpose. */
export class BrigadeError extends Error {
  override readonly name = 'BrigadeError';
  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(details.detail ?? errorTable[code].title, options);
  }
  get status(): number {
    return errorTable[this.code].status;
  }
}

/** `throw fail('not_found', 'No such table')`. */
export function fail(code: ErrorCode, detail?: string, more: Omit<ErrorDetails, 'detail'> = {}): BrigadeError {
  return new BrigadeError(code, detail === undefined ? more : { detail, ...more });
}

/** An error that names the one field at fault (code `validation_failed`, 400). */
export function invalid(field: string, message: string): BrigadeError {
  return new BrigadeError('validation_failed', { detail: `${field}: ${message}`, errors: [{ field, message }] });
}

/** What the client may see of any thrown thing: our own errors whole, all others only as an id to search the log for. */
export function toProblem(error: unknown, requestId?: string): Problem {
  const known = error instanceof BrigadeError ? error : new BrigadeError('internal');
  const { status, title } = errorTable[known.code];
  const problem: Problem = { type: `urn:brigade:problem:${known.code}`, title, status, code: known.code };
  const usual = usualDetails[known.code];
  if (usual !== undefined) problem.detail = usual;
  Object.assign(problem, known.details);
  if (requestId !== undefined) problem.requestId = requestId;
  return problem;
}

/** Thrown by a handler to answer an error and still commit what the unit of work has collected (a counted wrong PIN). */
export class FailAfterCommit extends Error {
  override readonly name = 'FailAfterCommit';
  constructor(readonly answer: BrigadeError) {
    super(answer.message);
  }
}

export function failAfterCommit(answer: BrigadeError): never {
  throw new FailAfterCommit(answer);
}
