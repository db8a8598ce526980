/**
 * Something around the process is not as it must be: a port that is taken, a folder that cannot be made. The message is a
 * sentence for whoever runs it, and names the setting; there is nothing in the code to look for.
 */
export class WrongSurroundings extends Error {
  override readonly name = 'WrongSurroundings';
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What opening the embedded database said. */
export function databaseNotOpened(folder: string, cause: unknown): WrongSurroundings {
  const { code } = cause as NodeJS.ErrnoException;
  const what = messageOf(cause).replace(/^pocket-mongo failed: /, '');
  const rights = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const remedy = rights ? ' Give this user the right to write there, or set another DATA_DIR.' : '';
  return new WrongSurroundings(
    `The embedded database in ${folder} cannot be opened: ${what}.${remedy}`.replace('..', '.'),
    {
      cause,
    },
  );
}

/** `uri` is only looked at for the hosts in it: it may hold a password. */
export function databaseNotReached(uri: string, cause: unknown): WrongSurroundings {
  const hosts = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]*)/.exec(uri)?.[1] ?? 'its address';
  const refused = (cause as { code?: unknown }).code === 18;
  const what = refused ? 'refuses the log-in in it' : `does not answer (${firstLine(cause)})`;
  return new WrongSurroundings(`MONGODB_URI: the database at ${decodeURIComponentSafely(hosts)} ${what}.`, { cause });
}

export function noReplicaSet(): WrongSurroundings {
  return new WrongSurroundings(
    'MONGODB_URI: that MongoDB is no replica set, and transactions need one (one member will do).',
  );
}

/** What `listen` said. */
export function notListening(host: string, port: number, cause: unknown): unknown {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new WrongSurroundings(`PORT: another program listens on ${host}:${port}. Stop it, or set another PORT.`, {
        cause,
      });
    case 'EACCES':
      return new WrongSurroundings(`PORT: this user may not listen on ${port}. Set a PORT above 1023.`, { cause });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new WrongSurroundings(`HOST: ${host} is no address of this machine.`, { cause });
    default:
      return cause;
  }
}

export function logsNotWritable(folder: string, cause: unknown): WrongSurroundings {
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its way' : (code ?? messageOf(cause));
  const remedy = 'Set another LOG_DIR, or none to write no files';
  return new WrongSurroundings(`LOG_DIR: the folder ${folder} cannot be made (${why}). ${remedy}.`, { cause });
}

const firstLine = (error: unknown): string => messageOf(error).split('\n')[0] ?? '';

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
