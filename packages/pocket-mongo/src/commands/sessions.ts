import { randomUUID } from 'node:crypto';
import { Binary, type Document, isDocument, type Value } from '../bson/values.js';
import { type Context, documentOf, type Handler } from '../engine/context.js';
import { NOBODY, SESSION_LIFETIME_MS, type Session, sessionId } from '../engine/sessions.js';
import { CommandError } from '../errors.js';

/** The sessions that a command lists. @throws CommandError 14, 40414 for what names none */
function listed(list: Value): string[] {
  return (list as Value[]).map((lsid) => {
    const id = sessionId(documentOf(lsid, 'LogicalSessionFromClient'));
    if (id === undefined)
      throw new CommandError(40414, "BSON field 'LogicalSessionFromClient.id' is missing but a required field");
    return id;
  });
}

const startSession: Handler = () => ({
  id: { id: new Binary(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), Binary.SUBTYPE_UUID) },
  timeoutMinutes: SESSION_LIFETIME_MS / 60_000,
  ok: 1,
});

const refreshSessions: Handler = ({ engine, command }) => {
  listed(command.refreshSessions);
  for (const lsid of command.refreshSessions as Value[]) engine.sessions.of(lsid);
  return { ok: 1 };
};

const endSessions: Handler = ({ engine, command }) => {
  const ids = new Set(listed(command.endSessions));
  for (const lsid of command.endSessions as Value[]) engine.sessions.end(lsid);
  engine.cursors.killOf((id) => ids.has(id));
  return { ok: 1 };
};

/** Ends what is open in sessions at once, whoever opened it: transactions with their claims, cursors, commands under way. */
function kill(context: Context, isMeant: (session: string) => boolean): Document {
  const { engine } = context;
  engine.operations.killOf(isMeant, context);
  engine.sessions.killAll(isMeant);
  engine.cursors.killOf(isMeant);
  return { ok: 1 };
}

const killSessions: Handler = (context) => {
  const ids = new Set(listed(context.command.killSessions));
  // An empty list means all sessions of the user.
  return kill(context, (id) => ids.size === 0 || ids.has(id));
};

/** Sessions of users: there are none but nobody's. */
const killAllSessions: Handler = (context) => {
  const users = context.command.killAllSessions as Value[];
  return kill(context, () => users.length === 0);
};

const killAllSessionsByPattern: Handler = (context) => {
  const patterns = (context.command.killAllSessionsByPattern as Value[]).map((one) =>
    patternOf(documentOf(one, 'KillAllSessionsByPattern')),
  );
  return kill(context, (id) => patterns.length === 0 || patterns.some((matches) => matches(id)));
};

const PATTERN = new Set(['lsid', 'uid', 'users', 'roles']);

function patternOf(pattern: Document): (session: string) => boolean {
  for (const name of Object.keys(pattern))
    if (!PATTERN.has(name))
      throw new CommandError(40415, `BSON field 'KillAllSessionsByPattern.${name}' is an unknown field.`);
  const { lsid, uid, users, roles } = pattern;
  const wanted = lsid === undefined ? undefined : sessionId(lsid);
  const owner = uid ?? (isDocument(lsid) ? lsid.uid : undefined);
  const ours = !(owner instanceof Binary) || Buffer.from(owner.buffer).equals(NOBODY);
  const named = [users, roles].some((list) => Array.isArray(list) && list.length > 0);
  return (id) => ours && !named && (wanted === undefined || id === wanted);
}

const commitTransaction: Handler = (context) => {
  context.engine.sessions.commit(transactional(context), context.command);
  return { ok: 1 };
};

const abortTransaction: Handler = (context) => {
  context.engine.sessions.abortCommand(transactional(context), context.command);
  return { ok: 1 };
};

function transactional({ session, command }: Context): Session {
  if (!session || command.autocommit !== false)
    throw new CommandError(125, 'commitTransaction and abortTransaction must be run within a transaction');
  return session;
}

/** Commands about sessions and their transactions. */
export const sessionCommands: Readonly<Record<string, Handler>> = {
  startSession,
  refreshSessions,
  endSessions,
  killSessions,
  killAllSessions,
  killAllSessionsByPattern,
  commitTransaction,
  abortTransaction,
};
