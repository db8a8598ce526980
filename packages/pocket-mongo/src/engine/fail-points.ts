import { asNumber, type Document, isDocument, truthy } from '../bson/values.js';
import { codeName } from '../error-codes.js';
import { badValue, notImplemented } from '../errors.js';
import { properName } from './aliases.js';

interface FailPoint {
  readonly data: Document;
  /** How often it still works; Infinity for always. */
  left: number;
  skip: number;
  /** How often it has worked. */
  count: number;
}

/** What a fail point does to one command. */
export interface Failure {
  readonly closeConnection: boolean;
  readonly blockMs: number;
  /** Sent instead of running the command. */
  readonly error: Document | undefined;
  /** Added to the reply of the command that ran. */
  readonly writeConcernError: Document | undefined;
  /** False: a `getMore` fails before its cursor is found, so that nobody knows whether it is a change stream's. */
  readonly knowsCursor: boolean;
  /** Instead of the labels that such an error has by itself. */
  readonly labels: readonly string[] | undefined;
}

/** The fail points there are, and what may be in their `data`. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  failCommand: [
    'failCommands',
    'closeConnection',
    'errorCode',
    'errorLabels',
    'writeConcernError',
    'appName',
    'blockConnection',
    'blockTimeMS',
    'namespace',
    'failInternalCommands',
  ],
  onPrimaryTransactionalWrite: ['closeConnection', 'failBeforeCommitExceptionCode'],
  failGetMoreAfterCursorCheckout: ['errorCode', 'closeConnection'],
  maxTimeAlwaysTimeOut: [],
};

/** What `maxTimeAlwaysTimeOut` does. */
const TIMED_OUT: Document = { errorCode: 50, errmsg: 'operation exceeded time limit' };

/** Fail points: tests inject errors, lost connections and delays with them. */
export class FailPoints {
  private readonly active = new Map<string, FailPoint>();

  /** Sets or ends a fail point. @returns how often the one before has worked */
  configure({ configureFailPoint: name, mode, data: given }: Document): number {
    const known = typeof name === 'string' ? KNOWN[name] : undefined;
    if (typeof name !== 'string' || !known) throw notImplemented(`fail point ${String(name)}`);
    const count = this.active.get(name)?.count ?? 0;
    const data = isDocument(given) ? given : {};
    const unknown = Object.keys(data).find((key) => !known.includes(key));
    if (unknown !== undefined) throw notImplemented(`${unknown} of fail point ${name}`);
    const times = isDocument(mode) ? asNumber(mode.times) : undefined;
    const skip = isDocument(mode) ? asNumber(mode.skip) : undefined;
    if (mode === 'off') this.active.delete(name);
    else if (mode === 'alwaysOn' || times !== undefined || skip !== undefined)
      this.active.set(name, { data, left: times ?? Number.POSITIVE_INFINITY, skip: skip ?? 0, count: 0 });
    else throw badValue('unknown fail point mode');
    return count;
  }

  /** What a fail point does to a command, counted as used; undefined when it runs as usual. */
  hit(name: string, command: Document, appName: string | undefined): Failure | undefined {
    if (this.active.size === 0 || name === 'configureFailPoint') return undefined;
    const getMore = name === 'getMore' ? this.active.get('failGetMoreAfterCursorCheckout') : undefined;
    const timeOut = asNumber(command.maxTimeMS) ? this.active.get('maxTimeAlwaysTimeOut') : undefined;
    const hit = [this.failCommand(name, command, appName), getMore, timeOut].find((point) => point && use(point));
    return hit && failureOf(hit === timeOut ? TIMED_OUT : hit.data, hit === getMore);
  }

  private failCommand(name: string, command: Document, appName: string | undefined): FailPoint | undefined {
    const point = this.active.get('failCommand');
    if (!point) return undefined;
    const { failCommands, appName: wantedApp, namespace } = point.data;
    if (!Array.isArray(failCommands)) return undefined;
    // By any of its names: drivers begin with `ismaster`, and the tests say `isMaster`.
    if (!failCommands.some((wanted) => properName(String(wanted)) === properName(name))) return undefined;
    if (wantedApp !== undefined && wantedApp !== appName) return undefined;
    const collection = name === 'getMore' ? command.collection : command[name];
    if (namespace !== undefined && namespace !== `${command.$db}.${collection}`) return undefined;
    return point;
  }

  /**
   * A command with a `txnNumber`, outside transactions, that is about to write.
   * @param statements how many commits it is made of in MongoDB, each of which counts
   * @returns what is to happen to it
   */
  transactionalWrite(
    statements: number,
  ): { readonly before: number | undefined; readonly closeConnection: boolean } | undefined {
    const point = this.active.get('onPrimaryTransactionalWrite');
    if (!point || !Array.from({ length: statements }).some(() => use(point))) return undefined;
    const { closeConnection, failBeforeCommitExceptionCode } = point.data;
    return {
      before: asNumber(failBeforeCommitExceptionCode),
      closeConnection: closeConnection === undefined || truthy(closeConnection),
    };
  }
}

function use(point: FailPoint): boolean {
  if (point.skip > 0) {
    point.skip--;
    return false;
  }
  if (point.left <= 0) return false;
  point.left--;
  point.count++;
  return true;
}

function failureOf(data: Document, knowsCursor: boolean): Failure {
  const code = asNumber(data.errorCode);
  return {
    closeConnection: truthy(data.closeConnection),
    knowsCursor,
    blockMs: truthy(data.blockConnection) ? (asNumber(data.blockTimeMS) ?? 0) : 0,
    error:
      code === undefined
        ? undefined
        : {
            ok: 0,
            code,
            codeName: codeName(code),
            errmsg: data.errmsg ?? "Failing command via 'failCommand' failpoint",
          },
    writeConcernError: isDocument(data.writeConcernError) ? data.writeConcernError : undefined,
    labels: Array.isArray(data.errorLabels) ? data.errorLabels.map(String) : undefined,
  };
}
