import { createServer } from 'pocket-mongo';
import { answerParent } from './children.js';

/** The database as an application has it: in the process's own folder on disk, flushing, over its unix socket. */
const server = await createServer({ dir: process.argv[2] ?? '' });

answerParent(
  {
    uri: () => server.uri,
    cpuMicros() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  },
  () => server.close(),
);
