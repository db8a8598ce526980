import { existsSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { check, createServer, restore } from 'pocket-mongo';
import { type Kind, type Process, startBackup } from './server.js';
import { type Complain, DATABASE, type Workload } from './workload.js';

/** A backup that is made while the server is written to, and perhaps killed. */
export class Backup {
  /** It was told that it was done. */
  private claimed = false;
  private readonly command: Process | undefined;
  private readonly before: ReadonlyMap<Workload, number>;

  constructor(
    kind: Kind,
    server: Process,
    dir: string,
    private readonly file: string,
    workloads: readonly Workload[],
  ) {
    this.before = new Map(workloads.map((workload) => [workload, workload.acknowledged?.() ?? 0]));
    if (kind === 'command') this.command = startBackup(dir, file);
    else {
      server.child.once('message', (message: object) => {
        this.claimed = 'done' in message;
      });
      server.child.send({ backup: file });
    }
  }

  /** The server is gone. @returns whether there is a backup, which then must be a whole one */
  async end(killToo: boolean, complain: Complain): Promise<boolean> {
    if (this.command && killToo) await this.command.kill();
    else if (this.command) {
      this.claimed = (await this.command.end()) === 0;
      if (!this.claimed) complain(`the backup failed: ${this.command.printed}`);
    }
    const there = existsSync(this.file);
    if (this.claimed && !there) complain('the backup was said to be done, but it is not there');
    return there;
  }

  /** Restores the backup into a folder, and looks at what is in it. */
  async verify(dir: string, complain: Complain): Promise<void> {
    await restore({ from: this.file, dir });
    const { problems } = await check({ dir });
    for (const { what } of problems) complain(`the check of the restored backup: ${what}`);
    const server = await createServer({ dir });
    const client = new MongoClient(server.uri);
    try {
      for (const [workload, before] of this.before)
        await workload.verifyCopy?.(client.db(DATABASE), before, (what) => complain(`in the backup, ${what}`));
    } finally {
      await client.close();
      await server.close();
    }
  }
}
