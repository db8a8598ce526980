import { asNumber, type Document, isDocument, truthy } from '../bson/values.js';
import { badValue, codeName, notImplemented } from '../errors.js';

interface FailCommand {
  readonly data: Document;
  /** How many commands it still hits; Infinity for always. */
  left: number;
  skip: number;
}

/** What a fail point does to one command. */
export interface Failure {
  readonly closeConnection: boolean;
  readonly blockMs: number;
  /** Sent instead of running the command. */
  readonly error: Document | undefined;
  /** Added to the reply of the command that ran. */
  readonly writeConcernError: Document | undefined;
  readonly labels: readonly string[] | undefined;
}

/** The `failCommand` fail point: tests inject errors, lost connections and delays with it. */
export class FailPoints {
  private active: FailCommand | undefined;

  configure(command: Document): void {
    const { configureFailPoint: name, mode, data } = command;
    if (name !== 'failCommand') throw notImplemented(`fail point ${String(name)}`);
    if (mode === 'off') {
      this.active = undefined;
      return;
    }
    const times = isDocument(mode) ? asNumber(mode.times) : undefined;
    const skip = isDocument(mode) ? asNumber(mode.skip) : undefined;
    if (mode !== 'alwaysOn' && times === undefined && skip === undefined) throw badValue('unknown fail point mode');
    this.active = { data: isDocument(data) ? data : {}, left: times ?? Number.POSITIVE_INFINITY, skip: skip ?? 0 };
  }

  /** The failure for a command, counted as used; undefined when it runs as usual. */
  hit(name: string, appName: string | undefined): Failure | undefined {
    const point = this.active;
    if (!point || name === 'configureFailPoint') return undefined;
    const { data } = point;
    if (!Array.isArray(data.failCommands) || !data.failCommands.includes(name)) return undefined;
    if (data.appName !== undefined && data.appName !== appName) return undefined;
    if (point.skip > 0) {
      point.skip--;
      return undefined;
    }
    if (point.left <= 0) return undefined;
    point.left--;
    return failureOf(data);
  }
}

function failureOf(data: Document): Failure {
  const labels = Array.isArray(data.errorLabels) ? data.errorLabels.map(String) : undefined;
  const code = asNumber(data.errorCode);
  const writeConcernError = isDocument(data.writeConcernError) ? data.writeConcernError : undefined;
  const error =
    code === undefined
      ? undefined
      : {
          ok: 0,
          code,
          codeName: codeName(code),
          errmsg: "Failing command via 'failCommand' failpoint",
          ...(labels ? { errorLabels: labels } : {}),
        };
  return {
    closeConnection: truthy(data.closeConnection),
    blockMs: truthy(data.blockConnection) ? (asNumber(data.blockTimeMS) ?? 0) : 0,
    error,
    writeConcernError,
    labels,
  };
}
