import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, Command } from './processes.js';

/** A server on a disk that can be made full and empty again. */
export interface FullDisk {
  readonly server: Command;
  /** The data folder, as this process reaches it. */
  readonly data: string;
  /** Leaves little more room than the server leaves free. */
  fill(): void;
  free(): void;
}

/** True where a process may have a file system of its own. */
export function canMount(): boolean {
  return spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0;
}

const MIB = 1 << 20;

/** Starts a server on a file system of its own in memory, which only its process sees. */
export async function startOnSmallDisk(dir: string): Promise<FullDisk> {
  const mount = join(dir, 'disk');
  mkdirSync(mount);
  const script = 'mount -t tmpfs -o size=24m tmpfs "$1" && exec "$2" "$3" --dir "$1/data" --socket "$4"';
  const server = new Command('unshare', [
    '-rm',
    'sh',
    '-c',
    script,
    'sh',
    mount,
    process.execPath,
    CLI,
    join(dir, 'a.sock'),
  ]);
  await server.uri();
  // The server's view of the files.
  const seen = `/proc/${server.child.pid}/root${mount}`;
  const ballast = join(seen, 'ballast');
  return {
    server,
    data: join(seen, 'data'),
    fill() {
      const { bavail, bsize } = statfsSync(seen);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize - 8 * MIB));
    },
    free: () => rmSync(ballast),
  };
}
