import { createServer } from 'pocket-mongo';

/** The database inside an application: it looks for what has expired far more often, and makes backups when it is asked. */
const server = await createServer({ dir: process.argv[2] ?? '', sweepIntervalMs: 50 });

process.on('message', ({ backup }: { backup: string }) => {
  server.backup(backup).then(
    () => process.send?.({ done: backup }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.on('disconnect', () => void server.close().finally(() => process.exit(0)));
console.log(server.uri);
