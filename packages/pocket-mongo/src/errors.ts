/** An error that reaches the client as MongoDB would send it: code, name, message, labels, and fields of its own. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    readonly code: number,
    message: string,
    readonly labels: readonly string[] = [],
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** 238: what MongoDB can do and this server cannot. It is never ignored silently. */
export function notImplemented(what: string): CommandError {
  return new CommandError(238, `${what} is not implemented by pocket-mongo`);
}

/** 31082: what MongoDB too has only with Atlas or its search server. */
export function searchNotEnabled(what: string): CommandError {
  return new CommandError(
    31082,
    `${what}: Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage requires additional configuration. Please connect to Atlas or an AtlasCLI local deployment to enable. It is not implemented by pocket-mongo`,
  );
}

/** 2: a value that MongoDB refuses too. */
export function badValue(message: string): CommandError {
  return new CommandError(2, message);
}

/** 112: another writer was first; the transaction must be tried again as a whole. */
export function writeConflict(): CommandError {
  return new CommandError(
    112,
    'Write conflict during plan execution and yielding is disabled. :: caused by :: another writer changed the document or key first. Please retry your operation or multi-document transaction.',
    ['TransientTransactionError'],
  );
}
