import { createServer } from 'pocket-mongo';
import { answerParent } from '../children.js';

/** The embedded database in a process of its own, as several servers share it. */
const database = await createServer({ dir: process.argv[2] ?? '' });

answerParent({
  uri: () => database.uri,
  cpuMicros() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
process.on('SIGTERM', () => void database.close().then(() => process.exit(0)));
