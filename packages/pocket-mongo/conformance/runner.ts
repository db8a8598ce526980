import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { withDeadline } from './deadline.js';
import { Deployment } from './deployment.js';
import { AssertionFailure, SkipTest } from './failures.js';
import { parseTestFile } from './parse.js';
import { needsMembers, unmet } from './requirements.js';
import { runTest } from './run-test.js';
import type { Test, TestFile } from './schema.js';

export interface TestResult {
  /** Relative to the folder, with slashes. */
  readonly file: string;
  readonly test: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

export interface RunOptions {
  /** A folder with test files, or one file. */
  readonly folder: string;
  /** Only tests whose file or description contains this. */
  readonly filter?: string;
  /** Told of each result as it comes. */
  readonly onResult?: (result: TestResult) => void;
}

/** Tests in these folders are well-formed and must be refused when they run: they test the runner. */
const MUST_FAIL = ['unified-valid-fail', 'valid-fail'];
const TEST_MS = 60_000;
const WHOLE_FILE = '(whole file)';

/** Runs every test file below a folder on a server of its own, one test after another. */
export async function runFolder({ folder, filter = '', onResult }: RunOptions): Promise<TestResult[]> {
  const results: TestResult[] = [];
  const runner = new Runner();
  try {
    for (const path of testFiles(folder)) {
      const name = relative(folder, path).split(sep).join('/') || path;
      for await (const result of runner.runFile(path, name, filter)) {
        results.push(result);
        onResult?.(result);
      }
    }
  } finally {
    await runner.close();
  }
  return results;
}

function testFiles(folder: string): string[] {
  if (!statSync(folder).isDirectory()) return [folder];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
}

class Runner {
  private deployment: Deployment | undefined;
  private engineFailure: Error | undefined;

  async *runFile(path: string, file: string, filter: string): AsyncGenerator<TestResult> {
    const mustFail = path.split(sep).some((part) => MUST_FAIL.includes(part));
    let parsed: TestFile;
    let missing: string | undefined;
    try {
      parsed = parseTestFile(readFileSync(path, 'utf8'));
      missing = needsMembers(file) ?? (await unmet(parsed.runOnRequirements, (await this.server()).facts));
    } catch (error) {
      if (file.includes(filter))
        yield judged({ file, test: WHOLE_FILE, outcome: 'failed', reason: said(error) }, mustFail);
      return;
    }
    for (const test of parsed.tests) {
      if (!file.includes(filter) && !test.description.includes(filter)) continue;
      const result = missing === undefined ? await this.runOne(parsed, test) : skipped(missing);
      yield judged({ file, test: test.description, ...result }, mustFail);
    }
  }

  async close(): Promise<void> {
    await this.deployment?.close();
  }

  private async runOne(file: TestFile, test: Test): Promise<Pick<TestResult, 'outcome' | 'reason'>> {
    if (test.skipReason !== undefined) return skipped(`test file: ${test.skipReason}`);
    try {
      const server = await this.server();
      const missing = await unmet(test.runOnRequirements, server.facts);
      if (missing !== undefined) return skipped(missing);
      const late = () => new AssertionFailure(`did not end within ${TEST_MS / 1000} s`);
      await withDeadline(runTest(file, test, server), TEST_MS, late);
      return { outcome: 'passed' };
    } catch (error) {
      if (error instanceof SkipTest) return skipped(error.message);
      // Nothing is known of a server that a test has failed on: the next one gets another.
      await this.discard();
      const cause = this.engineFailure ? ` (${this.engineFailure.message})` : '';
      return { outcome: 'failed', reason: `${said(error)}${cause}` };
    }
  }

  private async server(): Promise<Deployment> {
    this.engineFailure = undefined;
    this.deployment ??= await Deployment.start((error) => {
      this.engineFailure = error;
    });
    return this.deployment;
  }

  private async discard(): Promise<void> {
    const old = this.deployment;
    this.deployment = undefined;
    await old?.close().catch(() => undefined);
  }
}

function skipped(reason: string): Pick<TestResult, 'outcome' | 'reason'> {
  return { outcome: 'skipped', reason };
}

function judged(result: TestResult, mustFail: boolean): TestResult {
  if (!mustFail || result.outcome === 'skipped') return result;
  const { file, test } = result;
  if (result.outcome === 'failed') return { file, test, outcome: 'passed' };
  return { file, test, outcome: 'failed', reason: 'was not refused' };
}

function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof AssertionFailure ? error.message : `${error.name}: ${error.message}`;
}
