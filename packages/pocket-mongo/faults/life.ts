import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from 'pocket-mongo';
import { Backup } from './backup.js';
import { type Dice, dice } from './dice.js';
import { Load } from './load.js';
import { type Kind, type Process, startServer, uriOf } from './server.js';
import type { Complain, Workload } from './workload.js';
import { Bank } from './workloads/bank.js';
import { Definitions } from './workloads/definitions.js';
import { Documents } from './workloads/documents.js';
import { Forgetful } from './workloads/forgetful.js';
import { Groups } from './workloads/groups.js';
import { Journal } from './workloads/journal.js';
import { Lists } from './workloads/lists.js';
import { Retries } from './workloads/retries.js';
import { Slots } from './workloads/slots.js';

/** What a round came to. */
export interface Round {
  readonly problems: readonly string[];
  readonly kills: number;
  /** Writes. */
  readonly acknowledged: number;
  /** A backup was under way when the kill came, and whether it had become whole. */
  readonly backup: 'none' | 'whole' | 'not made';
}

/** Longer than a transaction lives whose client lost its connection, for which others wait: after that they never will. */
const PATIENCE_MS = 120_000;

/** One data folder, whose server is killed round after round under the same clients. */
export class Life {
  private backups = 0;

  private constructor(
    /** Where everything of it is. */
    readonly folder: string,
    private readonly kind: Kind,
    private server: Process,
    private readonly load: Load,
    private readonly workloads: readonly Workload[],
  ) {}

  static async begin(seed: number): Promise<Life> {
    const kind = dice(seed)(2) === 0 ? 'command' : 'embedded';
    const folder = mkdtempSync(join(tmpdir(), 'pocket-faults-'));
    const server = startServer(kind, join(folder, 'data'));
    const workloads = [
      new Documents(),
      new Journal(),
      new Bank(),
      new Lists(),
      new Retries(),
      new Slots(),
      new Groups(),
      new Definitions(),
      new Forgetful(),
    ];
    const load = new Load(await uriOf(server), workloads);
    for (const workload of workloads) await workload.setUp(load.db);
    return new Life(folder, kind, server, load, workloads);
  }

  private get dir(): string {
    return join(this.folder, 'data');
  }

  /** Load, kill, restart, and a look at everything. */
  async round(seed: number): Promise<Round> {
    const roll = dice(seed);
    const problems: string[] = [];
    const complain: Complain = (what) => problems.push(what);
    const before = this.load.acknowledged;
    const writing = this.load.run(seed, complain);
    await this.load.reaches(before + roll(500));
    await sleep(roll(10));
    const backup = roll(3) === 0 ? this.startBackup() : undefined;
    if (backup) await sleep(roll(this.kind === 'command' ? 800 : 120));
    this.load.stop();
    await this.server.kill();
    const made = (await backup?.end(roll(2) === 0, complain)) ?? false;
    const kills = 1 + (await this.restart(roll, complain));
    await settled(writing, complain);
    for (const workload of this.workloads)
      await workload.verify(this.load.db, (what) => complain(`${workload.name}: ${what}`));
    if (backup && made) await backup.verify(join(this.folder, `restored-${this.backups}`), complain);
    const acknowledged = this.load.acknowledged - before;
    return { problems, kills, acknowledged, backup: backup ? (made ? 'whole' : 'not made') : 'none' };
  }

  private startBackup(): Backup {
    const file = join(this.folder, `backup-${++this.backups}`);
    return new Backup(this.kind, this.server, this.dir, file, this.workloads);
  }

  /** Some servers are killed while they start; some are checked before, others while they start and run. */
  private async restart(roll: Dice, complain: Complain): Promise<number> {
    let kills = 0;
    while (roll(5) === 0) {
      const early = startServer(this.kind, this.dir);
      await sleep(roll(400));
      await early.kill();
      kills++;
    }
    const checking = this.check(complain);
    if (roll(2) === 0) await checking;
    this.server = startServer(this.kind, this.dir);
    await uriOf(this.server);
    await checking;
    return kills;
  }

  private async check(complain: Complain): Promise<void> {
    const { problems } = await check({ dir: this.dir });
    for (const { kind, ns, index, what } of problems)
      complain(`check: ${[kind, ns, index, what].filter(Boolean).join(': ')}`);
  }

  /** Ends the server; the folder goes too, unless somebody should look at it. */
  async end(keep: boolean): Promise<void> {
    await this.load.close();
    await this.server.kill();
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}

async function settled(writing: Promise<unknown>, complain: Complain): Promise<void> {
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, true, { signal: patience.signal }).catch(() => false);
  if ((await Promise.race([writing.then(() => false), late])) === true)
    complain(`clients wait for an answer ${PATIENCE_MS / 1000} s after the restart`);
  patience.abort();
}
